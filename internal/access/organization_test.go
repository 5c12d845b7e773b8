package access

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

const (
	managementID ids.AccountID      = "999999999999"
	orgID        ids.OrganizationID = "o-exampleorgid"
	rootID                          = "r-ab12"
	unitID                          = "ou-ab12-abcdefgh"

	denyPut = `{"Version":"2012-10-17","Statement":{"Sid":"NoPut","Effect":"Deny","Action":"s3:PutObject","Resource":"*"}}`
	// denyOutside is a resource control policy that keeps everybody out who is not of the organization.
	denyOutside = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*",
		"Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}}}`
)

// tree is an organization: management and the fixture's account, which is in the unit below the root.
type tree struct {
	*fixture
	root, unit         *records.OrganizationNode
	member, management *records.Membership
}

func newTree(t *testing.T) *tree {
	t.Helper()
	full, rcp := []string{managed.FullAWSAccess}, []string{managed.RCPFullAWSAccess}
	node := func(id, parent string) *records.OrganizationNode {
		return &records.OrganizationNode{Id: id, Parent: parent, Scps: slices.Clone(full), Rcps: slices.Clone(rcp)}
	}
	member := func(account ids.AccountID, parent string) *records.Membership {
		return &records.Membership{Account: string(account), Organization: string(orgID), Parent: parent, Scps: slices.Clone(full), Rcps: slices.Clone(rcp)}
	}
	f := &tree{
		fixture: newFixture(t), root: node(rootID, ""), unit: node(unitID, rootID),
		member: member(accountID, unitID), management: member(managementID, rootID),
	}
	f.root.PolicyTypes = []string{managed.SCP, managed.RCP}
	f.put(keys.Organization(orgID), &records.Organization{Id: string(orgID), ManagementAccount: string(managementID), Root: rootID})
	f.put(keys.OrganizationPolicy(orgID, "p-denyput"), &records.OrganizationPolicy{Id: "p-denyput", Type: managed.SCP, Content: denyPut})
	f.put(keys.OrganizationPolicy(orgID, "p-outside"), &records.OrganizationPolicy{Id: "p-outside", Type: managed.RCP, Content: denyOutside})
	f.put(keys.Account(managementID), &records.Account{Id: string(managementID), CanonicalId: "99"})
	f.save()
	return f
}

// save stores the nodes as they are now.
func (f *tree) save() {
	f.Helper()
	f.put(keys.OrganizationNode(orgID, rootID), f.root)
	f.put(keys.OrganizationNode(orgID, unitID), f.unit)
	f.put(keys.Membership(accountID), f.member)
	f.put(keys.Membership(managementID), f.management)
}

// decidedBy holds what decides on ann's upload.
func (f *tree) decidedBy(layer authz.LayerKind, effect authz.Effect, source string) {
	f.Helper()
	d, err := f.ask()
	if err != nil {
		f.Fatal(err)
	}
	if d.By.Layer != layer || d.By.Effect != effect || source != "" && d.By.Source() != source {
		f.Errorf("decided by %+v, want %v of %v, %s", d.By, effect, layer, source)
	}
}

// TestServiceControlPolicies attaches and detaches at every level, with the next request seeing it.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
func TestServiceControlPolicies(t *testing.T) {
	t.Parallel()
	f := newTree(t)
	const denied = "arn:aws:organizations::999999999999:policy/o-exampleorgid/service_control_policy/p-denyput"
	f.mustAllow(true)
	for _, level := range []*[]string{&f.root.Scps, &f.unit.Scps, &f.member.Scps} {
		*level = []string{managed.FullAWSAccess, "p-denyput"}
		f.save()
		f.decidedBy(authz.SCP, authz.ExplicitDeny, denied)
		*level = nil
		f.save()
		f.decidedBy(authz.SCP, authz.ImplicitDeny, "")
		*level = []string{managed.FullAWSAccess, "p-gone"}
		f.save()
		f.decidedBy(authz.SCP, authz.ExplicitDeny, strings.Replace(denied, "p-denyput", "p-gone", 1))
		*level = []string{managed.FullAWSAccess, "p-outside"} // of the other type
		f.save()
		f.decidedBy(authz.SCP, authz.ExplicitDeny, "")
		*level = []string{managed.FullAWSAccess}
		f.save()
		f.mustAllow(true)
	}
	f.unit.Scps = []string{managed.FullAWSAccess, "p-denyput"}
	f.save()
	f.mustAllow(false)

	// The text of the policy changes where it is attached.
	f.put(keys.OrganizationPolicy(orgID, "p-denyput"), &records.OrganizationPolicy{
		Id: "p-denyput", Type: managed.SCP, Content: strings.Replace(denyPut, "s3:PutObject", "s3:GetObject", 1),
	})
	f.mustAllow(true)
	f.put(keys.OrganizationPolicy(orgID, "p-denyput"), &records.OrganizationPolicy{Id: "p-denyput", Type: managed.SCP, Content: "{"})
	f.mustAllow(false)
	f.put(keys.OrganizationPolicy(orgID, "p-denyput"), &records.OrganizationPolicy{Id: "p-denyput", Type: managed.SCP, Content: denyPut})
	f.mustAllow(false)

	// The account moves out of the unit, and back.
	f.member.Parent = rootID
	f.save()
	f.mustAllow(true)
	f.member.Parent = unitID
	f.save()
	f.mustAllow(false)

	// The type is disabled.
	f.root.PolicyTypes = []string{managed.RCP}
	f.save()
	f.mustAllow(true)
	f.root.PolicyTypes = []string{managed.SCP}
	f.save()
	f.mustAllow(false)

	// The account is the management account, to which none applies, or leaves.
	f.put(keys.Organization(orgID), &records.Organization{Id: string(orgID), ManagementAccount: string(accountID), Root: rootID})
	f.mustAllow(true)
	f.put(keys.Organization(orgID), &records.Organization{Id: string(orgID), ManagementAccount: string(managementID), Root: rootID})
	f.mustAllow(false)
	if err := f.store.Update(f.Context(), func(tx meta.Tx) error { return tx.Delete(keys.Membership(accountID)) }); err != nil {
		t.Fatal(err)
	}
	f.mustAllow(true)
}

// asRoot asks as the root user of an account, on the fixture's bucket.
func (f *tree) asRoot(account ids.AccountID, keep ...*policy.Context) authz.Explanation {
	f.Helper()
	acct, err := f.access.account(f.Context(), account, nil)
	if err != nil {
		f.Fatal(err)
	}
	return f.as(f.caller(root(acct)), keep...)
}

// caller returns a caller without policies.
func (f *tree) caller(p policy.Principal) *Caller {
	f.Helper()
	m, err := f.access.member(f.Context(), p.Account, nil)
	if err != nil {
		f.Fatal(err)
	}
	c := &Caller{Principal: p, member: m}
	c.keys = callerKeys(c, nil)
	return c
}

// as asks as a caller.
func (f *tree) as(c *Caller, keep ...*policy.Context) authz.Explanation {
	f.Helper()
	bucket, err := f.access.Bucket(f.Context(), "b")
	if err != nil {
		f.Fatal(err)
	}
	check := &Check{Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k", Bucket: bucket}
	if len(keep) > 0 {
		check.Keys = func(k *policy.Context) { *keep[0] = *k }
	}
	request := c.Context()
	d, err := f.access.Authorize(f.Context(), c, check, &request)
	if err != nil {
		f.Fatal(err)
	}
	return d
}

// TestWhoIsBound holds which callers service and resource control policies bind.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html and
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
func TestWhoIsBound(t *testing.T) {
	t.Parallel()
	f := newTree(t)
	f.put(keys.Bucket("b"), &records.Bucket{
		Name: "b", Id: make([]byte, 8), Account: string(accountID), CanonicalId: "aa",
		Policy: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}}`,
	})
	f.put(keys.Account("333333333333"), &records.Account{Id: "333333333333", CanonicalId: "33"})
	linked := policy.Principal{
		Kind: policy.RoleSession, Account: accountID, CanonicalID: "aa", ARN: "arn:aws:sts::111111111111:assumed-role/R/s",
		EntityARN: "arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/R",
	}
	callers := map[string]func() authz.Explanation{
		"root":           func() authz.Explanation { return f.asRoot(accountID) },
		"management":     func() authz.Explanation { return f.asRoot(managementID) },
		"outsider":       func() authz.Explanation { return f.asRoot("333333333333") },
		"anonymous":      func() authz.Explanation { return f.as(Anonymous()) },
		"service-linked": func() authz.Explanation { return f.as(f.caller(linked)) },
	}
	check := func(what string, denied ...string) {
		t.Helper()
		for name, decide := range callers {
			d := decide()
			if want := !slices.Contains(denied, name); d.Allowed() != want {
				t.Errorf("%s: %s allowed = %v, want %v; decided by %+v", what, name, d.Allowed(), want, d.By)
			}
		}
	}
	check("nothing attached")
	f.root.Scps = append(f.root.Scps, "p-denyput")
	f.save()
	check("service control policy at the root", "root")
	f.root.Scps = f.root.Scps[:1]
	f.root.Rcps = append(f.root.Rcps, "p-outside")
	f.save()
	check("resource control policy at the root", "outsider", "anonymous")

	// Resource control policies do not bear on resources of the management account.
	f.put(keys.Organization(orgID), &records.Organization{Id: string(orgID), ManagementAccount: string(accountID), Root: rootID})
	check("resource of the management account")
	f.put(keys.Organization(orgID), &records.Organization{Id: string(orgID), ManagementAccount: string(managementID), Root: rootID})
	f.root.PolicyTypes = []string{managed.SCP}
	f.save()
	check("resource control policies disabled")
}

// TestCoveredByRCPs holds on which checks resource control policies bear.
func TestCoveredByRCPs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		action, resource string
		want             bool
	}{
		{"s3:GetObject", "arn:aws:s3:::b/k", true},
		{"s3:ListAllMyBuckets", "arn:aws:s3:::*", false},
		{"s3:CreateBucket", "arn:aws:s3:::b", true},
		{"sts:AssumeRole", "arn:aws:iam::111111111111:role/R", true},
		{"sts:AssumeRole", "arn:aws:iam::111111111111:role/aws-service-role/x/R", false},
		{"iam:GetUser", "arn:aws:iam::111111111111:user/ann", false},
		{"organizations:ListRoots", "*", false},
	} {
		if got := coveredByRCPs(&Check{Action: c.action, Resource: c.resource}); got != c.want {
			t.Errorf("%s on %s: %v, want %v", c.action, c.resource, got, c.want)
		}
	}
}

// TestServiceLinked holds that no path of a customer's making passes for that of a service-linked role.
func TestServiceLinked(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/R":     true,
		"arn:aws:iam::111111111111:role/R":                                      false,
		"arn:aws:iam::111111111111:role/x/aws-service-role/R":                   false,
		"arn:aws:iam::111111111111:role/x:role/aws-service-role/R":              false,
		"arn:aws:iam::111111111111:user/x:role/aws-service-role/x/ann":          false,
		"arn:aws:sts::111111111111:assumed-role/R/:role/aws-service-role/x":     false,
		"arn:aws:organizations::111111111111:role/aws-service-role/something/R": false,
		"": false,
	} {
		if got := serviceLinked(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestOrganizationKeys holds the condition keys of organizations, and that they are absent where there
// is none.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func TestOrganizationKeys(t *testing.T) {
	t.Parallel()
	f := newTree(t)
	f.put(keys.Account("333333333333"), &records.Account{Id: "333333333333", CanonicalId: "33"})
	const memberPath, rootPath = "o-exampleorgid/r-ab12/ou-ab12-abcdefgh/", "o-exampleorgid/r-ab12/"
	for name, c := range map[string]struct {
		keys func(k *policy.Context)
		org  string
		path string
	}{
		"member":     {func(k *policy.Context) { f.asRoot(accountID, k) }, string(orgID), memberPath},
		"management": {func(k *policy.Context) { f.asRoot(managementID, k) }, string(orgID), rootPath},
		"outsider":   {func(k *policy.Context) { f.asRoot("333333333333", k) }, "", ""},
		"anonymous":  {func(k *policy.Context) { f.as(Anonymous(), k) }, "", ""},
	} {
		var k policy.Context
		c.keys(&k)
		for key, want := range map[string]string{
			"aws:PrincipalOrgID": c.org, "aws:PrincipalOrgPaths": c.path,
			"aws:ResourceOrgID": string(orgID), "aws:ResourceOrgPaths": memberPath,
		} {
			values, multi, ok := k.Lookup(key)
			if got := strings.Join(values, " "); got != want || ok != (want != "") || ok && multi != strings.HasSuffix(key, "Paths") {
				t.Errorf("%s: %s is %q (%v, %v), want %q", name, key, got, multi, ok, want)
			}
		}
	}
}

// TestDeniedInOneOrganization holds who is told why by S3.
func TestDeniedInOneOrganization(t *testing.T) {
	t.Parallel()
	f := newTree(t)
	bucket, err := f.access.Bucket(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	f.put(keys.Account("333333333333"), &records.Account{Id: "333333333333", CanonicalId: "33"})
	for account, want := range map[ids.AccountID]string{
		managementID:   `User: arn:aws:iam::999999999999:root is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::b/k" because no resource-based policy allows the s3:PutObject action`,
		"333333333333": "Access Denied",
	} {
		acct, err := f.access.account(t.Context(), account, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := f.caller(root(acct))
		check := &Check{Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k", Bucket: bucket}
		request := c.Context()
		d, err := f.access.Authorize(t.Context(), c, check, &request)
		if err != nil {
			t.Fatal(err)
		}
		if got := Denied(c, check, &d.Decision).Message; got != want {
			t.Errorf("%s is told %s\nwant %s", account, got, want)
		}
	}
}

// TestBrokenTreeDecidesNothing holds that an organization that cannot be read is no organization without
// policies.
func TestBrokenTreeDecidesNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(f *tree){
		"a parent that is not there": func(f *tree) { f.member.Parent = "ou-gone" },
		"no parent":                  func(f *tree) { f.member.Parent = "" },
		"a circle":                   func(f *tree) { f.root.Parent = unitID },
		"another organization":       func(f *tree) { f.member.Organization = "o-gone" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newTree(t)
			change(f)
			f.save()
			if d, err := f.ask(); !errors.Is(err, meta.ErrCorrupt) || d.Allowed() {
				t.Errorf("got %+v, %v, want ErrCorrupt", d.By, err)
			}
		})
	}
}

// TestWarmMemberReadsNoStorage is TestWarmDecisionReadsNoStorage for an account with policies on every
// level.
func TestWarmMemberReadsNoStorage(t *testing.T) {
	t.Parallel()
	f := newTree(t)
	f.mustAllow(true)
	before := f.engine.views.Load()
	for range 10 {
		f.mustAllow(true)
	}
	if reads := f.engine.views.Load() - before; reads != 0 {
		t.Errorf("10 warm decisions read the store %d times", reads)
	}
}
