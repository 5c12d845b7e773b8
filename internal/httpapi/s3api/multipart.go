package s3api

import (
	"context"
	"errors"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/blob"
	"crossgrant/internal/checksum"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
	"crossgrant/internal/wire/restxml"
)

const noAnonymousUpload = "Anonymous users cannot initiate multipart uploads.  Please authenticate."

type createUploadInput struct {
	writeInput
	algorithm checksum.Algorithm // empty: the client named none
	kind      checksum.Type
}

// createMultipartUpload is CreateMultipartUpload. Owner, ACL and metadata of the object are decided here.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
func (s *Service) createMultipartUpload() httpapi.Operation {
	return httpapi.Row[createUploadInput]{
		Name:   "CreateMultipartUpload",
		Decode: decodeCreateUpload,
		Load: func(ctx context.Context, c *httpapi.Call, in *createUploadInput) (err error) {
			if in.bucket, err = s.loadBucket(ctx, c); err != nil {
				return err
			}
			if err := refuseAnonymous(c, noAnonymousUpload); err != nil {
				return err
			}
			return s.nameKey(ctx, c, in.sse)
		},
		Checks: func(c *httpapi.Call, in *createUploadInput) []access.Check { return in.checks(c) },
		Run:    s.runCreateUpload,
	}.Operation()
}

func decodeCreateUpload(c *httpapi.Call) (*createUploadInput, error) {
	w, err := decodeWrite(c, false)
	if err != nil {
		return nil, err
	}
	in := &createUploadInput{writeInput: w}
	if in.algorithm, err = decodeAlgorithm(c); err != nil {
		return nil, err
	}
	const name = "x-amz-checksum-type"
	switch {
	case !has(c.HTTP, name):
		if in.algorithm != "" {
			in.kind = in.algorithm.DefaultType()
		}
		return in, nil
	case in.algorithm == "":
		return nil, invalidRequest("The %s header can only be used with the x-amz-checksum-algorithm header.", name)
	}
	if in.kind, err = checksum.ParseType(header(c.HTTP, name)); err != nil {
		return nil, invalidRequest("Value for %s header is invalid.", name)
	}
	if !in.algorithm.Supports(in.kind) {
		return nil, invalidRequest("The %s checksum type cannot be used with the %s checksum algorithm.", in.kind, in.algorithm.Header()[len("x-amz-checksum-"):])
	}
	return in, nil
}

func (s *Service) runCreateUpload(ctx context.Context, c *httpapi.Call, in *createUploadInput) (*httpapi.Response, error) {
	if err := in.lock.judge(in.bucket, true); err != nil {
		return nil, err
	}
	object, err := s.newObject(ctx, c, &in.writeInput)
	if err != nil {
		return nil, err
	}
	upload := &records.Upload{
		Key: c.Key, Owner: object.Owner, OwnerAccount: object.OwnerAccount, Metadata: object.Metadata, Acl: object.Acl,
		Tags: object.Tags, WrittenUnderEnforced: object.WrittenUnderEnforced, Encryption: object.Encryption,
		Retention: object.Retention, LegalHold: object.LegalHold, LegalHoldSet: object.LegalHoldSet,
		StorageClass: object.StorageClass, CannedAcl: in.acl.canned, GrantHeaders: in.acl.grants,
		InitiatorArn: c.Caller.ARN, InitiatorId: c.Caller.UserID(), InitiatorAccount: string(c.Caller.Account),
		InitiatorName:     initiatorName(c.Caller),
		ChecksumAlgorithm: string(in.algorithm), ChecksumComposite: in.kind == checksum.Composite,
	}
	if in.algorithm == "" {
		upload.ChecksumAlgorithm, upload.ChecksumUnasked = string(defaultAlgorithm), true
	}
	if err := s.objects.CreateUpload(ctx, in.bucket.ID, in.bucket.Record.Name, upload, in.sse.customer); err != nil {
		return nil, err
	}
	d := restxml.New("InitiateMultipartUploadResult")
	d.Text("Bucket", c.Bucket)
	d.Text("Key", c.Key)
	d.Text("UploadId", upload.Id)
	r := document(d)
	setEncryption(r.Header, upload.Encryption)
	setContext(r.Header, upload.Encryption)
	s.setAbort(r.Header, in.bucket, upload)
	if in.algorithm != "" {
		r.Header.Set("X-Amz-Checksum-Algorithm", string(in.algorithm))
		r.Header.Set("X-Amz-Checksum-Type", string(in.kind))
	}
	return r, nil
}

// initiatorName is the display name of who begins an upload.
func initiatorName(caller *access.Caller) string {
	if caller.Kind == policy.Root {
		return caller.AccountName
	}
	return caller.Name
}

// uploadInput is what the requests on an upload in progress have.
type uploadInput struct {
	bucket *access.Bucket
	id     string
	upload *records.Upload // nil: there is none

	customer *sse.CustomerKey // of its content; nil: it needs none
}

// loadUpload reads bucket and upload. That there is no such upload is told after the permissions are
// known.
func (s *Service) loadUpload(ctx context.Context, c *httpapi.Call, in *uploadInput) (err error) {
	if in.bucket, err = s.loadBucket(ctx, c); err != nil {
		return err
	}
	in.upload, err = s.objects.Upload(ctx, in.bucket.ID, c.Key, in.id)
	if apierr.Is(err, "NoSuchUpload") {
		in.upload, err = nil, nil
	}
	return err
}

// exists returns NoSuchUpload if there is no such upload.
func (in *uploadInput) exists() error {
	if in.upload == nil {
		return apierr.New(http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist. The upload ID may be "+
			"invalid, or the upload may have been aborted or completed.").With("UploadId", in.id)
	}
	return nil
}

// check asks for s3:PutObject with the ACL, the tags, the lock and the storage class that the upload was created with, so that a bucket
// policy on s3:x-amz-acl or s3:RequestObjectTag also works for large files. AWS was reported to leave the ACL out, and so to refuse every
// part under such a policy, until 2020.
//
// Source: https://github.com/boto/boto3/issues/2525
func (in *uploadInput) check(c *httpapi.Call, created bool) access.Check {
	keys := putKeys(c.HTTP, created)
	return objectCheck(in.bucket, c.Key, "s3:PutObject", nil, func(k *policy.Context) {
		keys(k)
		fromHeaders(c.HTTP, k, customerAlgorithm)
		if in.upload == nil {
			return
		}
		carriedKeys(in.upload, k)
		if in.upload.CannedAcl != "" {
			k.Set("s3:"+acl.CannedHeader, in.upload.CannedAcl)
		}
		for name, value := range in.upload.GrantHeaders {
			k.Set("s3:"+name, value)
		}
		requestTags(k, in.upload.Tags)
		uploadClass(k, in.upload)
		lockOf(in.upload).keys(k, c.Time)
	})
}

// lockOf returns what an upload was created with of object lock.
func lockOf(u *records.Upload) *lockInput {
	in := &lockInput{retention: u.Retention}
	if u.LegalHoldSet {
		in.hold = holdStatus(u.LegalHold)
	}
	return in
}

// refuseWrite refuses an ACL, tags or an encryption on a request on an upload, which would not be obeyed.
func refuseWrite(c *httpapi.Call) error {
	if err := refuseEncryption(c.HTTP); err != nil {
		return err
	}
	for _, name := range append([]string{taggingHeader}, aclKeys...) {
		if has(c.HTTP, name) {
			return refusedHeader(name)
		}
	}
	return nil
}

type uploadPartInput struct {
	uploadInput
	number int
	digest digest

	source      copySource // UploadPartCopy
	first, last int64      // x-amz-copy-source-range
	rangeGiven  bool
	rangeText   string
}

func decodeUploadPart(c *httpapi.Call) (*uploadPartInput, error) {
	in := &uploadPartInput{uploadInput: uploadInput{id: c.Query().Get("uploadId")}}
	if err := refuseWrite(c); err != nil {
		return nil, err
	}
	var err error
	if in.number, err = decodePartNumber(c); err != nil {
		return nil, err
	}
	if in.digest, err = decodeDigest(c.HTTP); err != nil {
		return nil, err
	}
	return in, nil
}

// uploadPart is UploadPart.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
func (s *Service) uploadPart() httpapi.Operation {
	return httpapi.Row[uploadPartInput]{
		Name: "UploadPart",
		Decode: func(c *httpapi.Call) (*uploadPartInput, error) {
			in, err := decodeUploadPart(c)
			if err != nil {
				return nil, err
			}
			return in, needLength(c)
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *uploadPartInput) error {
			return s.loadUpload(ctx, c, &in.uploadInput)
		},
		Checks: func(c *httpapi.Call, in *uploadPartInput) []access.Check {
			return []access.Check{in.check(c, false)}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *uploadPartInput) (*httpapi.Response, error) {
			if err := in.exists(); err != nil {
				return nil, err
			}
			if err := s.unlockUpload(ctx, c, &in.uploadInput); err != nil {
				return nil, err
			}
			n := in.newObject(c)
			n.Length, n.ContentMD5, n.Algorithm = c.Length, in.digest.md5, string(in.digest.algorithm)
			n.Expected = func() ([]byte, error) { return in.digest.expected(c) }
			body := c.Body
			if in.upload.ChecksumUnasked {
				// The part keeps the default checksum; the one that was sent is verified and forgotten.
				n.Algorithm = ""
				body, n.Expected = in.digest.verifying(c)
			}
			part, err := s.objects.PutPart(ctx, n, in.id, in.number, body)
			if err != nil {
				return nil, err
			}
			c.Record.ObjectSize = &part.Size
			r := empty()
			r.Header.Set("ETag", `"`+partETag(part)+`"`)
			setEncryption(r.Header, in.upload.Encryption)
			if in.digest.algorithm != "" {
				sent, err := in.digest.expected(c)
				if err != nil {
					return nil, err
				}
				r.Header.Set(in.digest.algorithm.Header(), checksum.Encode(sent))
			}
			return r, nil
		},
	}.Operation()
}

func (in *uploadInput) newObject(c *httpapi.Call) objects.NewObject {
	return objects.NewObject{Bucket: in.bucket.ID, BucketName: in.bucket.Record.Name, Key: c.Key, Length: -1, Customer: in.customer}
}

func partETag(p *records.Part) string { return etag(&records.Object{Etag: p.Etag}) }

// uploadPartCopy is UploadPartCopy.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
func (s *Service) uploadPartCopy() httpapi.Operation {
	return httpapi.Row[uploadPartInput]{
		Name: "UploadPartCopy",
		Decode: func(c *httpapi.Call) (*uploadPartInput, error) {
			in, err := decodeUploadPart(c)
			if err != nil {
				return nil, err
			}
			if in.source, err = decodeCopySource(c); err != nil {
				return nil, err
			}
			if has(c.HTTP, copyRangeHeader) {
				in.rangeGiven, in.rangeText = true, header(c.HTTP, copyRangeHeader)
				in.first, in.last, err = parseCopyRange(in.rangeText)
			}
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *uploadPartInput) error {
			if err := s.loadUpload(ctx, c, &in.uploadInput); err != nil {
				return err
			}
			if err := refuseAnonymous(c, noAnonymousCopy); err != nil {
				return err
			}
			return s.loadSource(ctx, c, &in.source)
		},
		Checks: func(c *httpapi.Call, in *uploadPartInput) []access.Check {
			return []access.Check{in.source.readCheck(true), in.check(c, false)}
		},
		Run: s.runUploadPartCopy,
	}.Operation()
}

func (s *Service) runUploadPartCopy(ctx context.Context, c *httpapi.Call, in *uploadPartInput) (*httpapi.Response, error) {
	if err := in.exists(); err != nil {
		return nil, err
	}
	if err := s.unlockUpload(ctx, c, &in.uploadInput); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		if err := in.source.judge(c.Time); err != nil {
			return nil, err
		}
		if err := in.source.unlock(ctx, s, c); err != nil {
			return nil, err
		}
		p, err := in.copied()
		if err != nil {
			return nil, err
		}
		part, err := s.objects.CopyPart(ctx, in.newObject(c), in.id, in.number, in.source.source(), p.offset, p.length)
		if err == nil {
			if in.upload.ChecksumUnasked {
				part.Checksum = nil
			}
			c.Record.ObjectSize = &part.Size
			r := copyResult("CopyPartResult", partETag(part), part.Modified, part.Checksum)
			in.source.setVersion(r.Header)
			setEncryption(r.Header, in.upload.Encryption)
			return r, nil
		}
		if !errors.Is(err, blob.ErrNotFound) || attempt == 3 {
			return nil, err
		}
		if err := s.loadSource(ctx, c, &in.source); err != nil {
			return nil, err
		}
		check := in.source.readCheck(true)
		if err := c.Authorize(ctx, &check); err != nil {
			return nil, err
		}
	}
}

// copied returns the bytes of the source that become the part.
func (in *uploadPartInput) copied() (span, error) {
	size := in.source.object.Size
	switch {
	case !in.rangeGiven:
		return span{0, size}, nil
	case in.last >= size:
		return span{}, invalidRange(in.rangeText, size)
	}
	return span{in.first, in.last - in.first + 1}, nil
}
