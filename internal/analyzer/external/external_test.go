package external

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/acl"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

const (
	own      ids.AccountID       = "111111111111"
	sibling  ids.AccountID       = "222222222222" // in the same organization
	ownID    ids.CanonicalUserID = "1111111111111111111111111111111111111111111111111111111111111111"
	otherID  ids.CanonicalUserID = "3333333333333333333333333333333333333333333333333333333333333333"
	roleName                     = "arn:aws:iam::111111111111:role/R"
)

// TestFind runs testdata/find.txt:
//
//	bucket [zone=organization] [restrict] [ignore-acls] [enforced] [acl=(PERMISSION:GRANTEE,…)] [rcp=(CONDITION)]
//	policy, or nothing
//
//	role [zone=organization]
//	trust policy
//
// The bucket b and the role R belong to 111111111111. The zone is that account, or the organization o-own, in which is
// 222222222222 as well. An RCP denies everything under its condition, given as OPERATOR/KEY/VALUE.
func TestFind(t *testing.T) {
	t.Parallel()
	datadriven.RunTest(t, "testdata/find.txt", func(t *testing.T, d *datadriven.TestData) string {
		r := &Resource{Owner: own, Type: Bucket, ARN: "arn:aws:s3:::b"}
		kind := policy.Bucket
		if d.Cmd == "role" {
			r.Type, r.ARN, kind = Role, roleName, policy.Trust
		} else {
			r.S3 = bucket(t, d)
		}
		if d.Input != "" {
			document, err := policy.Parse(kind, []byte(d.Input))
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			r.Policy = &authz.Source{Name: "policy", Document: document}
		}
		if d.HasArg("rcp") {
			r.RCPs = control(t, d)
		}
		found, err := Find(r, zone(d.HasArg("zone")))
		if err != nil {
			return err.Error()
		}
		var b strings.Builder
		for _, a := range found {
			fmt.Fprintln(&b, a.show())
		}
		return b.String()
	})
}

// show writes what was found in one line.
func (a *Access) show() string {
	line := fmt.Sprintf("%s %s: %s", a.Kind, a.Principal, strings.Join(a.Actions, " "))
	for _, key := range slices.Sorted(maps.Keys(a.Condition)) {
		line += fmt.Sprintf(" if %s=%s", key, a.Condition[key])
	}
	if a.Public {
		line += ", public"
	}
	return line + ", by " + strings.Join(a.Sources, " ") + ", RCPs " + a.Restriction
}

func zone(organization bool) *Zone {
	z := &Zone{
		Trusts:    func(id ids.AccountID) bool { return id == own || organization && id == sibling },
		Canonical: func(id ids.CanonicalUserID) bool { return id == ownID },
	}
	if organization {
		z.Organization = "o-own"
	}
	return z
}

func bucket(t *testing.T, d *datadriven.TestData) *authz.S3 {
	s3 := &authz.S3{OwnerCanonicalID: ownID, BucketACL: acl.Private(ownID), Enforced: d.HasArg("enforced")}
	s3.Block.RestrictPublicBuckets, s3.Block.IgnorePublicAcls = d.HasArg("restrict"), d.HasArg("ignore-acls")
	for _, arg := range d.CmdArgs {
		if arg.Key != "acl" {
			continue
		}
		for _, grant := range arg.Vals {
			permission, grantee, _ := strings.Cut(grant, ":")
			g := acl.Grant{Permission: acl.Permission(permission), Grantee: acl.Grantee{ID: otherID}}
			if group, ok := map[string]acl.Group{"everyone": acl.AllUsers, "signed": acl.AuthenticatedUsers, "logs": acl.LogDelivery}[grantee]; ok {
				g.Grantee = acl.Grantee{Group: group}
			} else if grantee != "other" {
				d.Fatalf(t, "unknown grantee %s", grantee)
			}
			s3.BucketACL.Grants = append(s3.BucketACL.Grants, g)
		}
	}
	return s3
}

// control returns the policies of an organization: AWS's own, and one that denies.
func control(t *testing.T, d *datadriven.TestData) []authz.Layer {
	var text string
	d.ScanArgs(t, "rcp", &text)
	parts := strings.Split(text, "/")
	parse := func(text string) *policy.Document {
		document, err := policy.Parse(policy.RCP, []byte(text), policy.Managed())
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		return document
	}
	full := authz.Source{Name: "full", Document: parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`)}
	deny := authz.Source{Name: "deny", Document: parse(fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{%q:{%q:%q}}}}`, parts[0], parts[1], parts[2]))}
	return []authz.Layer{{full}, {full, deny}}
}

// TestFindIsComplete holds, of random policies of a bucket, that whatever a caller from outside may do is found.
func TestFindIsComplete(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	findings := 0
	for range 150 {
		text := document(r)
		d, err := policy.Parse(policy.Bucket, []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		resource := &Resource{
			Owner: own, Type: Bucket, ARN: "arn:aws:s3:::b", Policy: &authz.Source{Name: "p", Document: d},
			S3: &authz.S3{OwnerCanonicalID: ownID, BucketACL: acl.Private(ownID), Block: authz.PublicAccessBlock{RestrictPublicBuckets: r.IntN(3) == 0}},
		}
		found, err := Find(resource, zone(false))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		findings += len(found)
		f := &finder{resource: resource, zone: zone(false)}
		for range 300 {
			q := request(r)
			if decision := f.decide(q, resource.Policy, nil); decision.Allowed() && !told(found, &q) {
				t.Fatalf("%s\nallows %s on %s for %+v with %v, and nothing tells it", text, q.Action, q.Resource, q.Principal, q.Context)
			}
		}
	}
	if findings < 50 {
		t.Errorf("only %d findings", findings)
	}
}

func pick[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

func document(r *rand.Rand) string {
	var statements []string
	for range 1 + r.IntN(3) {
		principal := "Principal"
		effect := pick(r, "Allow", "Allow", "Deny")
		if effect == "Deny" && r.IntN(3) == 0 {
			principal = "NotPrincipal"
		}
		s := fmt.Sprintf(`{"Effect":%q,%q:%s,"Action":%s,"Resource":%s`, effect, principal,
			pick(r, `"*"`, `{"AWS":"333333333333"}`, `{"AWS":["111111111111","arn:aws:iam::333333333333:user/ann"]}`, `{"AWS":"arn:aws:iam::444444444444:role/r"}`),
			pick(r, `"s3:*"`, `["s3:GetObject","s3:ListBucket"]`, `"s3:Get*"`, `"s3:PutObject"`),
			pick(r, `["arn:aws:s3:::b","arn:aws:s3:::b/*"]`, `["arn:aws:s3:::b","arn:aws:s3:::b/x*"]`))
		if r.IntN(2) == 0 {
			s += `,"Condition":{` + pick(r,
				`"StringEquals":{"aws:PrincipalOrgID":"o-a"}`, `"StringNotEquals":{"aws:PrincipalAccount":["111111111111","333333333333"]}`,
				`"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`, `"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}`, `"Bool":{"aws:SecureTransport":"false"}`,
				`"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::333333333333:user/*"}`, `"StringEquals":{"aws:PrincipalAccount":"111111111111"}`) + `}`
		}
		statements = append(statements, s+"}")
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// outsiders are callers of other accounts.
var outsiders = []policy.Principal{
	{Kind: policy.User, Account: "333333333333", EntityID: "AIDA1", Name: "ann", ARN: "arn:aws:iam::333333333333:user/ann", EntityARN: "arn:aws:iam::333333333333:user/ann"},
	{Kind: policy.User, Account: "333333333333", EntityID: "AIDA2", Name: "bob", ARN: "arn:aws:iam::333333333333:user/bob", EntityARN: "arn:aws:iam::333333333333:user/bob"},
	{Kind: policy.Root, Account: "333333333333", ARN: "arn:aws:iam::333333333333:root", EntityARN: "arn:aws:iam::333333333333:root"},
	{Kind: policy.RoleSession, Account: "444444444444", EntityID: "AROA1", Name: "s", ARN: "arn:aws:sts::444444444444:assumed-role/r/s", EntityARN: "arn:aws:iam::444444444444:role/r"},
	{Kind: policy.User, Account: "555555555555", EntityID: "AIDA5", Name: "eve", ARN: "arn:aws:iam::555555555555:user/eve", EntityARN: "arn:aws:iam::555555555555:user/eve"},
	{Kind: policy.Anonymous},
}

func request(r *rand.Rand) policy.Request {
	p := outsiders[r.IntN(len(outsiders))]
	c := new(policy.Context)
	if p.Account != "" {
		c.Set("aws:PrincipalArn", p.EntityARN)
		c.Set("aws:PrincipalAccount", string(p.Account))
		if r.IntN(2) == 0 {
			c.Set("aws:PrincipalOrgID", pick(r, "o-a", "o-b"))
		}
	} else {
		c.Set("aws:PrincipalAccount", "anonymous")
	}
	c.Set("aws:SourceIp", pick(r, "192.0.2.1", "203.0.113.1"))
	c.Set("aws:SecureTransport", pick(r, "true", "false"))
	q := policy.Request{Action: pick(r, "s3:GetObject", "s3:PutObject", "s3:GetObjectTagging"), Resource: pick(r, "arn:aws:s3:::b/x", "arn:aws:s3:::b/z"), Principal: &p, Context: c}
	if r.IntN(3) == 0 {
		q.Action, q.Resource = pick(r, "s3:ListBucket", "s3:GetBucketPolicy"), "arn:aws:s3:::b"
	}
	return q
}

// told reports whether a finding tells that a request is allowed.
func told(found []Access, q *policy.Request) bool {
	return slices.ContainsFunc(found, func(a Access) bool {
		named := a.Principal == "*" || a.Principal == string(q.Principal.Account) || a.Principal == q.Principal.EntityARN || a.Principal == q.Principal.ARN
		return named && slices.Contains(a.Actions, q.Action)
	})
}
