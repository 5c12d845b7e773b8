package s3api

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

type listPartsInput struct {
	uploadInput
	max, after int
}

// listParts is ListParts.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
func (s *Service) listParts() httpapi.Operation {
	return httpapi.Row[listPartsInput]{
		Name: "ListParts",
		Decode: func(c *httpapi.Call) (*listPartsInput, error) {
			in := &listPartsInput{uploadInput: uploadInput{id: c.Query().Get("uploadId")}}
			var err error
			if in.max, err = decodeLimit(c.Query(), "max-parts", maxPage); err != nil {
				return nil, err
			}
			if c.Query().Get("part-number-marker") != "" {
				in.after, err = decodeLimit(c.Query(), "part-number-marker", 10_000)
			}
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *listPartsInput) error {
			return s.loadUpload(ctx, c, &in.uploadInput)
		},
		Checks: func(c *httpapi.Call, in *listPartsInput) []access.Check {
			return []access.Check{in.initiatorCheck(c, "s3:ListMultipartUploadParts")}
		},
		Run: s.runListParts,
	}.Operation()
}

func (s *Service) runListParts(ctx context.Context, c *httpapi.Call, in *listPartsInput) (*httpapi.Response, error) {
	if err := in.exists(); err != nil {
		return nil, err
	}
	parts, truncated, err := s.objects.Parts(ctx, objects.PartQuery{Upload: in.id, After: in.after, Max: in.max})
	if err != nil {
		return nil, err
	}
	names := s.namesOf(ctx)
	d := restxml.New("ListPartsResult")
	d.Text("Bucket", c.Bucket)
	d.Text("Key", c.Key)
	d.Text("UploadId", in.id)
	writeInitiator(d, in.upload)
	names.write(d, "Owner", uploadOwner(in.bucket, in.upload))
	d.Text("StorageClass", storageClass(in.upload.StorageClass))
	d.Int("PartNumberMarker", int64(in.after))
	last := int64(0)
	if len(parts) > 0 {
		last = int64(parts[len(parts)-1].Number)
	}
	d.Int("NextPartNumberMarker", last)
	d.Int("MaxParts", int64(in.max))
	d.Bool("IsTruncated", truncated)
	writeUploadChecksum(d, in.upload)
	for _, p := range parts {
		d.Open("Part")
		d.Int("PartNumber", int64(p.Number))
		d.Time("LastModified", nanos(p.Modified))
		d.Text("ETag", `"`+partETag(p)+`"`)
		d.Int("Size", p.Size)
		if !in.upload.ChecksumUnasked {
			writeChecksum(d, p.Checksum, 0)
		}
		d.Close()
	}
	r := document(d)
	s.setAbort(r.Header, in.bucket, in.upload)
	return r, names.err
}

// uploadOwner returns the account that will own the object of an upload, as ownerOf does for objects.
func uploadOwner(b *access.Bucket, u *records.Upload) ids.CanonicalUserID {
	return b.ObjectOwner(&records.Object{Owner: u.Owner, WrittenUnderEnforced: u.WrittenUnderEnforced})
}

// writeInitiator writes who began an upload: the root user as its account, all others by ARN.
func writeInitiator(d *restxml.Document, u *records.Upload) {
	id := u.InitiatorArn
	if u.InitiatorArn == arn.Root(ids.AccountID(u.InitiatorAccount)).String() && u.InitiatorAccount == u.OwnerAccount {
		id = u.Owner
	}
	d.Open("Initiator")
	d.Text("ID", id)
	d.Text("DisplayName", u.InitiatorName)
	d.Close()
}

// writeUploadChecksum writes the checksum that was asked for; S3 does not tell of its default one until
// the object is there.
func writeUploadChecksum(d *restxml.Document, u *records.Upload) {
	if u.ChecksumAlgorithm == "" || u.ChecksumUnasked {
		return
	}
	d.Text("ChecksumAlgorithm", u.ChecksumAlgorithm)
	d.Text("ChecksumType", string(uploadType(u)))
}

type listUploadsInput struct {
	pageQuery
	bucket                    *access.Bucket
	keyMarker, uploadIDMarker string
}

// listMultipartUploads is ListMultipartUploads.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
func (s *Service) listMultipartUploads() httpapi.Operation {
	return httpapi.Row[listUploadsInput]{
		Name: "ListMultipartUploads",
		Decode: func(c *httpapi.Call) (*listUploadsInput, error) {
			p, err := decodePage(c.Query(), "max-uploads")
			if err != nil {
				return nil, err
			}
			in := &listUploadsInput{pageQuery: p, keyMarker: c.Query().Get("key-marker")}
			if in.keyMarker != "" {
				in.uploadIDMarker = c.Query().Get("upload-id-marker")
			}
			return in, nil
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *listUploadsInput) (err error) {
			in.bucket, err = s.loadBucket(ctx, c)
			return err
		},
		Checks: func(_ *httpapi.Call, in *listUploadsInput) []access.Check {
			return []access.Check{bucketCheck(in.bucket, "s3:ListBucketMultipartUploads", nil)}
		},
		Run: s.runListUploads,
	}.Operation()
}

func (s *Service) runListUploads(ctx context.Context, c *httpapi.Call, in *listUploadsInput) (*httpapi.Response, error) {
	page, err := s.objects.Uploads(ctx, objects.UploadQuery{
		Bucket: in.bucket.ID, Prefix: in.prefix, Delimiter: in.delimiter,
		KeyMarker: in.keyMarker, UploadIDMarker: in.uploadIDMarker, Max: in.max,
	})
	if err != nil {
		return nil, err
	}
	names := s.namesOf(ctx)
	d := restxml.New("ListMultipartUploadsResult")
	d.Text("Bucket", c.Bucket)
	d.Text("KeyMarker", in.text(in.keyMarker))
	d.Text("UploadIdMarker", in.uploadIDMarker)
	// S3 tells the last upload of the page even if nothing follows.
	if !page.Truncated && page.NextUploadIDMarker == "" {
		page.NextKeyMarker = ""
	}
	d.Text("NextKeyMarker", in.text(page.NextKeyMarker))
	d.Text("NextUploadIdMarker", page.NextUploadIDMarker)
	d.TextIf("Delimiter", in.text(in.delimiter))
	d.TextIf("Prefix", in.text(in.prefix))
	if in.encode {
		d.Text("EncodingType", "url")
	}
	d.Int("MaxUploads", int64(in.max))
	d.Bool("IsTruncated", page.Truncated)
	for _, u := range page.Uploads {
		d.Open("Upload")
		d.Text("Key", in.text(u.Key))
		d.Text("UploadId", u.Id)
		writeInitiator(d, u)
		names.write(d, "Owner", uploadOwner(in.bucket, u))
		d.Text("StorageClass", storageClass(u.StorageClass))
		d.Time("Initiated", nanos(u.Created))
		writeUploadChecksum(d, u)
		d.Close()
	}
	in.writePrefixes(d, page.Prefixes)
	return document(d), names.err
}
