// Package external finds who outside a zone of trust may use a resource, as far as the resource's own side says: its
// policy, a bucket's ACL and settings, and resource control policies. What the other side allows does not matter.
//
// Whether access is there is decided by authz.Decide alone. It is asked about witnesses: callers outside of the zone
// whose own policies allow everything, for each action and each combination of conditions that the policies can tell
// apart (package space). So a Deny that takes all of an Allow away leaves nothing, and one that takes a part away
// leaves the rest. Where it cannot be found out whether a condition can be met, it counts as one that can: rather a
// finding too many.
//
// Services of AWS are never reported, as on AWS.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-concepts.html
package external

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/policy/space"
)

// The types of resource.
const (
	Bucket = "AWS::S3::Bucket"
	Role   = "AWS::IAM::Role"
)

// The sources of access.
const (
	FromPolicy = "POLICY"
	FromACL    = "BUCKET_ACL"
)

// What resource control policies have to do with a finding.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ExternalAccessDetails.html
const (
	NotApplicable = "NOT_APPLICABLE"
	Applied       = "APPLIED"
	FailedRCP     = "FAILED_TO_EVALUATE_RCP"
)

// ErrUnreadable says that the policy of a resource cannot be read.
var ErrUnreadable = errors.New("external: unreadable policy")

// Resource is a resource with all that its side says.
type Resource struct {
	ARN, Type string
	Owner     ids.AccountID
	// Policy is the resource's policy; nil: none. Users and roles are named by their ARNs in it, and by their unique IDs
	// only those that are gone.
	Policy *authz.Source
	S3     *authz.S3 // of a bucket
	RCPs   []authz.Layer
	// Managed reports whether a resource control policy is one of AWS's own, which denies nothing.
	Managed func(*authz.Source) bool
}

// Zone is the zone of trust.
type Zone struct {
	// Trusts reports whether an account is in it, and Canonical the same by canonical user ID.
	Trusts    func(ids.AccountID) bool
	Canonical func(ids.CanonicalUserID) bool
	// Organization is that whose accounts are all in it; empty if it is a single account.
	Organization ids.OrganizationID
}

// Access is what somebody outside of the zone may do.
type Access struct {
	Kind      policy.PrincipalKind
	Principal string
	Actions   []string // sorted
	// Condition has the condition keys that external callers do not choose, with what the policy asks of them.
	Condition   map[string]string
	Public      bool
	Sources     []string // sorted
	Restriction string
}

// Find returns the external access to a resource, in the order of what it says. The error is space.ErrTooLarge or
// ErrUnreadable.
func Find(r *Resource, z *Zone) ([]Access, error) {
	f := &finder{resource: r, zone: z, found: map[string]*Access{}}
	if err := f.policy(); err != nil {
		return nil, err
	}
	if err := f.acl(); err != nil {
		return nil, err
	}
	restriction := f.restriction()
	var all []Access
	for _, id := range slices.Sorted(maps.Keys(f.found)) {
		a := f.found[id]
		slices.Sort(a.Actions)
		a.Actions = slices.Compact(a.Actions)
		slices.Sort(a.Sources)
		a.Sources, a.Restriction = slices.Compact(a.Sources), restriction
		all = append(all, *a)
	}
	return all, nil
}

// finder is one run of Find.
type finder struct {
	resource *Resource
	zone     *Zone
	found    map[string]*Access // by principal and condition
}

// add notes that a principal may use an action.
func (f *finder) add(kind policy.PrincipalKind, principal, action, source string, condition map[string]string, public bool) {
	id := string(kind) + "\x00" + principal
	for _, key := range slices.Sorted(maps.Keys(condition)) {
		id += "\x00" + key + "\x00" + condition[key]
	}
	a := f.found[id]
	if a == nil {
		a = &Access{Kind: kind, Principal: principal, Condition: condition}
		f.found[id] = a
	}
	a.Actions, a.Sources = append(a.Actions, action), append(a.Sources, source)
	a.Public = a.Public || public
}

// restriction tells what resource control policies have to do with the findings.
func (f *finder) restriction() string {
	for _, layer := range f.resource.RCPs {
		for i := range layer {
			if layer[i].Document == nil {
				return FailedRCP
			}
			if f.resource.Managed == nil || !f.resource.Managed(&layer[i]) {
				return Applied
			}
		}
	}
	return NotApplicable
}

// decide asks about a witness, whose own side allows everything.
func (f *finder) decide(r policy.Request, source *authz.Source, rcps []authz.Layer) authz.Decision {
	witness := *r.Principal
	if witness.Account != "" && witness.CanonicalID == "" {
		witness.CanonicalID = witnessCanonical
	}
	r.Principal = &witness
	in := authz.Input{
		Request: r, Owner: f.resource.Owner, Resource: source, MustTrust: f.resource.Type == Role, RCPs: rcps,
	}
	if r.Principal.IsIAM() {
		in.Identity = everything
	}
	if f.resource.S3 != nil {
		s3 := *f.resource.S3
		s3.AcceptsCharge = true
		in.S3 = &s3
	}
	return authz.Decide(&in)
}

// witnessCanonical is a canonical user ID that no account has.
const witnessCanonical = "witness"

// everything is the identity policy of a witness.
var everything = func() authz.Layer {
	d, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	if err != nil {
		panic(err)
	}
	return authz.Layer{{Name: "witness", Document: d}}
}()

// outside reports whether a caller is outside of the zone and reported.
func (f *finder) outside(c *space.Caller) bool {
	switch {
	case c.Kind == policy.Service, c.Account != "" && f.zone.Trusts(c.Account):
		return false
	case c.CanonicalID != "" && f.zone.Canonical(c.CanonicalID):
		return false
	default:
		return true
	}
}

// actions are what may be asked for a resource: of S3 those on buckets and objects, of STS those on roles.
func (f *finder) actions() (actions []string) {
	if f.resource.Type == Role {
		return []string{"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity", "sts:TagSession"}
	}
	for _, name := range policy.ActionsOf("s3") {
		info, ok := policy.S3Action("s3:" + name)
		if ok && info.Name != "s3:CreateBucket" && (info.Resource == policy.OnBucket || info.Resource == policy.OnObject) {
			actions = append(actions, info.Name)
		}
	}
	return actions
}

// fits reports whether an action is one on the resource: on the bucket, or on an object in it.
func fits(action, resource string) bool {
	info, s3 := policy.S3Action(action)
	return !s3 || (info.Resource == policy.OnObject) == strings.Contains(resource, "/")
}

// resources are the patterns of what may be asked for.
func (f *finder) resources() []string {
	if f.resource.Type == Role {
		return []string{f.resource.ARN}
	}
	return []string{f.resource.ARN, f.resource.ARN + "/?*"}
}
