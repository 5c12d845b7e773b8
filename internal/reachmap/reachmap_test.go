package reachmap

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"crossgrant/internal/picture"
	"crossgrant/internal/policy"
	"crossgrant/internal/reach"
)

const (
	bucket = "arn:aws:s3:::logs"
	role   = "arn:aws:iam::111122223333:role/reader"
	ann    = "arn:aws:iam::444455556666:user/ann"
)

// result has a path of each sort.
func result() *reach.Result {
	objects := []reach.Resource{{Patterns: []string{bucket + "/?*"}}}
	tls := []reach.Condition{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"true"}, Text: "over TLS"}}
	return &reach.Result{
		Question: reach.Question{Bucket: "logs", Prefix: "a/"},
		Accounts: []reach.Account{{ID: "111122223333", Name: "security", Organization: "o-exampleorgid"}, {ID: "444455556666", Name: "shop"}},
		Principals: []reach.Principal{
			{ID: role, Kind: reach.Role, Account: "111122223333", Name: "reader"}, {ID: ann, Kind: reach.User, Account: "444455556666", Name: "ann"},
			{ID: "anonymous", Kind: reach.Anonymous}, {ID: "777788889999", Kind: reach.AnyOfAccount, Account: "777788889999"},
		},
		Targets: []reach.Target{
			{ARN: bucket, Kind: reach.BucketTarget, Account: "111122223333", Name: "logs"}, {ARN: role, Kind: reach.RoleTarget, Account: "111122223333", Name: "reader"},
		},
		Paths: []reach.Path{
			{Principal: role, Target: bucket, Actions: []string{"s3:GetObject"}, Resources: objects, Proven: true, Text: "reads"},
			{Principal: role, Target: bucket, Actions: []string{"s3:ListBucket"}, Resources: []reach.Resource{{Patterns: []string{bucket}}}, Proven: true, Text: "lists"},
			{Principal: ann, Target: role, Actions: []string{"sts:AssumeRole"}, Resources: []reach.Resource{{Patterns: []string{role}}}, Proven: true, Text: "assumes"},
			{
				Principal: ann, Target: bucket, Actions: []string{"s3:PutObject"}, Resources: objects, Keys: reach.NewKeys, Conditions: tls, RequesterPays: true, Proven: true, Text: "writes",
				Exceptions: []reach.Exception{{
					Part: reach.Part{Layer: "resource-based policy", Policy: "bucket policy of logs", Statement: new(1)}, Resources: []reach.Resource{{Patterns: []string{bucket + "/audit/*"}}},
				}},
			},
			{Principal: "anonymous", Target: bucket, Actions: []string{"s3:GetObject"}, Resources: []reach.Resource{{Patterns: []string{bucket + "/a/*"}}}, Text: "perhaps reads"},
			{Principal: "777788889999", Target: bucket, Actions: []string{"s3:PutBucketPolicy"}, Resources: []reach.Resource{{Patterns: []string{bucket}}}, Proven: true, Text: "administers"},
		},
		Cut: []string{"One bucket was not looked at."},
	}
}

// TestOf compares the map of an answer with what it has to be.
func TestOf(t *testing.T) {
	t.Parallel()
	want := &picture.Map{
		Title: "Who can reach logs/a/*",
		Houses: []picture.House{
			{ID: "111122223333", Name: "security", Organization: "o-exampleorgid", Rooms: []picture.Room{{ID: role, Name: "reader", Kind: picture.Role}, {ID: bucket, Name: "logs", Kind: picture.Bucket}}},
			{ID: "444455556666", Name: "shop", Rooms: []picture.Room{{ID: ann, Name: "ann", Kind: picture.User}}},
			{ID: "outside", Name: "Outside every account", Outside: true, Rooms: []picture.Room{{ID: "anonymous", Name: "anonymous", Detail: "who does not sign", Kind: picture.Everyone}}},
			{ID: "777788889999", Rooms: []picture.Room{{ID: "777788889999", Name: "any principal", Detail: "as its policies let", Kind: picture.Account}}},
		},
		Arrows: []picture.Arrow{
			{From: role, To: bucket, Access: picture.Read, Label: "read, list", Text: []string{"reads", "lists"}},
			{From: ann, To: role, Access: picture.Assume, Label: "assume", Text: []string{"assumes"}},
			{From: ann, To: bucket, Access: picture.Write, Label: "write (new keys)", Conditions: []string{"over TLS", "if the requester accepts the charge"}, Text: []string{"writes"}},
			{From: ann, To: bucket, Access: picture.Write, Label: "write in audit/*", Denied: true, Text: []string{"denied: write objects (s3:PutObject) in logs/audit/*, by bucket policy of logs, statement 1"}},
			{From: "anonymous", To: bucket, Access: picture.Read, Label: "read in a/*", Possible: true, Text: []string{"perhaps reads"}},
			{From: "777788889999", To: bucket, Access: picture.Administer, Label: "change policy", Text: []string{"administers"}},
		},
		Missing: []string{"One bucket was not looked at."},
	}
	got := Of(result())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the map is not as wanted (-want +got):\n%s", diff)
	}
	if _, err := picture.SVG(got); err != nil {
		t.Error(err)
	}
}

// TestKinds draws a principal of each kind.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range []reach.Kind{
		reach.Root, reach.User, reach.Role, reach.Session, reach.FederatedUser, reach.Service, reach.Provider, reach.Anonymous, reach.AnyOfAccount, reach.AnyAccount,
	} {
		if _, err := picture.SVG(Of(&reach.Result{Principals: []reach.Principal{{ID: "x", Kind: kind}}})); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestSummarize names actions in a few words.
func TestSummarize(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		actions []string
		access  picture.Access
		label   string
	}{
		{[]string{"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"}, picture.Read, "read, list"},
		{[]string{"s3:GetBucketPolicy"}, picture.Read, "read settings"},
		{[]string{"s3:PutObject", "s3:GetObject"}, picture.Write, "write, read"},
		{[]string{"s3:PutObjectTagging"}, picture.Write, "write"},
		{[]string{"s3:DeleteObject"}, picture.Write, "delete"},
		{[]string{"s3:PutObjectAcl", "s3:PutObject"}, picture.Administer, "change ACLs, write"},
		{[]string{"s3:PutBucketVersioning"}, picture.Administer, "change settings"},
		{[]string{"sts:AssumeRoleWithSAML"}, picture.Assume, "assume"},
		{[]string{"s3:PutBucketPolicy", "s3:PutObject", "s3:DeleteObject", "s3:GetObject"}, picture.Administer, "change policy, delete and 2 more"},
		{policy.MatchingActions("s3:*"), picture.Administer, "everything"},
	} {
		if access, label := summarize(test.actions); access != test.access || label != test.label {
			t.Errorf("%v: got %s %q, want %s %q", test.actions, access, label, test.access, test.label)
		}
	}
}
