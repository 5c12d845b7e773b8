package cli

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	analyzer "github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	analyzertypes "github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// TestNames compares with names that the CLI's documentation has.
//
// Source: https://docs.aws.amazon.com/cli/latest/reference/
func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ListObjectsV2": "list-objects-v2", "GetBucketAcl": "get-bucket-acl", "MFA": "mfa", "SSEKMSKeyId": "ssekms-key-id",
		"ACL": "acl", "PolicyARNs": "policy-arns", "CreateVirtualMFADevice": "create-virtual-mfa-device", "ListMFADevices": "list-mfa-devices",
		"CreateOpenIDConnectProvider": "create-open-id-connect-provider", "ChecksumCRC64NVME": "checksum-crc64-nvme", "GrantReadACP": "grant-read-acp",
		"ListSAMLProviders": "list-saml-providers", "VersionId": "version-id", "CreateSAMLProvider": "create-saml-provider",
	} {
		if got := Name(name); got != want {
			t.Errorf("Name(%s) = %s, want %s", name, got, want)
		}
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		service, operation string
		input              any
		want               string
		writes             bool
	}{
		{"S3", "ListObjectsV2", &s3.ListObjectsV2Input{Bucket: aws.String("b"), Prefix: aws.String("it's a/"), MaxKeys: aws.Int32(50)},
			`aws s3api list-objects-v2 --bucket b --max-keys 50 --prefix 'it'\''s a/'`, false},
		{"S3", "PutBucketVersioning", &s3.PutBucketVersioningInput{Bucket: aws.String("b"), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}},
			`aws s3api put-bucket-versioning --bucket b --versioning-configuration '{"Status":"Enabled"}'`, true},
		{"S3", "PutObject", &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Metadata: map[string]string{"a": "<&>"}, BucketKeyEnabled: aws.Bool(false)},
			`aws s3api put-object --bucket b --key k --no-bucket-key-enabled --metadata '{"a":"<&>"}'`, true},
		{"IAM", "CreateLoginProfile", &iam.CreateLoginProfileInput{UserName: aws.String("ann"), Password: aws.String("secret!"), PasswordResetRequired: true},
			`aws iam create-login-profile --password PASSWORD --password-reset-required --user-name ann`, true},
		{"IAM", "SimulatePrincipalPolicy", &iam.SimulatePrincipalPolicyInput{ActionNames: []string{"s3:Get*", "a b"}, PolicySourceArn: aws.String("arn:aws:iam::1:user/u")},
			`aws iam simulate-principal-policy --action-names 's3:Get*' 'a b' --policy-source-arn arn:aws:iam::1:user/u`, false},
		{"AccessAnalyzer", "ListFindings", &analyzer.ListFindingsInput{AnalyzerArn: aws.String("a"), Filter: map[string]analyzertypes.Criterion{"status": {Eq: []string{"ACTIVE"}}}},
			`aws accessanalyzer list-findings --analyzer-arn a --filter '{"status":{"eq":["ACTIVE"]}}'`, false},
		{"S3", "GetObject", &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), IfModifiedSince: aws.Time(time.Unix(0, 0))},
			`aws s3api get-object --bucket b --key k --if-modified-since 1970-01-01T00:00:00Z FILE`, false},
	} {
		got := Of(c.service, c.operation, c.input)
		if got.Text != c.want || got.Writes != c.writes {
			t.Errorf("%s: %q, writes %t\nwant %q, %t", c.operation, got.Text, got.Writes, c.want, c.writes)
		}
	}
}
