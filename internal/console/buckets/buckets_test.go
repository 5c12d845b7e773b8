package buckets

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"crossgrant/internal/console/s3test"
)

// TestBuckets makes, finds, empties and deletes buckets.
func TestBuckets(t *testing.T) {
	t.Parallel()
	v := s3test.New(t).Visit(Section(), s3test.A)
	v.Has("/buckets", "Your account has no buckets yet", "aws s3api list-buckets --max-buckets 100")
	v.Has("/create/bucket", "Object ownership")
	for i := range perPage + 1 {
		if to := v.Does("/create/bucket", "create", "name", fmt.Sprintf("bucket-%03d", i)); to != fmt.Sprintf("/buckets/bucket-%03d", i) {
			t.Errorf("leads to %s", to)
		}
	}
	v.Has("/buckets", "bucket-000", "Next page")
	if strings.Contains(v.Has("/buckets"), "bucket-100") {
		t.Error("the first page has the last bucket")
	}
	v.Has("/buckets?token="+url.QueryEscape(next(t, v.Has("/buckets"))), "bucket-100", "First page")
	v.Has("/buckets?prefix=bucket-05", "bucket-050")
	v.Has("/buckets?prefix="+url.QueryEscape("<b>"), "No bucket begins with “<b>”")
	if to := v.Does("/buckets", "open", "name", " s3://some-bucket/a/b "); to != "/buckets/some-bucket?prefix=a%2Fb" {
		t.Errorf("open leads to %s", to)
	}
	v.Refused("Type the name", "/buckets", "open", "name", " ")
	v.Has("/buckets/bucket-000/delete", "Its name is free then")
	v.Dry("aws s3api delete-bucket --bucket bucket-000", "/buckets/bucket-000/delete", "delete")
	v.Refused("type bucket-000 to confirm", "/buckets/bucket-000/delete", "delete", "confirm", "bucket-00")
	if to := v.Does("/buckets/bucket-000/delete", "delete", "confirm", "bucket-000"); to != "/buckets" {
		t.Errorf("leads to %s", to)
	}
	v.Has("/buckets/bucket-000/delete", "NoSuchBucket")
	v.Has("/buckets/bucket-001/empty", `Type <strong class="typed">bucket-001</strong> to confirm`)
	v.Refused("type bucket-001 to confirm", "/buckets/bucket-001/empty", "empty", "confirm", "x")
	if body := v.Shows("/buckets/bucket-001/empty", "empty", "confirm", "bucket-001"); !strings.Contains(body, "0 versions and delete markers were deleted") {
		t.Error(body)
	}
	v.Dry("Type a name for the bucket.", "/create/bucket", "create", "name", "")
}

// TestEmpty holds that versions and delete markers are deleted, below a prefix or all of them, and what a lock keeps is told.
func TestEmpty(t *testing.T) {
	t.Parallel()
	w := s3test.New(t)
	v := w.Visit(Section(), s3test.A)
	w.CreateBucket("full", true)
	w.Fill("full", "a/", 3)
	w.Fill("full", "a/", 2)
	w.Fill("full", "b/", 1)
	v.Has("/buckets/full/delete", "The bucket is not empty")
	v.Refused("BucketNotEmpty", "/buckets/full/delete", "delete", "confirm", "full")
	v.Has("/buckets/full/empty?prefix=a/", "whose key begins with")
	v.Dry("aws s3api list-object-versions --bucket full --prefix a/ --max-items 1000 --output json --query '{Objects: [Versions, DeleteMarkers][][].{Key: Key, VersionId: VersionId}, Quiet: `true`}' > batch.json\n"+
		"aws s3api delete-objects --bucket full --delete file://batch.json", "/buckets/full/empty?prefix=a/", "empty")
	for _, c := range [][2]string{{"?prefix=a/", "5 versions and delete markers were deleted. Nothing more"}, {"?prefix=a/", "0 versions"}, {"", "1 versions"}} {
		if body := v.Shows("/buckets/full/empty"+c[0], "empty", "confirm", "full"); !strings.Contains(body, c[1]) {
			t.Errorf("%s: %s", c[0], body)
		}
	}
	v.Does("/buckets/full/delete", "delete", "confirm", "full")
}

// next finds the token of the next page.
func next(t *testing.T, body string) string {
	t.Helper()
	_, after, found := strings.Cut(body, "/buckets?token=")
	token, _, ended := strings.Cut(after, `"`)
	if !found || !ended {
		t.Fatal("there is no next page")
	}
	token, err := url.QueryUnescape(token)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestCreate holds what the form for a new bucket does.
func TestCreate(t *testing.T) {
	t.Parallel()
	v := s3test.New(t).Visit(Section(), s3test.A)
	create := func(want string, pairs ...string) {
		t.Helper()
		v.Dry(want, "/create/bucket", "create", append([]string{"name", "new-one"}, pairs...)...)
	}
	const begin = "aws s3api create-bucket --bucket new-one"
	create(begin)
	create(begin+" --object-ownership BucketOwnerEnforced", "ownership", "BucketOwnerEnforced", "BlockPublicAcls", "on", "retentionMode", "GOVERNANCE", "kmsKey", "not chosen")
	create(begin+"\n"+`aws s3api put-public-access-block --bucket new-one --public-access-block-configuration '{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true}'`, "block", "all")
	create(begin+"\n"+`aws s3api put-public-access-block --bucket new-one --public-access-block-configuration '{"BlockPublicAcls":false,"BlockPublicPolicy":true,"IgnorePublicAcls":false,"RestrictPublicBuckets":false}'`, "block", "some", "BlockPublicPolicy", "on")
	create(begin+"\n"+`aws s3api put-bucket-versioning --bucket new-one --versioning-configuration '{"Status":"Enabled"}'`, "versioning", "on")
	create(begin+" --object-lock-enabled-for-bucket", "versioning", "on", "lock", "on")
	create(begin+" --object-lock-enabled-for-bucket\n"+`aws s3api put-object-lock-configuration --bucket new-one --object-lock-configuration '{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"COMPLIANCE","Years":2}}}'`, "lock", "on", "retentionMode", "COMPLIANCE", "retention", "2", "retentionUnit", "years")
	create(begin+"\n"+`aws s3api put-bucket-encryption --bucket new-one --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"alias/k"},"BucketKeyEnabled":true}]}'`, "encryption", "aws:kms", "kmsKey", "alias/k", "bucketKey", "on")
	create(begin+"\n"+`aws s3api put-bucket-tagging --bucket new-one --tagging '{"TagSet":[{"Key":"a=b","Value":"c"}]}'`, "tagKey", "", "tagKey", "a=b", "tagValue", "x", "tagValue", "c")
	v.Refused("needs a number", "/create/bucket", "create", "name", "new-one", "lock", "on", "retentionMode", "GOVERNANCE", "retention", "0")
	v.Refused("InvalidBucketName", "/create/bucket", "create", "name", "New_One")
	// What fails after the bucket is there is told, and leads to the bucket.
	body := v.Shows("/create/bucket", "create", "name", "new-one", "versioning", "on", "tagKey", "aws:x", "tagValue", "y")
	for _, want := range []string{"was created, but not set up", "InvalidTag", `href="/buckets/new-one"`, ">done<"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in %s", want, body)
		}
	}
	v.Refused("There is a bucket with the name new-one already", "/create/bucket", "create", "name", "new-one", "ownership", "ObjectWriter")
}
