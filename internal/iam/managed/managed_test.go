package managed

import (
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// TestCatalogue holds that every entry has its document and can be found by AWS's ARN.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	files, err := documents.ReadDir("documents")
	if err != nil {
		t.Fatal(err)
	}
	all := All()
	if len(all) != len(files) {
		t.Errorf("%d policies and %d documents", len(all), len(files))
	}
	if !slices.IsSortedFunc(all, func(a, b *Policy) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) }) {
		t.Error("the catalogue is not ordered by name")
	}
	seen := map[ids.UniqueID]bool{}
	for _, p := range all {
		if p.ARN() != "arn:aws:iam::aws:policy"+p.Path+p.Name {
			t.Errorf("%s has the ARN %s", p.Name, p.ARN())
		}
		if d, ok := Document(p.ARN()); !ok || d != p.Document() || d == nil {
			t.Errorf("%s is not found by its ARN", p.Name)
		}
		if len(p.ID) != 21 || !strings.HasPrefix(string(p.ID), "ANPA") || seen[p.ID] || p.Created.IsZero() || p.Updated.Before(p.Created) {
			t.Errorf("%s: id %s, created %s, updated %s", p.Name, p.ID, p.Created, p.Updated)
		}
		seen[p.ID] = true
		if p.Description == "" || !strings.HasPrefix(p.Version, "v") {
			t.Errorf("%s, version %q: %q", p.Name, p.Version, p.Description)
		}
	}
	for _, other := range []string{"", "arn:aws:iam::aws:policy/administratoraccess", "arn:aws:iam::111111111111:policy/AdministratorAccess", "arn:aws:iam::aws:policy/NoSuchPolicy"} {
		if _, ok := Document(other); ok {
			t.Errorf("%q is found", other)
		}
	}
}

// TestVersions holds the versions that AWS's documentation had when the catalogue was made.
func TestVersions(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"AdministratorAccess": "v1", "PowerUserAccess": "v12", "ReadOnlyAccess": "v178", "job-function/ViewOnlyAccess": "v43",
		"SecurityAudit": "v85", "AmazonS3FullAccess": "v2", "AmazonS3ReadOnlyAccess": "v3", "IAMFullAccess": "v2",
		"IAMReadOnlyAccess": "v4", "IAMUserChangePassword": "v5", "IAMAccessAdvisorReadOnly": "v1",
		"IAMAccessAnalyzerFullAccess": "v1", "IAMAccessAnalyzerReadOnlyAccess": "v4", "AWSOrganizationsFullAccess": "v9",
		"AWSOrganizationsReadOnlyAccess": "v6", "AWSCloudTrail_FullAccess": "v3", "AWSCloudTrail_ReadOnlyAccess": "v1",
		"root-task/S3UnlockBucketPolicy": "v1", "root-task/IAMDeleteRootUserCredentials": "v1",
	} {
		p, ok := Lookup(prefix + name)
		if !ok || p.Version != want {
			t.Errorf("%s: found %t, want version %s", name, ok, want)
		}
	}
}

// TestWhatTheyAllow judges each policy as an IAM user's only one, by the sentences that AWS describes
// them with.
func TestWhatTheyAllow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		policy, action string
		want           bool
	}{
		{"AdministratorAccess", "iam:CreateUser", true},
		{"AdministratorAccess", "s3:PutObject", true},
		{"PowerUserAccess", "s3:PutObject", true},
		{"PowerUserAccess", "iam:CreateUser", false},
		{"PowerUserAccess", "iam:ListRoles", true},
		{"PowerUserAccess", "organizations:LeaveOrganization", false},
		{"ReadOnlyAccess", "s3:GetObject", true},
		{"ReadOnlyAccess", "s3:PutObject", false},
		{"ReadOnlyAccess", "iam:GetUser", true},
		{"SecurityAudit", "s3:GetObject", false},
		{"SecurityAudit", "s3:GetBucketPolicy", true},
		{"SecurityAudit", "iam:ListUsers", true},
		{"AmazonS3FullAccess", "s3:DeleteBucket", true},
		{"AmazonS3FullAccess", "iam:ListUsers", false},
		{"AmazonS3ReadOnlyAccess", "s3:ListBucket", true},
		{"AmazonS3ReadOnlyAccess", "s3:DeleteObject", false},
		{"IAMFullAccess", "iam:CreateRole", true},
		{"IAMFullAccess", "s3:ListAllMyBuckets", false},
		{"IAMReadOnlyAccess", "iam:GetRole", true},
		{"IAMReadOnlyAccess", "iam:CreateRole", false},
		{"ReadOnlyAccess", "dynamodb:GetItem", true}, // of a service that is not here
		{"job-function/ViewOnlyAccess", "s3:ListBucket", true},
		{"job-function/ViewOnlyAccess", "s3:GetObject", false},
		{"AWSOrganizationsFullAccess", "organizations:CreateAccount", true},
		{"AWSOrganizationsReadOnlyAccess", "organizations:CreateAccount", false},
		{"IAMAccessAdvisorReadOnly", "iam:GenerateServiceLastAccessedDetails", true},
		{"AWSDenyAll", "s3:GetObject", false},
	} {
		d, ok := Document("arn:aws:iam::aws:policy/" + c.policy)
		if !ok {
			t.Fatalf("%s is missing", c.policy)
		}
		q := policy.NewQuery(&policy.Request{Action: c.action, Resource: "*"})
		if got := d.Evaluate(&q).Effect == policy.Allow; got != c.want {
			t.Errorf("%s allows %s: %t, want %t", c.policy, c.action, got, c.want)
		}
	}
}
