package console_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	analyzertypes "github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// filled is a world with something in every list, and the names in it that were drawn.
type filled struct {
	*world
	names    map[string]string
	scripted []string // events of what scripts of pages have sent
}

// newFilled makes a world of testdata/filled.yaml and of what a bootstrap file cannot say.
func newFilled(t *testing.T) *filled {
	t.Helper()
	f := &filled{world: newWorldOf(t, "filled.yaml"), names: map[string]string{}}
	f.fillStorage(t)
	f.fillIdentities(t)
	f.fillOrganization(t)
	f.fillRequest(t)
	f.fillWhy(t)
	return f
}

// path puts the names of this world into a path, in the place of {NAME}.
func (f *filled) path(t *testing.T, path string) string {
	t.Helper()
	for name, value := range f.names {
		path = strings.ReplaceAll(path, "{"+name+"}", escaped(value))
	}
	if strings.Contains(path, "{") {
		t.Fatalf("the world has not what is named in %s", path)
	}
	return path
}

func (f *filled) fillStorage(t *testing.T) {
	t.Helper()
	ctx, client := t.Context(), f.s3(adminA)
	b := aws.String(bucket)
	done[*s3.PutBucketVersioningOutput](t)(client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: b, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}}))
	put := func(key, text string) *s3.PutObjectOutput {
		return done[*s3.PutObjectOutput](t)(client.PutObject(ctx, &s3.PutObjectInput{Bucket: b, Key: &key, Body: strings.NewReader(text), ContentType: aws.String("text/plain"), Metadata: map[string]string{"purpose": "example"}}))
	}
	put("versions.txt", "first")
	f.names["version"] = aws.ToString(put("versions.txt", "second").VersionId)
	put("deleted.txt", "was here")
	done[*s3.DeleteObjectOutput](t)(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b, Key: aws.String("deleted.txt")}))
	done[*s3.PutObjectOutput](t)(client.PutObject(ctx, &s3.PutObjectInput{Bucket: b, Key: aws.String("dot.png"), Body: bytes.NewReader(dot), ContentType: aws.String("image/png")}))
	upload := done[*s3.CreateMultipartUploadOutput](t)(client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: b, Key: aws.String("unfinished.bin")}))
	f.names["upload"] = aws.ToString(upload.UploadId)
	done[*s3.PutBucketCorsOutput](t)(client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: b, CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{
		{ID: aws.String("app"), AllowedMethods: []string{"GET", "PUT"}, AllowedOrigins: []string{"https://app.example.com"}, AllowedHeaders: []string{"*"}, ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: aws.Int32(300)},
	}}}))
	done[*s3.PutBucketLifecycleConfigurationOutput](t)(client.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: b, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{
		{ID: aws.String("old logs"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("logs/")}, Expiration: &types.LifecycleExpiration{Days: aws.Int32(365)}, NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(30)}},
		{ID: aws.String("uploads"), Status: types.ExpirationStatusDisabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")}, AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(7)}},
	}}}))
	done[*s3.PutBucketEncryptionOutput](t)(client.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: b, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{
		{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms, KMSMasterKeyID: aws.String("arn:aws:kms:us-east-1:" + accountA + ":key/1234abcd-12ab-34cd-56ef-1234567890ab")}, BucketKeyEnabled: aws.Bool(true)},
	}}}))
	done[*s3.PutBucketWebsiteOutput](t)(client.PutBucketWebsite(ctx, &s3.PutBucketWebsiteInput{Bucket: aws.String("website"), WebsiteConfiguration: &types.WebsiteConfiguration{IndexDocument: &types.IndexDocument{Suffix: aws.String("index.html")}, ErrorDocument: &types.ErrorDocument{Key: aws.String("404.html")}}}))
	done[*s3.CreateBucketOutput](t)(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("locked-bucket"), ObjectLockEnabledForBucket: aws.Bool(true)}))
	done[*s3.PutObjectLockConfigurationOutput](t)(client.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: aws.String("locked-bucket"), ObjectLockConfiguration: &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled, Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeGovernance, Days: aws.Int32(1)}}}}))
	done[*s3.PutObjectOutput](t)(client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("locked-bucket"), Key: aws.String("kept.txt"), Body: strings.NewReader("kept")}))
}

// dot is a picture of one point.
var dot = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82")

func (f *filled) fillIdentities(t *testing.T) {
	t.Helper()
	ctx, client := t.Context(), f.iam(adminA)
	f.phoneOf(t, adminA, "ann")
	done[*iam.CreateVirtualMFADeviceOutput](t)(client.CreateVirtualMFADevice(ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("spare")}))
	done[*iam.CreateAccountAliasOutput](t)(client.CreateAccountAlias(ctx, &iam.CreateAccountAliasInput{AccountAlias: aws.String("cookbook")}))
	done[*iam.UpdateAccountPasswordPolicyOutput](t)(client.UpdateAccountPasswordPolicy(ctx, &iam.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(8), RequireNumbers: true}))
	done[*iam.CreatePolicyVersionOutput](t)(client.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
		PolicyArn: aws.String("arn:aws:iam::" + accountA + ":policy/ReadLogs"), SetAsDefault: true,
		PolicyDocument: aws.String(`{"Version": "2012-10-17", "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::awsseccookbook", "arn:aws:s3:::awsseccookbook/*"]}]}`),
	}))
	done[*iam.CreateOpenIDConnectProviderOutput](t)(client.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://issuer.example.com"), ClientIDList: []string{"app"}, ThumbprintList: []string{strings.Repeat("a", 40)}}))
}

func (f *filled) fillOrganization(t *testing.T) {
	t.Helper()
	ctx, client := t.Context(), f.organizations(adminA)
	roots := done[*organizations.ListRootsOutput](t)(client.ListRoots(ctx, &organizations.ListRootsInput{}))
	f.names["root"] = aws.ToString(roots.Roots[0].Id)
	units := done[*organizations.ListOrganizationalUnitsForParentOutput](t)(client.ListOrganizationalUnitsForParent(ctx, &organizations.ListOrganizationalUnitsForParentInput{ParentId: roots.Roots[0].Id}))
	f.names["unit"] = aws.ToString(units.OrganizationalUnits[0].Id)
	policies := done[*organizations.ListPoliciesOutput](t)(client.ListPolicies(ctx, &organizations.ListPoliciesInput{Filter: "SERVICE_CONTROL_POLICY"}))
	for _, p := range policies.Policies {
		if aws.ToString(p.Name) == "NoDeletions" {
			f.names["scp"] = aws.ToString(p.Id)
		}
	}
}

// fillRequest has an account made by self-service.
func (f *filled) fillRequest(t *testing.T) {
	t.Helper()
	made := done[*organizations.CreateAccountOutput](t)(f.organizations(adminA).CreateAccount(t.Context(), &organizations.CreateAccountInput{
		AccountName: aws.String("archive"), Email: aws.String("archive@example.com"),
	}))
	f.names["request"] = aws.ToString(made.CreateAccountStatus.Id)
}

// fillWhy makes decisions, events, findings, and a trail.
func (f *filled) fillWhy(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	f.names["denied"] = f.denied(ctx, t)
	done[*s3.PutBucketPolicyOutput](t)(f.s3(adminA).PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("archive-of-logs"), Policy: aws.String(
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": ["s3:GetBucketAcl", "s3:PutObject"], "Resource": ["arn:aws:s3:::archive-of-logs", "arn:aws:s3:::archive-of-logs/*"]}}`)}))
	trail := done[*cloudtrail.CreateTrailOutput](t)(f.cloudTrail(adminA).CreateTrail(ctx, &cloudtrail.CreateTrailInput{Name: aws.String("everything"), S3BucketName: aws.String("archive-of-logs")}))
	f.names["trail"] = aws.ToString(trail.TrailARN)
	done[*cloudtrail.StartLoggingOutput](t)(f.cloudTrail(adminA).StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: trail.TrailARN}))
	analyzer := accessanalyzer.NewFromConfig(f.config(adminA))
	made := done[*accessanalyzer.CreateAnalyzerOutput](t)(analyzer.CreateAnalyzer(ctx, &accessanalyzer.CreateAnalyzerInput{AnalyzerName: aws.String("outside"), Type: analyzertypes.TypeAccount}))
	f.names["analyzer"] = "outside"
	found := done[*accessanalyzer.ListFindingsV2Output](t)(analyzer.ListFindingsV2(ctx, &accessanalyzer.ListFindingsV2Input{AnalyzerArn: made.Arn}))
	if len(found.Findings) == 0 {
		t.Fatal("the analyzer has no finding")
	}
	f.names["finding"] = aws.ToString(found.Findings[0].Id)
}

// denied has a request of A's denied, and returns its ID.
func (f *filled) denied(ctx context.Context, t *testing.T) string {
	t.Helper()
	_, err := f.s3(plainA).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("from-a.txt")})
	id := requestID(err)
	if id == "" {
		t.Fatalf("reading as a user without a policy: %v", err)
	}
	return id
}

// requestID returns the ID of a request that was denied; empty if it was not.
func requestID(err error) string {
	var response *smithyhttp.ResponseError
	var id interface{ ServiceRequestID() string }
	if !errors.As(err, &response) || response.HTTPStatusCode() != 403 || !errors.As(err, &id) {
		return ""
	}
	return id.ServiceRequestID()
}
