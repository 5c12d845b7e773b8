package authz

import (
	"crossgrant/internal/acl"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// AnonymousCanonicalID is the canonical user ID that owns what an anonymous caller wrote. It has 32
// digits, unlike any account's.
//
// Source: observed on AWS, https://github.com/aws/aws-cli/issues/2967
const AnonymousCanonicalID ids.CanonicalUserID = "65a011a29cdf8ec533ec3d1ccaae921c"

// Decide reports whether in.Request is allowed, and which statement, grant or setting decided it.
//
// It is total: a document that could not be read counts as an explicit deny of everything. Every
// layer that applies is consulted, also when an earlier one has already decided, so that Findings is
// complete.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-auth-workflow-object-operation.html
func Decide(in *Input) Decision {
	e := evaluation{in: in, caller: in.Request.Principal}
	e.consult()
	by := e.deny()
	if by == nil {
		by = e.rails()
	}
	if by == nil {
		by = e.payer()
	}
	if by == nil {
		by = e.grants()
	}
	return Decision{Effect: by.Effect, By: *by, Findings: e.findings}
}

// evaluation is one run of Decide: the input and what each layer said.
type evaluation struct {
	in     *Input
	caller *policy.Principal

	findings []Finding

	identity, boundary, session *Finding // nil: does not apply
	resource                    *Finding // nil: there is no resource policy
	acl                         *Finding // nil: no ACL is evaluated
	rcps, scps                  []Finding
	// voided says that RestrictPublicBuckets took away an Allow of the bucket policy.
	voided bool
}

// consult asks every layer that applies to this caller and this resource.
func (e *evaluation) consult() {
	in, r := e.in, &e.in.Request
	for _, level := range in.RCPs {
		e.rcps = append(e.rcps, consult(RCP, level, r))
	}
	if e.caller.Account != "" {
		for _, level := range in.SCPs {
			e.scps = append(e.scps, consult(SCP, level, r))
		}
	}
	if in.Resource != nil {
		e.resource = e.consultResource()
	}
	if in.S3 != nil && !in.S3.Enforced && in.S3.NewOwner == "" {
		e.acl = e.consultACL()
	}
	if e.caller.IsIAM() {
		e.identity = ref(consult(IdentityPolicy, in.Identity, r))
		if in.Boundary != nil {
			e.boundary = ref(consult(PermissionsBoundary, *in.Boundary, r))
		}
		if in.Session != nil {
			e.session = ref(consult(SessionPolicy, *in.Session, r))
		} else if e.caller.Kind == policy.FederatedUser {
			// Without a session policy a federated user has nothing from the identity side:
			// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html
			e.session = ref(silent(SessionPolicy))
		}
	}
	e.findings = append(append(e.findings, e.rcps...), e.scps...)
	for _, f := range []*Finding{e.resource, e.acl, e.identity, e.boundary, e.session} {
		if f != nil {
			e.findings = append(e.findings, *f)
		}
	}
}

// consultResource asks the resource policy, under the rule of RestrictPublicBuckets: a policy that
// is public grants nothing to anonymous callers and other accounts.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func (e *evaluation) consultResource() *Finding {
	in := e.in
	kind := ResourcePolicy
	if in.MustTrust {
		kind = TrustPolicy
	}
	f := consult(kind, Layer{*in.Resource}, &in.Request)
	if f.Effect == ExplicitDeny && e.ownerRootRepairsPolicy() {
		return ref(silent(kind))
	}
	restricted := in.S3 != nil && in.S3.Block.RestrictPublicBuckets &&
		e.caller.Kind != policy.Service && e.caller.Account != in.Owner
	if f.Effect == Allow && restricted && in.Resource.Document.IsPublic() {
		e.voided = true
		return ref(silent(kind))
	}
	return &f
}

// ownerRootRepairsPolicy reports whether the caller is the root user of the bucket's owner on one of
// the three calls that no bucket policy can take from it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
func (e *evaluation) ownerRootRepairsPolicy() bool {
	if e.in.S3 == nil || e.caller.Kind != policy.Root || e.caller.Account != e.in.Owner {
		return false
	}
	switch e.in.Request.Action {
	case "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy":
		return true
	}
	return false
}

// deny returns the explicit deny that ends the matter, or nil. Only one is named even if several
// apply; AWS does not say which, so it is the first in the order of section 7.1 of the S3 reference:
// the owner's side, then the caller's.
func (e *evaluation) deny() *Finding {
	for _, level := range [][]Finding{e.rcps, e.scps} {
		for i := range level {
			if level[i].Effect == ExplicitDeny {
				return &level[i]
			}
		}
	}
	for _, f := range []*Finding{e.resource, e.identity, e.boundary, e.session} {
		if f != nil && f.Effect == ExplicitDeny {
			return f
		}
	}
	return nil
}

// rails returns the finding of the first level of an organization that allows nothing that matches,
// or nil if every level allows.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
func (e *evaluation) rails() *Finding {
	for _, levels := range [][]Finding{e.rcps, e.scps} {
		for i := range levels {
			if levels[i].Effect != Allow {
				return &levels[i]
			}
		}
	}
	return nil
}

// payer returns the finding that refuses a caller of another account who does not declare that it pays
// for the request, or nil. Who has no account cannot pay.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html
func (e *evaluation) payer() *Finding {
	s := e.in.S3
	if s == nil || !s.RequesterPays || e.caller.Account == e.in.Owner {
		return nil
	}
	if e.caller.Account != "" && s.AcceptsCharge {
		return nil
	}
	return &Finding{Layer: RequesterPays, Effect: ImplicitDeny, Source: "RequestPayer", Statement: -1}
}

// grants decides between the resource's side and the caller's side once nothing denies.
func (e *evaluation) grants() *Finding {
	switch {
	case e.in.S3 != nil && e.in.S3.NewOwner != "":
		return e.impliedACL()
	case e.caller.Account == "":
		return e.outsider()
	case e.callerIsAuthority():
		return e.sameAccount()
	default:
		return e.crossAccount()
	}
}

// outsider decides for a caller without an account: only a grant to everyone, or to this service,
// lets it in.
func (e *evaluation) outsider() *Finding {
	if g := e.resourceSide(); g != nil && g.Grant == policy.Direct {
		return g
	}
	return e.silentResource()
}

// sameAccount decides for a caller of the account that has authority over the resource: either side
// suffices, but a grant to the account as a whole leaves the decision to its identity policies.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (e *evaluation) sameAccount() *Finding {
	grant := e.resourceSide()
	if e.in.MustTrust && grant == nil {
		return ref(silent(TrustPolicy))
	}
	missing, allowed := e.callerSide()
	switch {
	case missing == nil:
		return allowed
	case grant == nil:
		return missing
	case grant.Grant == policy.Direct:
		return grant
	case grant.Grant == policy.Role:
		if limit := e.limits(); limit != nil {
			return limit
		}
		return grant
	default:
		return missing
	}
}

// crossAccount decides for a caller of another account than the one with authority: the resource's
// side must grant and the caller's own account must allow.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
func (e *evaluation) crossAccount() *Finding {
	grant := e.resourceSide()
	if grant == nil {
		return e.silentResource()
	}
	missing, _ := e.callerSide()
	if missing == nil {
		return grant
	}
	// A principal of the bucket's owner that reads another account's object: the owner's bucket
	// policy counts in the user context, in place of an identity policy, while the object's ACL
	// opens the object context:
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example3.html
	if e.in.S3 != nil && e.caller.Account == e.in.Owner && e.resource != nil && e.resource.Effect == Allow {
		switch e.resource.Grant {
		case policy.Direct:
			return grant
		case policy.Role:
			if limit := e.limits(); limit != nil {
				return limit
			}
			return grant
		}
	}
	return missing
}

// impliedACL decides s3:PutObjectAcl where an ACL on a write implies it. The account that will own
// the object has to allow it; the bucket's owner need not grant it and may only deny it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html#example-bucket-policies-acl-2
// and section 6.4 of the S3 reference. Where the bucket's owner becomes the object's owner although
// another account writes, sources are silent; the same rule is applied (question 3 of section 11).
func (e *evaluation) impliedACL() *Finding {
	if e.caller.Account == "" {
		return &Finding{Layer: RequestItself, Effect: Allow, Source: "the writer owns the object", Statement: -1}
	}
	if e.caller.Account == e.in.Owner {
		return e.sameAccount()
	}
	missing, allowed := e.callerSide()
	if missing != nil {
		return missing
	}
	return allowed
}

// callerSide returns the finding that is missing for the caller's own account to allow the request,
// or nil and the finding that allows it.
func (e *evaluation) callerSide() (missing, allowed *Finding) {
	if e.caller.Kind == policy.Root {
		return nil, &Finding{Layer: RootUser, Effect: Allow, Statement: -1}
	}
	if e.identity == nil {
		return ref(silent(IdentityPolicy)), nil
	}
	if e.identity.Effect != Allow {
		return e.identity, nil
	}
	if limit := e.limits(); limit != nil {
		return limit, nil
	}
	return nil, e.identity
}

// limits returns the boundary or session policy that does not allow the request, or nil.
func (e *evaluation) limits() *Finding {
	for _, f := range []*Finding{e.boundary, e.session} {
		if f != nil && f.Effect != Allow {
			return f
		}
	}
	return nil
}

// resourceSide returns the strongest grant of the authority's side, or nil. On an object of another
// account than the bucket's owner, the bucket policy cannot grant.
func (e *evaluation) resourceSide() *Finding {
	var best *Finding
	if e.resource != nil && e.resource.Effect == Allow && (e.in.S3 == nil || e.authority() == e.in.S3.OwnerCanonicalID) {
		best = e.resource
	}
	if e.acl != nil && e.acl.Effect == Allow && (best == nil || e.acl.Grant > best.Grant) {
		best = e.acl
	}
	return best
}

// silentResource is the finding for a resource side that grants nothing.
func (e *evaluation) silentResource() *Finding {
	switch {
	case e.voided:
		return &Finding{Layer: ResourcePolicy, Effect: ExplicitDeny, Source: "RestrictPublicBuckets", Statement: -1}
	case e.in.MustTrust:
		return ref(silent(TrustPolicy))
	default:
		return ref(silent(ResourcePolicy))
	}
}

// callerIsAuthority reports whether the caller belongs to the account that has authority over what
// the action addresses.
func (e *evaluation) callerIsAuthority() bool {
	if e.in.S3 == nil {
		return e.caller.Account == e.in.Owner
	}
	return e.caller.CanonicalID == e.authority()
}

// authority returns the canonical user ID of the account that has authority over what an S3 action
// addresses: the object's owner for reading an object and for its ACL, else the bucket's owner.
func (e *evaluation) authority() ids.CanonicalUserID {
	s := e.in.S3
	if s.Object != nil && !s.Enforced && objectAuthority[e.in.Request.Action] {
		return s.Object.Owner
	}
	return s.OwnerCanonicalID
}

// objectAuthority has the actions over which an object's owner has authority. Tags, retention and
// legal hold belong to the bucket's owner (section 1.4 of the S3 reference; retention and legal hold
// by decision, question 6 of its section 11).
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-auth-workflow-object-operation.html
var objectAuthority = map[string]bool{
	"s3:GetObject":                  true,
	"s3:GetObjectVersion":           true,
	"s3:GetObjectAttributes":        true,
	"s3:GetObjectVersionAttributes": true,
	"s3:GetObjectAcl":               true,
	"s3:GetObjectVersionAcl":        true,
	"s3:PutObjectAcl":               true,
	"s3:PutObjectVersionAcl":        true,
}

// consult asks one layer: any deny in it denies, else its strongest allow allows.
func consult(kind LayerKind, layer Layer, r *policy.Request) Finding {
	best := silent(kind)
	for i := range layer {
		s := &layer[i]
		if s.Document == nil {
			return Finding{Layer: kind, Effect: ExplicitDeny, Source: s.Name, Statement: -1}
		}
		allow, deny := s.Document.Evaluate(r)
		if deny != nil {
			return Finding{Layer: kind, Effect: ExplicitDeny, Source: s.Name, Statement: deny.Index, Sid: deny.Sid}
		}
		if allow != nil && (best.Effect != Allow || allow.Grant > best.Grant) {
			best = Finding{Layer: kind, Effect: Allow, Source: s.Name, Statement: allow.Index, Sid: allow.Sid, Grant: allow.Grant}
		}
	}
	return best
}

// consultACL asks the ACL that the action is judged by.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions
func (e *evaluation) consultACL() *Finding {
	s, action := e.in.S3, e.in.Request.Action
	list, kind := s.BucketACL, BucketACL
	onBucket := true
	if objectAuthority[action] {
		if s.Object == nil {
			return nil
		}
		list, kind, onBucket = s.Object.ACL, ObjectACL, false
	}
	if s.Block.IgnorePublicAcls {
		list = list.IgnorePublic()
	}
	f := silent(kind)
	if m := list.Evaluate(acl.Request{
		Action:      action,
		OnBucket:    onBucket,
		Caller:      e.caller.CanonicalID,
		LogDelivery: e.caller.Kind == policy.Service && e.caller.ARN == logDelivery,
		Existing:    e.existing(),
	}); m != nil {
		f.Effect, f.Source, f.Grant = Allow, describe(m.Grant), policy.Account
		if m.Strength == acl.Direct {
			f.Grant = policy.Direct
		}
	}
	return &f
}

// describe names an ACL grant for a finding, such as "WRITE to CanonicalUser 5df5…".
func describe(g acl.Grant) string {
	if g.Grantee.Group != "" {
		return string(g.Permission) + " to Group " + string(g.Grantee.Group)
	}
	return string(g.Permission) + " to CanonicalUser " + string(g.Grantee.ID)
}

// logDelivery is the service principal that writes server access logs; it is the one member of the
// LogDelivery group.
const logDelivery = "logging.s3.amazonaws.com"

// existing tells whose object the request would replace or remove. What an anonymous caller wrote
// belongs to every anonymous caller.
func (e *evaluation) existing() acl.Existing {
	id := e.caller.CanonicalID
	if e.caller.Kind == policy.Anonymous {
		id = AnonymousCanonicalID
	}
	switch {
	case e.in.S3.Object == nil:
		return acl.NoObject
	case e.in.S3.Object.Owner == id:
		return acl.OwnObject
	default:
		return acl.ForeignObject
	}
}

func silent(kind LayerKind) Finding {
	return Finding{Layer: kind, Effect: ImplicitDeny, Statement: -1}
}

func ref(f Finding) *Finding { return &f }
