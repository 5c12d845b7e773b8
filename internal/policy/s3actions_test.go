package policy

import (
	"strings"
	"testing"
)

// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func TestS3Action(t *testing.T) {
	for name, want := range map[string]S3ActionInfo{
		"s3:GetObject":                {"s3:GetObject", OnObject},
		"S3:getobject":                {"s3:GetObject", OnObject},
		"s3:ListBucket":               {"s3:ListBucket", OnBucket},
		"s3:PutBucketPolicy":          {"s3:PutBucketPolicy", OnBucket},
		"s3:CreateBucket":             {"s3:CreateBucket", OnBucket},
		"s3:TagResource":              {"s3:TagResource", OnBucket},
		"s3:ListAllMyBuckets":         {"s3:ListAllMyBuckets", OnNothing},
		"s3:DescribeJob":              {"s3:DescribeJob", OnOther},
		"s3:ListMultipartUploadParts": {"s3:ListMultipartUploadParts", OnObject},
	} {
		if got, ok := S3Action(name); !ok || got != want {
			t.Errorf("%s: got %v %v, want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "s3:", "GetObject", "s3:HeadObject", "iam:GetUser", "s3:*"} {
		if got, ok := S3Action(name); ok {
			t.Errorf("%q: got %v", name, got)
		}
	}
}

func TestS3Actions(t *testing.T) {
	var names []string
	for _, a := range matchS3("s3:getbucketp*") {
		names = append(names, a.Name)
	}
	if got, want := strings.Join(names, " "), "s3:GetBucketPolicy s3:GetBucketPolicyStatus s3:GetBucketPublicAccessBlock"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := len(matchS3("*")); got != len(s3Table) {
		t.Errorf("got %d of %d", got, len(s3Table))
	}
}

// The actions that authorize the operations of S3's API are all in the table.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
func TestTableHasTheActionsInUse(t *testing.T) {
	bucket := "CreateBucket DeleteBucket ListBucket ListBucketVersions ListBucketMultipartUploads GetBucketLocation GetBucketAcl PutBucketAcl " +
		"GetBucketPolicy PutBucketPolicy DeleteBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock PutBucketPublicAccessBlock " +
		"GetBucketOwnershipControls PutBucketOwnershipControls GetBucketVersioning PutBucketVersioning GetBucketLogging PutBucketLogging " +
		"GetBucketCORS PutBucketCORS GetLifecycleConfiguration PutLifecycleConfiguration GetBucketTagging PutBucketTagging " +
		"GetEncryptionConfiguration PutEncryptionConfiguration GetBucketWebsite PutBucketWebsite DeleteBucketWebsite GetBucketNotification " +
		"PutBucketNotification GetReplicationConfiguration PutReplicationConfiguration GetBucketRequestPayment PutBucketRequestPayment " +
		"GetAccelerateConfiguration PutAccelerateConfiguration GetBucketObjectLockConfiguration PutBucketObjectLockConfiguration"
	object := "GetObject GetObjectVersion GetObjectAttributes GetObjectVersionAttributes GetObjectAcl GetObjectVersionAcl PutObjectAcl " +
		"PutObjectVersionAcl GetObjectTagging GetObjectVersionTagging PutObjectTagging PutObjectVersionTagging DeleteObjectTagging " +
		"DeleteObjectVersionTagging GetObjectRetention PutObjectRetention GetObjectLegalHold PutObjectLegalHold BypassGovernanceRetention " +
		"PutObject DeleteObject DeleteObjectVersion AbortMultipartUpload ListMultipartUploadParts RestoreObject"
	for kind, names := range map[ResourceKind]string{OnBucket: bucket, OnObject: object} {
		for _, name := range strings.Fields(names) {
			if got, ok := S3Action("s3:" + name); !ok || got.Resource != kind {
				t.Errorf("%s: got %v %v", name, got, ok)
			}
		}
	}
}
