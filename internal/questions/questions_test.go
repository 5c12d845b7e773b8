package questions

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/keys"
	"crossgrant/internal/kms"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sts"
)

// world is what questions are about: a bucket of one account that account 222222222222 may write to, and one object.
type world struct{ caller *access.Caller }

func (w *world) As(_ context.Context, who string, _ time.Time) (*access.Caller, error) {
	if who == access.AnonymousName {
		return access.Anonymous(), nil
	}
	return w.caller, nil
}

func (w *world) Bucket(_ context.Context, name string) (*access.Bucket, error) {
	if name != "b" {
		return nil, apierr.New(http.StatusNotFound, "NoSuchBucket", "no")
	}
	return access.NewBucket(&records.Bucket{Name: "b", Id: make([]byte, 8), Account: "111111111111", CanonicalId: "aa", Ownership: "ObjectWriter"})
}

func (w *world) Role(context.Context, string) (*sts.Role, error) { return nil, nil }

func (w *world) Key(context.Context, string) (*kms.Key, error) {
	return nil, apierr.New(http.StatusBadRequest, "NotFoundException", "no")
}

func (w *world) Head(_ context.Context, _ keys.BucketID, key, version string) (*records.Object, error) {
	if key != "k" || version != "" && version != "v" {
		return nil, apierr.New(http.StatusNotFound, "NoSuchKey", "no")
	}
	return &records.Object{Owner: "bb", Tags: []*records.Tag{{Key: "team", Value: "blue"}}}, nil
}

// Question keeps of an input what a check has.
func (w *world) Question(_ context.Context, caller *access.Caller, check *access.Check, request *policy.Context) (*authz.Input, error) {
	k := policy.Over(request)
	if check.Keys != nil {
		check.Keys(&k)
	}
	return &authz.Input{Request: policy.Request{Action: check.Action, Resource: check.Resource, Principal: &caller.Principal, Context: &k}}, nil
}

func ask(t *testing.T, q Question) (*Asked, error) {
	t.Helper()
	w := &world{access.Service("x.amazonaws.com")}
	now := func() time.Time { return time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) }
	return New(w, w, w, "eu-central-1", now).Ask(t.Context(), q)
}

// TestAsk: a question has the checks that its request would have, on the object that is there, with the keys that
// follow from it and those that are given, which count.
func TestAsk(t *testing.T) {
	t.Parallel()
	asked, err := ask(t, Question{As: "x", Action: "S3:putobject", Resource: "arn:aws:s3:::b/k", Context: []Value{
		{"s3:x-amz-acl", []string{"private"}}, {"s3:RequestObjectTag/a", []string{"1"}}, {"aws:SecureTransport", []string{"false"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, c := range asked.Checks {
		actions = append(actions, c.Check.Action)
		for key, want := range map[string]string{
			"aws:SecureTransport": "false", "aws:RequestedRegion": "eu-central-1", "aws:CurrentTime": "2026-11-26T00:00:00Z", "s3:x-amz-acl": "private",
		} {
			if got, _, _ := c.Input.Request.Context.Lookup(key); !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %s is %v, want %s", c.Check.Action, key, got, want)
			}
		}
	}
	if want := []string{"s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging"}; !slices.Equal(actions, want) {
		t.Errorf("a write with an ACL and tags asks %v, want %v", actions, want)
	}
	if o := asked.Checks[0].Check.Object; o == nil || o.Owner != "bb" || !slices.Equal(o.ACL.Grants, acl.ACL{}.Grants) {
		t.Errorf("the object is %+v", o)
	}
	read, err := ask(t, Question{As: access.AnonymousName, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"})
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _ := read.Checks[0].Input.Request.Context.Lookup("s3:ExistingObjectTag/team"); !slices.Equal(got, []string{"blue"}) {
		t.Errorf("the tag of the object is %v", got)
	}
	if _, _, signed := read.Checks[0].Input.Request.Context.Lookup("s3:authType"); signed {
		t.Error("an anonymous request is signed")
	}
	missing, err := ask(t, Question{As: "x", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/other"})
	if err != nil || missing.Checks[0].Check.Object != nil {
		t.Errorf("an object that is not there: %v", err)
	}
	role, err := ask(t, Question{As: "x", Action: "sts:AssumeRole", Resource: "arn:aws:iam::111111111111:role/r"})
	if err != nil || role.Checks[0].Check.Owner != "111111111111" || role.Checks[0].Check.Policy == nil {
		t.Errorf("a role that is not there has to trust nobody: %v", err)
	}
}

// TestRefuses holds what is no question.
func TestRefuses(t *testing.T) {
	t.Parallel()
	object := "arn:aws:s3:::b/k"
	for _, c := range []struct{ action, resource, key, value, want string }{
		{"s3:GetObjekt", object, "", "", `"s3:GetObjekt" is not an action`},
		{"s3:Get*", object, "", "", `"s3:Get*" is not an action`},
		{"", object, "", "", "is not an action"},
		{"s3:GetObject", "arn:aws:s3:::b", "", "", "s3:GetObject is about objects: ask about one, such as arn:aws:s3:::b/key"},
		{"s3:ListBucket", object, "", "", "s3:ListBucket is about buckets: ask about arn:aws:s3:::b."},
		{"s3:ListAllMyBuckets", object, "", "", "has no resource"},
		{"s3:GetObject", "b/k", "", "", "is not the ARN of a bucket"},
		{"s3:GetObject", "arn:aws:s3:::*/k", "", "", "is not the ARN of a bucket"},
		{"s3:GetObject", "arn:aws:s3:::other/k", "", "", "no"},
		{"iam:GetUser", object, "", "", "iam:GetUser is not about"},
		{"iam:GetUser", "user/ann", "", "", "is not an ARN"},
		{"kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/x", "", "", "no"},
		{"s3:GetObject", object, "aws:SecureTransprt", "true", "is not a condition key"},
		{"s3:GetObject", object, "SecureTransport", "true", "is not a condition key"},
		{"s3:GetObject", object, "aws:SecureTransport", "yes", `"yes" is no value of the condition key aws:SecureTransport`},
		{"s3:GetObject", object, "aws:SourceIp", "nowhere", `"nowhere" is no value`},
	} {
		q := Question{As: "x", Action: c.action, Resource: c.resource}
		if c.key != "" {
			q.Context = []Value{{c.key, []string{c.value}}}
		}
		if _, err := ask(t, q); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s on %s with %s: %v, want %q", c.action, c.resource, c.key, err, c.want)
		}
	}
	twice := []Value{{"aws:SourceIp", []string{"10.0.0.1"}}, {"AWS:sourceip", []string{"10.0.0.2"}}}
	if _, err := ask(t, Question{As: "x", Action: "s3:GetObject", Resource: object, Context: twice}); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("a key that is given twice: %v", err)
	}
}
