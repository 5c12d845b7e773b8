package s3api

import (
	"context"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// objectWriter is the value of Object Ownership by which whoever writes an object owns it.
const objectWriter = "ObjectWriter"

// loadBucket returns the facts of the bucket that the request addresses, after the test of
// x-amz-expected-bucket-owner, which comes before every permission.
func (s *Service) loadBucket(ctx context.Context, c *httpapi.Call) (*access.Bucket, error) {
	b, err := s.Buckets.Bucket(ctx, c.Bucket)
	if err != nil {
		return nil, err
	}
	c.Record.ResourceOwner = b.Owner
	return b, expectOwner(c, authz.ExpectedOwner, b)
}

// expectOwner compares a bucket's owner with the account that a header names, if it was sent. The setting's
// name is that of the header.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
func expectOwner(c *httpapi.Call, setting authz.Setting, b *access.Bucket) error {
	name := setting.String()
	if !has(c.HTTP, name) {
		return nil
	}
	want := header(c.HTTP, name)
	// An anonymous caller is told no more than that it is refused.
	if _, err := ids.ParseAccountID(want); err != nil && c.Caller.Kind != policy.Anonymous {
		return apierr.New(http.StatusBadRequest, "InvalidBucketOwnerAWSAccountID",
			"The value of the expected bucket owner parameter must be an AWS Account ID... [%s]", want)
	}
	if want != string(b.Owner) {
		asked := access.Check{Resource: arn.Bucket(b.Record.Name).String()}
		return c.Refuse(&asked, authz.ExpectedBucketOwner, setting, apierr.AccessDenied("Access Denied"))
	}
	return nil
}

// noSuchKey is the error for an object that is not there.
func noSuchKey(key string) *apierr.Error {
	return apierr.New(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.").With("Key", key)
}

// bucketCheck asks for an action on a bucket. set adds the condition keys that the action has beside
// those of all actions; nil for none.
func bucketCheck(b *access.Bucket, action string, set func(*policy.Context)) access.Check {
	return access.Check{Action: action, Resource: arn.Bucket(b.Record.Name).String(), Owner: b.Owner, Bucket: b, Keys: set}
}

// objectCheck asks for an action on a key; o is the object there, nil if there is none.
func objectCheck(b *access.Bucket, key, action string, o *records.Object, set func(*policy.Context)) access.Check {
	return access.Check{
		Action: action, Resource: arn.Object(b.Record.Name, key).String(), Owner: b.Owner, Bucket: b,
		Object: b.Object(o), Keys: set,
	}
}

// taggedCheck is objectCheck for the actions that s3:ExistingObjectTag works with: those that read an
// object, its ACL or its tags, and those that change its ACL or its tags.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html and section 6.5 of the
// S3 reference ("Probed limits")
func taggedCheck(b *access.Bucket, key, action string, o *records.Object, set func(*policy.Context)) access.Check {
	return objectCheck(b, key, action, o, func(k *policy.Context) {
		existingTags(k, o)
		set(k)
	})
}

// missingKey asks whether a caller that reads a key that is not there may know so: whoever may list the
// bucket is told NoSuchKey, all others AccessDenied. s3:GetObject is not asked for: a public bucket
// tells strangers that a key is missing although no object ACL lets them read it.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Permissions) and
// test_object_raw_get_object_gone of https://github.com/ceph/s3-tests, which AWS passes
//
// The key stands for s3:prefix, so that whoever may list a prefix learns of the keys below it only
// (test_head_object_404_with_policy_prefix there).
func missingKey(b *access.Bucket, key string) access.Check {
	return bucketCheck(b, "s3:ListBucket", func(k *policy.Context) { k.Set("s3:prefix", key) })
}

// fromHeaders returns condition keys that hold request headers as they were sent; a header that was not
// sent leaves its key absent. Names are those of the headers.
func fromHeaders(r *http.Request, k *policy.Context, names ...string) {
	for _, name := range names {
		if has(r, name) {
			k.Set("s3:"+name, header(r, name))
		}
	}
}

// aclKeys are the headers behind the condition keys of requests that carry an ACL.
var aclKeys = []string{
	"x-amz-acl", "x-amz-grant-read", "x-amz-grant-write", "x-amz-grant-read-acp", "x-amz-grant-write-acp",
	"x-amz-grant-full-control",
}

// rejudge returns a guard that asks check again with the object that is replaced or removed, and then
// the conditions of the request. The check was asked before with an assumption about what is there, the
// one that needs the least; where the assumption turns out to be true, the answer stands.
func rejudge(ctx context.Context, c *httpapi.Call, b *access.Bucket, key string, check access.Check, cond writeConditions) objects.Guard {
	anew := c.Anew()
	assumed := check.Object
	return func(existing *records.Object) error {
		anew()
		if existing != nil || assumed != nil {
			check.Object = b.Object(existing)
			if err := c.Authorize(ctx, &check); err != nil {
				return err
			}
		}
		return cond.judge(ctx, c, b, key, existing)
	}
}
