package s3api

import (
	"context"
	"errors"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/blob"
	"crossgrant/internal/checksum"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

const noAnonymousCopy = "Anonymous users cannot copy objects.  Please authenticate"

type copyObjectInput struct {
	writeInput
	source    copySource
	cond      writeConditions
	replace   bool               // x-amz-metadata-directive: REPLACE
	retag     bool               // x-amz-tagging-directive: REPLACE
	algorithm checksum.Algorithm // empty: that of the source
}

// copyObject is CopyObject.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
func (s *Service) copyObject() httpapi.Operation {
	return httpapi.Row[copyObjectInput]{
		Name:   "CopyObject",
		Decode: decodeCopyObject,
		Load: func(ctx context.Context, c *httpapi.Call, in *copyObjectInput) (err error) {
			if in.bucket, err = s.loadBucket(ctx, c); err != nil {
				return err
			}
			if err := refuseAnonymous(c, noAnonymousCopy); err != nil {
				return err
			}
			if err := s.nameKey(ctx, c, in.sse); err != nil {
				return err
			}
			return s.loadSource(ctx, c, &in.source)
		},
		Checks: func(c *httpapi.Call, in *copyObjectInput) []access.Check { return in.checks(c) },
		Run:    s.runCopyObject,
	}.Operation()
}

// checks are the questions about the source and those about the target. To take over the tags of a source
// that has some is to get them and to put them.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html and section 6.3 of the S3 reference
func (in *copyObjectInput) checks(c *httpapi.Call) []access.Check {
	checks := []access.Check{in.source.readCheck(false)}
	write := in.writeInput
	if o := in.source.object; !in.retag && len(o.GetTags()) > 0 {
		checks = append(checks, getTags.check(&in.source.addressed, nil))
		write.tagged = true
	}
	return append(checks, write.checks(c)...)
}

func decodeCopyObject(c *httpapi.Call) (*copyObjectInput, error) {
	w, err := decodeWrite(c, true)
	if err != nil {
		return nil, err
	}
	in := &copyObjectInput{writeInput: w}
	if in.source, err = decodeCopySource(c); err != nil {
		return nil, err
	}
	if in.cond, err = decodeWriteConditions(c.HTTP); err != nil {
		return nil, err
	}
	// In capitals only: a policy that compares s3:x-amz-metadata-directive must not be evaded by small ones.
	switch directive := header(c.HTTP, "x-amz-metadata-directive"); directive {
	case "", "COPY":
	case "REPLACE":
		in.replace = true
	default:
		return nil, invalidArgument("x-amz-metadata-directive", directive, "Unknown metadata directive.")
	}
	if in.retag, err = decodeTaggingDirective(c, in.tagged); err != nil {
		return nil, err
	}
	if in.algorithm, err = decodeAlgorithm(c); err != nil {
		return nil, err
	}
	return in, in.checkSelf(c)
}

// decodeTaggingDirective reads x-amz-tagging-directive: whether the copy gets the tags of the request in place
// of those of the source. Tags that would not be obeyed are refused: s3:RequestObjectTag would tell of tags
// that the object does not get. S3 says only that they go with REPLACE.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
func decodeTaggingDirective(c *httpapi.Call, tagged bool) (replace bool, err error) {
	switch directive := header(c.HTTP, directiveHeader); directive {
	case "", "COPY":
		if tagged {
			return false, invalidArgument(taggingHeader, header(c.HTTP, taggingHeader), "Tags can only be given with the tagging directive REPLACE.")
		}
		return false, nil
	case "REPLACE":
		return true, nil
	default:
		return false, invalidArgument(directiveHeader, directive, "Unknown tagging directive.")
	}
}

// decodeAlgorithm reads x-amz-checksum-algorithm; empty if it was not sent.
func decodeAlgorithm(c *httpapi.Call) (checksum.Algorithm, error) {
	const name = "x-amz-checksum-algorithm"
	if !has(c.HTTP, name) {
		return "", nil
	}
	a, err := checksum.Parse(header(c.HTTP, name))
	if err != nil {
		return "", invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: " +
			"[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
	}
	return a, nil
}

// checkSelf refuses to copy an object to itself without a change. To copy one of its versions is how that is
// made the current one again.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html
func (in *copyObjectInput) checkSelf(c *httpapi.Call) error {
	same := !in.source.version.given() && in.source.path() == arn.Object(c.Bucket, c.Key).String()
	changes := in.replace || has(c.HTTP, "x-amz-storage-class") || in.metadata.WebsiteRedirect != "" || in.algorithm != "" ||
		changesEncryption(c.HTTP)
	if same && !changes {
		return invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the " +
			"object's metadata, storage class, website redirect location or encryption attributes.")
	}
	return nil
}

// runCopyObject copies. If the source is replaced between the look at its record and the opening of its
// bytes, the new one is judged and copied.
func (s *Service) runCopyObject(ctx context.Context, c *httpapi.Call, in *copyObjectInput) (*httpapi.Response, error) {
	for attempt := 1; ; attempt++ {
		if err := in.source.judge(c.Time); err != nil {
			return nil, err
		}
		stored, err := s.copyOnce(ctx, c, in)
		if err == nil {
			c.Record.ObjectSize = &stored.Size
			r := copyResult("CopyObjectResult", etag(stored), stored.Modified, stored.Checksum)
			in.source.setVersion(r.Header)
			setWritten(r.Header, stored)
			setEncryption(r.Header, stored.Encryption)
			setContext(r.Header, stored.Encryption)
			s.setExpiration(r.Header, in.bucket, c.Key, stored, c.Time)
			return r, nil
		}
		if !errors.Is(err, blob.ErrNotFound) || attempt == 3 {
			return nil, err
		}
		if err := s.loadSource(ctx, c, &in.source); err != nil {
			return nil, err
		}
		for _, check := range in.checks(c) {
			if err := c.Authorize(ctx, &check); err != nil {
				return nil, err
			}
		}
	}
}

func (s *Service) copyOnce(ctx context.Context, c *httpapi.Call, in *copyObjectInput) (*records.Object, error) {
	if err := in.lock.judge(in.bucket, true); err != nil {
		return nil, err
	}
	if err := in.source.unlock(ctx, s, c); err != nil {
		return nil, err
	}
	object, err := s.newObject(ctx, c, &in.writeInput)
	if err != nil {
		return nil, err
	}
	if !in.replace {
		object.Metadata = copiedMetadata(in.source.object.Metadata, in.metadata.WebsiteRedirect)
	}
	if !in.retag {
		object.Tags = in.source.object.Tags
	}
	n := objects.NewObject{
		Bucket: in.bucket.ID, BucketName: in.bucket.Record.Name, Key: c.Key, Object: object,
		Algorithm: string(in.algorithm), Origin: origin(c, "ObjectCreated:Copy"), Customer: in.sse.customer,
		Guard: rejudge(ctx, c, in.bucket, c.Key, objectCheck(in.bucket, c.Key, "s3:PutObject", nil, in.keys), in.cond),
	}
	if n.Algorithm == "" && in.source.object.Checksum == nil {
		n.Algorithm = string(defaultAlgorithm)
	}
	return s.objects.Copy(ctx, n, in.source.source())
}

// copiedMetadata is what a copy keeps of its source's metadata: all but the redirect of a website, which
// is that of the request.
func copiedMetadata(m *records.Metadata, redirect string) *records.Metadata {
	return &records.Metadata{
		ContentType: m.GetContentType(), CacheControl: m.GetCacheControl(), ContentDisposition: m.GetContentDisposition(),
		ContentEncoding: m.GetContentEncoding(), ContentLanguage: m.GetContentLanguage(), Expires: m.GetExpires(),
		User: m.GetUser(), WebsiteRedirect: redirect,
	}
}

// copyResult renders the answer of CopyObject and UploadPartCopy.
func copyResult(root, tag string, modifiedAt int64, sum *records.Checksum) *httpapi.Response {
	d := restxml.New(root)
	d.Time("LastModified", nanos(modifiedAt))
	d.Text("ETag", `"`+tag+`"`)
	writeChecksum(d, sum, 0)
	if sum != nil && root == "CopyObjectResult" {
		d.Text("ChecksumType", checksumType(sum))
	}
	return document(d)
}

// writeChecksum writes the element that holds a checksum, if there is one.
func writeChecksum(d *restxml.Document, c *records.Checksum, parts int32) {
	if c != nil {
		d.Text("Checksum"+c.Algorithm, checksumValue(c, parts))
	}
}
