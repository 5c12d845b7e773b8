package check

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"crossgrant/internal/policy"
)

// maker makes random documents and requests from a small vocabulary, in which everything often meets.
type maker struct{ *rand.Rand }

func pick[T any](m maker, all ...T) T { return all[m.IntN(len(all))] }

// some returns one to three of all, as JSON.
func (m maker) some(all ...string) string {
	var chosen []string
	for range 1 + m.IntN(3) {
		chosen = append(chosen, fmt.Sprintf("%q", pick(m, all...)))
	}
	return "[" + strings.Join(chosen, ",") + "]"
}

func (m maker) condition() string {
	value := func(all ...string) string { return m.some(all...) }
	switch m.IntN(12) {
	case 0:
		return `"StringEquals":{"aws:PrincipalOrgID":` + value("o-a", "o-b") + `}`
	case 1:
		return `"StringNotEquals":{"aws:PrincipalOrgID":` + value("o-a", "o-b") + `}`
	case 2:
		return `"StringLike":{"aws:username":` + value("a*", "*b", "ann") + `}`
	case 3:
		return `"IpAddress":{"aws:SourceIp":` + value("10.0.0.0/8", "10.1.0.0/16", "192.0.2.1") + `}`
	case 4:
		return `"NotIpAddress":{"aws:SourceIp":` + value("10.0.0.0/8", "192.0.2.0/24") + `}`
	case 5:
		return `"NumericLessThan":{"s3:max-keys":` + value("10", "20", "10.5") + `}`
	case 6:
		return `"Bool":{"aws:SecureTransport":"` + pick(m, "true", "false") + `"}`
	case 7:
		return `"Null":{"aws:PrincipalOrgID":"` + pick(m, "true", "false") + `"}`
	case 8:
		return `"StringEqualsIfExists":{"aws:username":` + value("ann", "${aws:PrincipalTag/team}") + `}`
	case 9:
		return `"ForAllValues:StringEquals":{"aws:TagKeys":` + value("k", "l") + `}`
	case 10:
		return `"ForAnyValue:StringLike":{"aws:TagKeys":` + value("k*", "l") + `}`
	default:
		return `"ArnLike":{"aws:PrincipalArn":` + value("arn:aws:iam::111111111111:user/ann", "arn:aws:iam::*:role/*", "arn:aws:iam::222222222222:*") + `}`
	}
}

func (m maker) principal() string {
	return pick(m, `"*"`, `{"AWS":"*"}`, `{"AWS":"111111111111"}`, `{"AWS":["arn:aws:iam::111111111111:user/ann","222222222222"]}`,
		`{"AWS":"arn:aws:iam::222222222222:role/r"}`, `{"AWS":"arn:aws:sts::222222222222:assumed-role/r/s"}`, `{"Service":"logging.s3.amazonaws.com"}`,
		`{"AWS":["arn:aws:iam::222222222222:role/r","arn:aws:iam::222222222222:root","arn:aws:sts::222222222222:assumed-role/r/s"]}`)
}

func (m maker) document(t testing.TB, kind policy.Type) (*policy.Document, string) {
	var statements []string
	for range 1 + m.IntN(3) {
		effect := pick(m, "Allow", "Allow", "Deny")
		action := pick(m, "Action", "Action", "Action", "NotAction")
		resource := pick(m, "Resource", "Resource", "Resource", "NotResource")
		s := fmt.Sprintf(`{"Effect":%q,%q:%s,%q:%s`, effect, action, m.some("s3:GetObject", "s3:Get*", "s3:*", "*", "s3:PutObject", "kms:De*"),
			resource, m.some("*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/x*", "arn:aws:s3:::b/xy", "arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::*"))
		if kind != policy.Identity {
			element := "Principal"
			if effect == "Deny" && m.IntN(3) == 0 {
				element = "NotPrincipal"
			}
			s += fmt.Sprintf(`,%q:%s`, element, m.principal())
		}
		if m.IntN(2) == 0 {
			s += `,"Condition":{` + m.condition() + `}`
		}
		statements = append(statements, s+"}")
	}
	text := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	d, err := policy.Parse(kind, []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d, text
}

// callers are who makes requests.
var callers = []policy.Principal{
	{Kind: policy.User, Account: "111111111111", EntityID: "AIDA1", Name: "ann", ARN: "arn:aws:iam::111111111111:user/ann", EntityARN: "arn:aws:iam::111111111111:user/ann"},
	{Kind: policy.User, Account: "111111111111", EntityID: "AIDA2", Name: "bob", ARN: "arn:aws:iam::111111111111:user/bob", EntityARN: "arn:aws:iam::111111111111:user/bob"},
	{Kind: policy.Root, Account: "222222222222", ARN: "arn:aws:iam::222222222222:root", EntityARN: "arn:aws:iam::222222222222:root"},
	{Kind: policy.RoleSession, Account: "222222222222", EntityID: "AROA1", Name: "s", ARN: "arn:aws:sts::222222222222:assumed-role/r/s", EntityARN: "arn:aws:iam::222222222222:role/r"},
	{Kind: policy.RoleSession, Account: "222222222222", EntityID: "AROA1", Name: "t", ARN: "arn:aws:sts::222222222222:assumed-role/r/t", EntityARN: "arn:aws:iam::222222222222:role/r"},
	{Kind: policy.RoleSession, Account: "333333333333", EntityID: "AROA3", Name: "s", ARN: "arn:aws:sts::333333333333:assumed-role/q/s", EntityARN: "arn:aws:iam::333333333333:role/q"},
	{Kind: policy.Service, ARN: "logging.s3.amazonaws.com"},
	{Kind: policy.Anonymous},
}

// request makes a request as it could be made.
func (m maker) request() *policy.Request {
	c := new(policy.Context)
	p := callers[m.IntN(len(callers))]
	maybe := func(key string, values ...string) {
		if m.IntN(4) > 0 {
			c.Set(key, pick(m, values...))
		}
	}
	if p.EntityARN != "" {
		c.Set("aws:PrincipalArn", p.EntityARN)
		maybe("aws:PrincipalOrgID", "o-a", "o-b", "o-c")
		maybe("aws:PrincipalTag/team", "ann", "x")
	}
	maybe("aws:username", "ann", "ab", "xb", "b", "x")
	maybe("aws:SourceIp", "10.1.2.3", "10.2.0.0", "192.0.2.1", "192.0.2.2", "203.0.113.1")
	maybe("s3:max-keys", "9", "10", "10.2", "10.5", "15", "20", "21")
	maybe("aws:SecureTransport", "true", "false")
	if m.IntN(2) == 0 {
		c.SetMulti("aws:TagKeys", pick(m, []string{}, []string{"k"}, []string{"k", "l"}, []string{"kk"}, []string{"m", "l"}))
	}
	return &policy.Request{
		Action:    pick(m, "s3:GetObject", "s3:GetBucketPolicy", "s3:PutObject", "s3:ListBucket", "kms:Decrypt", "kms:Encrypt", "iam:CreateUser", "ec2:RunInstances"),
		Resource:  pick(m, "*", "arn:aws:s3:::b/xy", "arn:aws:s3:::b/x", "arn:aws:s3:::b/z", "arn:aws:s3:::b/ann/k", "arn:aws:s3:::b/xb/k", "arn:aws:s3:::c", "arn:aws:kms:us-east-1:1:key/k"),
		Principal: &p, Context: c, HasBoundary: m.IntN(4) == 0 && p.Kind != policy.Root,
	}
}

func allowed(d *policy.Document, r *policy.Request) bool {
	q := policy.NewQuery(r)
	m := d.Evaluate(&q)
	return m.Effect == policy.Allow && m.Grant != policy.None
}

// TestNoNewAccessIsSound holds, of random documents and random requests, that nothing is allowed anew where that was
// said; and that it is said often enough to mean something.
func TestNoNewAccessIsSound(t *testing.T) {
	t.Parallel()
	m := maker{rand.New(rand.NewPCG(3, 4))}
	passed, failed, alarms, large := 0, 0, 0, 0
	for range 400 {
		kind := pick(m, policy.Identity, policy.Resource)
		updated, text := m.document(t, kind)
		existing, before := m.document(t, kind)
		found, err := NoNewAccess(updated, existing)
		if errors.Is(err, ErrTooLarge) {
			large++
			continue
		}
		if err != nil {
			t.Fatalf("%s\n%s: %v", text, before, err)
		}
		anew := false
		for range 400 {
			r := m.request()
			if !allowed(updated, r) || allowed(existing, r) {
				continue
			}
			anew = true
			if len(found) == 0 {
				t.Fatalf("%s\nis said to allow no more than\n%s\nbut allows %s on %s for %+v with %v", text, before, r.Action, r.Resource, r.Principal, r.Context)
			}
		}
		switch {
		case len(found) == 0:
			passed++
		case anew:
			failed++
		default:
			alarms++
		}
	}
	t.Logf("%d pass, %d fail, %d fail without a request found, %d are too large", passed, failed, alarms, large)
	if passed < 20 || large > 20 {
		t.Errorf("only %d pass, and %d are too large", passed, large)
	}
}

// TestSameAllowsNothingNew holds that a document allows nothing that itself does not.
func TestSameAllowsNothingNew(t *testing.T) {
	t.Parallel()
	m := maker{rand.New(rand.NewPCG(5, 6))}
	for range 150 {
		d, text := m.document(t, pick(m, policy.Identity, policy.Resource))
		if found, err := NoNewAccess(d, d); len(found) > 0 || err != nil && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s allows more than itself: %v %v", text, found, err)
		}
	}
}

// TestAccessNotGrantedIsSound is TestNoNewAccessIsSound for lists of actions and resources.
func TestAccessNotGrantedIsSound(t *testing.T) {
	t.Parallel()
	m := maker{rand.New(rand.NewPCG(7, 8))}
	for range 200 {
		d, text := m.document(t, pick(m, policy.Identity, policy.Resource))
		access := Access{Actions: []string{pick(m, "s3:GetObject", "s3:Put*", "kms:Decrypt")}}
		if m.IntN(2) == 0 {
			access.Resources = []string{pick(m, "arn:aws:s3:::b/xy", "arn:aws:s3:::b/*", "arn:aws:s3:::c")}
		}
		listed, err := access.document(d.Type)
		if err != nil {
			t.Fatal(err)
		}
		found, err := AccessNotGranted(d, access)
		if errors.Is(err, ErrTooLarge) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			if r := m.request(); allowed(d, r) && allowed(listed, r) && len(found) == 0 {
				t.Fatalf("%s\nis said not to grant %v, but allows %s on %s", text, access, r.Action, r.Resource)
			}
		}
	}
}
