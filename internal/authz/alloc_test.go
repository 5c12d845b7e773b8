package authz

import (
	"strings"
	"testing"

	"crossgrant/internal/acl"
	"crossgrant/internal/policy"
)

// TestDecideAllocatesNothing holds what keeps decisions cheap: with every kind of layer and every family of
// condition, an Allow costs no allocation.
func TestDecideAllocatesNothing(t *testing.T) {
	document := func(typ policy.Type, statement string) *policy.Document {
		d, err := policy.Parse(typ, []byte(`{"Version":"2012-10-17","Statement":[`+statement+`]}`), policy.Stored())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	conditions := strings.Join([]string{
		`"StringEquals":{"aws:PrincipalTag/team":["red","${aws:PrincipalTag/team}"]}`,
		`"StringLike":{"aws:username":"us*","aws:UserAgent":"*${aws:username}*"}`,
		`"StringNotEqualsIgnoreCase":{"aws:username":"OTHER"}`,
		`"NumericLessThan":{"s3:max-keys":"1000.5"}`,
		`"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00.5Z"}`,
		`"Bool":{"aws:SecureTransport":"true"}`,
		`"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24","2001:db8::/32"]}`,
		`"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::*:user/${aws:username}"]}`,
		`"Null":{"aws:TokenIssueTime":"true"}`,
		`"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"o-a/r-b/"}`,
		`"ForAllValues:StringLikeIfExists":{"aws:TagKeys":"team*"}`,
	}, ",")
	identity := `{"Effect":"Allow","Action":["s3:Put*","s3:ListBucket"],"Resource":["arn:aws:s3:::bucket","arn:aws:s3:::bucket/${aws:username}/*","arn:aws:s3:::*/key"],"Condition":{` + conditions + `}},` +
		`{"Effect":"Deny","NotAction":"s3:*","NotResource":"arn:aws:s3::*:b?cket/*"},` +
		`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-01-01"}}}`
	everything := Layer{{Name: "everything", Document: document(policy.Identity, `{"Effect":"Allow","Action":"*","Resource":"*"}`)}}
	p := principal("usB")
	var caller policy.Context
	for key, value := range map[string]string{
		"aws:PrincipalTag/team": "blue", "aws:username": p.Name, "aws:PrincipalArn": p.ARN, "aws:UserAgent": "agent of usB 1.0",
		"aws:CurrentTime": "2026-11-25T12:00:00+01:00", "aws:SecureTransport": "true", "aws:SourceIp": "203.0.113.9", "s3:max-keys": "10",
	} {
		caller.Set(key, value)
	}
	context := policy.Over(&caller)
	context.SetMulti("aws:PrincipalOrgPaths", []string{"o-x/r-y/", "o-a/r-b/"})
	in := &Input{
		Request:  policy.Request{Action: "s3:PutObject", Resource: objectARN, Principal: &p, Context: &context, HasBoundary: true},
		Identity: Layer{{Name: "identity", Document: document(policy.Identity, identity)}},
		Boundary: &everything, Session: &everything, SCPs: []Layer{everything, everything, everything}, RCPs: []Layer{everything},
		Owner: account("A"),
		Resource: &Source{Name: "bucket", Document: document(policy.Bucket,
			`{"Effect":"Allow","Principal":{"AWS":["AIDANOBODYEXAMPLE000","`+string(p.Account)+`"]},"Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/*"},`+
				`{"Effect":"Deny","NotPrincipal":{"AWS":["`+string(p.Account)+`","`+string(p.EntityID)+`"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`)},
		S3: &S3{OwnerCanonicalID: canonical("A"), BucketACL: acl.Private(canonical("A"))},
	}
	if d := Decide(in); !d.Allowed() {
		t.Fatalf("denied by %s: %+v", d.By.Layer, Explain(in).Misses)
	}
	if n := testing.AllocsPerRun(100, func() { Decide(in) }); n != 0 {
		t.Errorf("a decision allocates %v times", n)
	}
	in.Resource = nil
	in.S3.BucketACL.Grants = append(in.S3.BucketACL.Grants, acl.Grant{Grantee: acl.Grantee{ID: p.CanonicalID}, Permission: acl.Write})
	if d := Decide(in); !d.Allowed() || d.By.Layer != BucketACL {
		t.Fatalf("%s by %s", d.Effect, d.By.Layer)
	}
	if n := testing.AllocsPerRun(100, func() { Decide(in) }); n != 0 {
		t.Errorf("a decision by an ACL allocates %v times", n)
	}
}
