package s3api

import (
	"context"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// writeInput is what all requests that make an object or an upload have.
type writeInput struct {
	bucket   *access.Bucket
	acl      requestACL
	metadata *records.Metadata
	// tagged says that the object gets tags, which needs a permission of its own.
	tagged bool
	tags   []*records.Tag
	lock   lockInput
	sse    *encryptionInput
	class  string // storage class; empty: not sent
	// keys sets the condition keys of s3:PutObject.
	keys func(*policy.Context)
}

// decodeWrite reads what all requests that make an object have. created is the value of
// s3:ObjectCreationOperation: whether the request makes the object or, as part of a multipart upload,
// only prepares it.
func decodeWrite(c *httpapi.Call, created bool) (writeInput, error) {
	var in writeInput
	var err error
	if in.tags, in.tagged, err = decodeTagging(c.HTTP); err != nil {
		return in, err
	}
	if in.lock, err = decodeLock(c.HTTP, c.Time); err != nil {
		return in, err
	}
	in.sse = new(encryptionInput)
	if in.class, err = decodeStorageClass(c.HTTP); err != nil {
		return in, err
	}
	encryption, tags, lock := in.sse, in.tags, in.lock
	in.keys = func(k *policy.Context) {
		putKeys(c.HTTP, created)(k)
		requestTags(k, tags)
		lock.keys(k, c.Time)
		encryption.keys(c.HTTP, k)
	}
	if in.metadata, err = decodeMetadata(c.HTTP); err != nil {
		return in, err
	}
	in.acl, err = decodeACL(c.HTTP, false)
	return in, err
}

// putKeys returns the condition keys that s3:PutObject has beside those of all actions and those of tags.
//
// Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
func putKeys(r *http.Request, created bool) func(*policy.Context) {
	return func(k *policy.Context) {
		fromHeaders(r, k, aclKeys...)
		fromHeaders(r, k, "x-amz-copy-source", "x-amz-metadata-directive", "x-amz-storage-class",
			"x-amz-website-redirect-location", "if-match", "if-none-match")
		k.Set("s3:ObjectCreationOperation", boolean(created))
	}
}

func boolean(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// checks are the questions before anything is written, as if the key were new. An ACL needs
// s3:PutObjectAcl from the account that will own the object, whatever the ACL says, "private" too. Tags need
// s3:PutObjectTagging from the bucket's owner, to whom tags belong.
func (in *writeInput) checks(c *httpapi.Call) []access.Check {
	checks := []access.Check{objectCheck(in.bucket, c.Key, "s3:PutObject", nil, in.keys)}
	if in.acl.given {
		implied := objectCheck(in.bucket, c.Key, "s3:PutObjectAcl", nil, func(k *policy.Context) {
			fromHeaders(c.HTTP, k, aclKeys...)
			fromHeaders(c.HTTP, k, "x-amz-storage-class")
		})
		implied.NewOwner, _ = in.bucket.FutureOwner(c.Caller, in.acl.canned)
		checks = append(checks, implied)
	}
	if in.tagged {
		// The object that gets the tags is a new one: s3:ExistingObjectTag is not about what it replaces.
		checks = append(checks, objectCheck(in.bucket, c.Key, putTags.plain, nil, func(k *policy.Context) { requestTags(k, in.tags) }))
	}
	return append(checks, in.lock.checks(in.bucket, c.Key, c.Time)...)
}

// newObject returns the record of the object that the request makes, or the error with which the bucket's
// settings refuse its ACL.
func (s *Service) newObject(ctx context.Context, c *httpapi.Call, in *writeInput) (*records.Object, error) {
	owner, account := in.bucket.FutureOwner(c.Caller, in.acl.canned)
	list, err := s.objectACL(ctx, c, in.bucket, in.acl, owner)
	if err != nil {
		return nil, err
	}
	c.Record.ObjectOwner = owner
	encryption, err := s.encryption(ctx, c, in.bucket, in.sse)
	if err != nil {
		return nil, err
	}
	o := &records.Object{
		Owner: string(owner), OwnerAccount: string(account), Metadata: in.metadata, Acl: access.Grants(list),
		Tags: in.tags, WrittenUnderEnforced: in.bucket.Enforced, StorageClass: in.class, Encryption: encryption,
	}
	in.lock.apply(o)
	return o, nil
}

type putObjectInput struct {
	writeInput
	digest digest
	cond   writeConditions
	event  string // as objects.Origin has it
}

// putObject is PutObject.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func (s *Service) putObject() httpapi.Operation {
	return httpapi.Row[putObjectInput]{
		Name: "PutObject",
		Decode: func(c *httpapi.Call) (*putObjectInput, error) {
			w, err := decodeWrite(c, true)
			if err != nil {
				return nil, err
			}
			in := &putObjectInput{writeInput: w, event: "ObjectCreated:Put"}
			if in.digest, err = decodeDigest(c.HTTP); err != nil {
				return nil, err
			}
			if in.cond, err = decodeWriteConditions(c.HTTP); err != nil {
				return nil, err
			}
			return in, needLength(c)
		},
		Load:   s.loadPutObject,
		Checks: func(c *httpapi.Call, in *putObjectInput) []access.Check { return in.checks(c) },
		Run:    s.runPutObject,
	}.Operation()
}

// loadPutObject reads the bucket, and names the KMS key that the request asks for.
func (s *Service) loadPutObject(ctx context.Context, c *httpapi.Call, in *putObjectInput) (err error) {
	if in.bucket, err = s.loadBucket(ctx, c); err != nil {
		return err
	}
	return s.nameKey(ctx, c, in.sse)
}

// needLength refuses a payload whose length the client does not tell. To HTTP a request without any header that
// tells it has no payload; to S3 it has forgotten something.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (MissingContentLength)
func needLength(c *httpapi.Call) error {
	if c.Length < 0 || c.HTTP.ContentLength == 0 && !has(c.HTTP, "Content-Length") {
		return apierr.New(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	return nil
}

func (s *Service) runPutObject(ctx context.Context, c *httpapi.Call, in *putObjectInput) (*httpapi.Response, error) {
	if err := in.lock.judge(in.bucket, in.digest.given()); err != nil {
		return nil, err
	}
	object, err := s.newObject(ctx, c, &in.writeInput)
	if err != nil {
		return nil, err
	}
	n := objects.NewObject{
		Bucket: in.bucket.ID, BucketName: in.bucket.Record.Name, Key: c.Key, Object: object,
		Length: c.Length, ContentMD5: in.digest.md5, Algorithm: string(in.digest.algorithm),
		Expected: func() ([]byte, error) { return in.digest.expected(c) }, Customer: in.sse.customer,
		Origin: origin(c, in.event),
		Guard:  rejudge(ctx, c, in.bucket, c.Key, objectCheck(in.bucket, c.Key, "s3:PutObject", nil, in.keys), in.cond),
	}
	if n.Algorithm == "" {
		n.Algorithm = string(defaultAlgorithm)
	}
	stored, err := s.objects.Put(ctx, n, c.Body)
	if err != nil {
		return nil, err
	}
	c.Record.ObjectSize = &stored.Size
	r := empty()
	r.Header.Set("ETag", quotedETag(stored))
	setWritten(r.Header, stored)
	setEncryption(r.Header, stored.Encryption)
	setContext(r.Header, stored.Encryption)
	s.setExpiration(r.Header, in.bucket, c.Key, stored, c.Time)
	setChecksum(r.Header, stored.Checksum, 0)
	return r, nil
}
