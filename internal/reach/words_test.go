package reach

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/acl"
	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// TestPaths runs the files of testdata. Each case is the policies of a bucket of account A and of user usB of account
// B, and what the answer tells of the paths of usB, of anyone and of any other account:
//
//	paths [read=everyone] [enforced] [public-blocked] [requester-pays]
//	bucket: the bucket policy, in one line; none if left out
//	user: an identity policy of usB
//	boundary: its permissions boundary
//	scp: a level of SCPs of account B beside FullAWSAccess; likewise rcp, of account A
func TestPaths(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			w := storyWorld(t, d)
			r := Answer(w, Question{Bucket: "bucket", Action: "s3:*Object"})
			var b strings.Builder
			for i := range r.Paths {
				b.WriteString(r.Paths[i].Principal + ": " + r.Paths[i].Text + "\n")
			}
			if len(r.Paths) == 0 {
				return "nobody\n"
			}
			return b.String()
		})
	})
}

func storyWorld(t *testing.T, d *datadriven.TestData) *World {
	t.Helper()
	w := &World{Accounts: []Account{{ID: idA, Name: "A"}, {ID: idB, Name: "B"}}}
	user := &Caller{
		Principal: Principal{ID: "arn:aws:iam::222222222222:user/usB", Kind: User, Account: idB, Name: "usB"},
		As: policy.Principal{
			Kind: policy.User, Account: idB, CanonicalID: canonical(idB), ARN: "arn:aws:iam::222222222222:user/usB",
			EntityARN: "arn:aws:iam::222222222222:user/usB", EntityID: "AIDAUSBEXAMPLE00000", Name: "usB",
		},
	}
	user.Keys.Set("aws:username", "usB")
	user.Keys.Set("aws:PrincipalArn", user.ID)
	user.Keys.Set("aws:PrincipalAccount", idB)
	b := &Bucket{Name: "bucket", Owner: idA, S3: authz.S3{OwnerCanonicalID: canonical(idA), BucketACL: acl.Private(canonical(idA))}}
	for _, arg := range d.CmdArgs {
		switch arg.Key {
		case "write":
			b.S3.BucketACL.Grants = append(b.S3.BucketACL.Grants, acl.Grant{Grantee: acl.Grantee{Group: acl.AllUsers}, Permission: acl.Write})
		case "enforced":
			b.S3.Enforced = true
		case "public-blocked":
			b.S3.Block.RestrictPublicBuckets = true
		case "requester-pays":
			b.S3.RequesterPays = true
		default:
			t.Fatalf("%s: unknown argument %s", d.Pos, arg.Key)
		}
	}
	source := func(name string, kind policy.Type, text string) authz.Source {
		document, err := policy.Parse(kind, []byte(text))
		if err != nil {
			t.Fatalf("%s: %s: %v", d.Pos, name, err)
		}
		return authz.Source{Name: name, Document: document}
	}
	full := authz.Source{Name: "FullAWSAccess", Document: allowAll}
	for line := range strings.Lines(d.Input) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "bucket":
			s := source("bucket policy of bucket", policy.Bucket, text)
			b.Policy = &s
		case "user":
			user.Identity = append(user.Identity, source("user/usB/p", policy.Identity, text))
		case "boundary":
			user.Boundary = &authz.Layer{source("boundary", policy.Identity, text)}
		case "scp":
			user.SCPs = append(user.SCPs, authz.Layer{full, source("scp", policy.SCP, text)})
		case "only-scp":
			user.SCPs = append(user.SCPs, authz.Layer{source("scp", policy.SCP, text)})
		case "rcp":
			b.RCPs = append(b.RCPs, authz.Layer{full, source("rcp", policy.RCP, text)})
		default:
			t.Fatalf("%s: unknown policy %s", d.Pos, name)
		}
	}
	w.Callers, w.Buckets = []*Caller{user, anonymousCaller(), strangerCaller()}, []*Bucket{b}
	return w
}

// Conditions in words.
func TestConditionText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		operator, key, values, want string
	}{
		{"Bool", "aws:SecureTransport", "true", "over TLS"},
		{"Bool", "aws:SecureTransport", "false", "without TLS"},
		{"BoolIfExists", "aws:MultiFactorAuthPresent", "true", "if aws:MultiFactorAuthPresent is true (or no such key)"},
		{"StringEquals", "s3:x-amz-acl", "bucket-owner-full-control", "with x-amz-acl bucket-owner-full-control"},
		{"IpAddress", "aws:SourceIp", "10.0.0.0/8 192.0.2.0/24", "from 10.0.0.0/8 or 192.0.2.0/24"},
		{"NotIpAddress", "aws:SourceIp", "10.0.0.0/8", "not from 10.0.0.0/8"},
		{"StringLike", "s3:prefix", "home/*", "listing the prefix home/*"},
		{"StringNotEquals", "aws:PrincipalOrgID", "o-x", "if aws:PrincipalOrgID is not o-x"},
		{"StringEquals", "aws:PrincipalOrgID", "o-x", "from organization o-x"},
		{"ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/x", "as arn:aws:iam::*:role/x"},
		{"StringEquals", "sts:ExternalId", "id", "with external ID id"},
		{"StringEquals", "s3:ExistingObjectTag/team", "blue", "for objects tagged team=blue"},
		{"Null", "s3:x-amz-server-side-encryption", "true", "without s3:x-amz-server-side-encryption"},
		{"Null", "aws:TokenIssueTime", "false", "with aws:TokenIssueTime"},
		{"NumericLessThanEquals", "s3:max-keys", "10", "if s3:max-keys is at most 10"},
		{"DateGreaterThan", "aws:CurrentTime", "2030-01-01T00:00:00Z", "if aws:CurrentTime is more than 2030-01-01T00:00:00Z"},
		{"ForAllValues:StringEquals", "aws:TagKeys", "a b", "if every value of aws:TagKeys is a or b"},
	} {
		got := conditionText(&policy.Condition{Operator: c.operator, Key: c.key, Values: strings.Fields(c.values)})
		if got != c.want {
			t.Errorf("%s %s %s: got %q, want %q", c.operator, c.key, c.values, got, c.want)
		}
	}
}
