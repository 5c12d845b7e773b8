package s3api

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/authz"
	"crossgrant/internal/checksum"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// maxCompleteList is the largest body of CompleteMultipartUpload, in bytes: 10,000 parts with a checksum.
const maxCompleteList = 4 << 20

// completeList is the body of CompleteMultipartUpload.
type completeList struct {
	Parts []completePart `element:"Part,required"`
}

type completePart struct {
	Number    int    `element:"PartNumber,required"`
	ETag      string `element:"ETag,required"`
	CRC32     string `element:"ChecksumCRC32"`
	CRC32C    string `element:"ChecksumCRC32C"`
	CRC64NVME string `element:"ChecksumCRC64NVME"`
	SHA1      string `element:"ChecksumSHA1"`
	SHA256    string `element:"ChecksumSHA256"`
}

// checksum returns the checksum that the part is listed with; empty if there is none.
func (p *completePart) checksum() (checksum.Algorithm, string, error) {
	var found checksum.Algorithm
	var value string
	for algorithm, v := range map[checksum.Algorithm]string{
		checksum.CRC32: p.CRC32, checksum.CRC32C: p.CRC32C, checksum.CRC64NVME: p.CRC64NVME,
		checksum.SHA1: p.SHA1, checksum.SHA256: p.SHA256,
	} {
		if v == "" {
			continue
		}
		if found != "" {
			return "", "", restxml.Malformed(fmt.Errorf("part %d has several checksums", p.Number))
		}
		found, value = algorithm, v
	}
	return found, value, nil
}

// decodeCompleteList parses the body of CompleteMultipartUpload. An ETag that is no MD5 can be that of
// no part and becomes an empty one.
func decodeCompleteList(body []byte) ([]objects.CompletedPart, error) {
	list := new(completeList)
	if err := restxml.Decode(body, "CompleteMultipartUpload", list); err != nil {
		return nil, err
	}
	if len(list.Parts) > 10_000 {
		return nil, restxml.Malformed(fmt.Errorf("%d parts", len(list.Parts)))
	}
	parts := make([]objects.CompletedPart, len(list.Parts))
	for i := range list.Parts {
		p := &list.Parts[i]
		if p.Number < 1 || p.Number > 10_000 {
			return nil, invalidArgument("partNumber", strconv.Itoa(p.Number), "PartNumber must be >= 1 and <= 10000")
		}
		parts[i].Number = p.Number
		if tag, err := hex.DecodeString(strings.Trim(strings.TrimSpace(p.ETag), `"`)); err == nil && len(tag) == 16 {
			parts[i].ETag = tag
		}
		algorithm, value, err := p.checksum()
		if err != nil {
			return nil, err
		}
		if algorithm == "" {
			continue
		}
		if parts[i].Checksum, err = algorithm.Decode(value); err != nil {
			return nil, invalidRequest("Value for %s is invalid.", "Checksum"+string(algorithm))
		}
	}
	return parts, nil
}

type completeUploadInput struct {
	uploadInput
	parts     []objects.CompletedPart
	cond      writeConditions
	algorithm checksum.Algorithm // of the whole object's expected checksum; empty if none was sent
	value     []byte
	kind      checksum.Type // empty: not sent
	size      int64         // x-amz-mp-object-size; -1: not sent
}

// completeMultipartUpload is CompleteMultipartUpload.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
func (s *Service) completeMultipartUpload() httpapi.Operation {
	return httpapi.Row[completeUploadInput]{
		Name:   "CompleteMultipartUpload",
		Decode: decodeCompleteUpload,
		Load: func(ctx context.Context, c *httpapi.Call, in *completeUploadInput) error {
			return s.loadUpload(ctx, c, &in.uploadInput)
		},
		Checks: func(c *httpapi.Call, in *completeUploadInput) []access.Check {
			return []access.Check{in.check(c, true)}
		},
		Run: s.runCompleteUpload,
	}.Operation()
}

func decodeCompleteUpload(c *httpapi.Call) (*completeUploadInput, error) {
	in := &completeUploadInput{uploadInput: uploadInput{id: c.Query().Get("uploadId")}, size: -1}
	if err := refuseWrite(c); err != nil {
		return nil, err
	}
	var err error
	if in.cond, err = decodeWriteConditions(c.HTTP); err != nil {
		return nil, err
	}
	if err := in.decodeExpected(c); err != nil {
		return nil, err
	}
	// The checksum headers of this request are those of the object, not of the list.
	body, err := c.ReadBody(maxCompleteList, restxml.Malformed(fmt.Errorf("more than %d bytes", maxCompleteList)))
	if err != nil {
		return nil, err
	}
	if err := checkMD5(c.HTTP, body); err != nil {
		return nil, err
	}
	in.parts, err = decodeCompleteList(body)
	return in, err
}

// decodeExpected reads what the client expects of the whole object.
func (in *completeUploadInput) decodeExpected(c *httpapi.Call) (err error) {
	for _, a := range checksum.Algorithms() {
		if !has(c.HTTP, a.Header()) {
			continue
		}
		if in.algorithm != "" {
			return severalChecksums()
		}
		in.algorithm = a
		text := header(c.HTTP, a.Header())
		if strings.Contains(text, "-") {
			in.value, _, err = a.DecodeComposite(text)
		} else {
			in.value, err = a.Decode(text)
		}
		if err != nil {
			return invalidRequest("Value for %s header is invalid.", a.Header())
		}
	}
	if text := header(c.HTTP, "x-amz-checksum-type"); text != "" {
		if in.kind, err = checksum.ParseType(text); err != nil {
			return invalidRequest("Value for x-amz-checksum-type header is invalid.")
		}
	}
	if text := header(c.HTTP, "x-amz-mp-object-size"); text != "" {
		if in.size, err = strconv.ParseInt(text, 10, 64); err != nil || in.size < 0 {
			return invalidRequest("Value for x-amz-mp-object-size header is invalid.")
		}
	}
	return nil
}

func (s *Service) runCompleteUpload(ctx context.Context, c *httpapi.Call, in *completeUploadInput) (*httpapi.Response, error) {
	if in.upload == nil {
		return s.completedBefore(ctx, c, in)
	}
	if err := checkCompletion(c.HTTP, in.upload); err != nil {
		return nil, err
	}
	kind := uploadType(in.upload)
	if in.upload.ChecksumUnasked {
		kind = "null" // S3's word for the mode of an upload that named no checksum
	}
	if in.kind != "" && in.kind != kind {
		return nil, invalidRequest("The upload was created using the %s checksum mode. The complete request must use the same checksum mode.", kind)
	}
	n := in.newObject(c)
	n.Length, n.Algorithm = in.size, string(in.algorithm)
	n.Expected = func() ([]byte, error) { return in.value, nil }
	n.Guard = rejudge(ctx, c, in.bucket, c.Key, in.check(c, true), in.cond)
	n.Origin = origin(c, "ObjectCreated:CompleteMultipartUpload")
	o, err := s.objects.CompleteUpload(ctx, n, in.id, in.parts)
	if err != nil {
		return nil, err
	}
	return s.completed(c, in, o), nil
}

// completedBefore answers a completion that is sent again because its answer was lost, as long as its object is
// the current one.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html (multipart upload completion)
func (s *Service) completedBefore(ctx context.Context, c *httpapi.Call, in *completeUploadInput) (*httpapi.Response, error) {
	a, err := loadVersion(ctx, s.objects.Head, in.bucket, c.Key, "")
	if err != nil {
		return nil, err
	}
	if o := a.object; o != nil && o.Upload == in.id {
		return s.completed(c, in, o), nil
	}
	return nil, in.exists()
}

// completed is the answer for the object that an upload became.
func (s *Service) completed(c *httpapi.Call, in *completeUploadInput, o *records.Object) *httpapi.Response {
	c.Record.ObjectOwner, c.Record.ObjectSize = in.bucket.ObjectOwner(o), &o.Size
	d := restxml.New("CompleteMultipartUploadResult")
	d.Text("Location", location(c))
	d.Text("Bucket", c.Bucket)
	d.Text("Key", c.Key)
	d.Text("ETag", quotedETag(o))
	writeChecksum(d, o.Checksum, o.Parts)
	if o.Checksum != nil {
		d.Text("ChecksumType", checksumType(o.Checksum))
	}
	r := document(d)
	setWritten(r.Header, o)
	setServerEncryption(r.Header, o.Encryption)
	s.setExpiration(r.Header, in.bucket, c.Key, o, c.Time)
	return r
}

// uploadType returns the type of the checksum of an upload.
func uploadType(u *records.Upload) checksum.Type {
	if u.ChecksumComposite {
		return checksum.Composite
	}
	return checksum.FullObject
}

// location returns the URL of the object, as the request addressed it.
func location(c *httpapi.Call) string {
	u := url.URL{Scheme: "http", Host: c.HTTP.Host, Path: c.HTTP.URL.Path}
	if c.HTTP.TLS != nil {
		u.Scheme = "https"
	}
	return u.String()
}

// abortMultipartUpload is AbortMultipartUpload.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
func (s *Service) abortMultipartUpload() httpapi.Operation {
	return httpapi.Row[uploadInput]{
		Name: "AbortMultipartUpload",
		Decode: func(c *httpapi.Call) (*uploadInput, error) {
			return &uploadInput{id: c.Query().Get("uploadId")}, nil
		},
		Load: s.loadUpload,
		Checks: func(c *httpapi.Call, in *uploadInput) []access.Check {
			return []access.Check{in.initiatorCheck(c, "s3:AbortMultipartUpload")}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *uploadInput) (*httpapi.Response, error) {
			if err := s.objects.AbortUpload(ctx, in.bucket.ID, c.Key, in.id); err != nil {
				return nil, err
			}
			return noContent(), nil
		},
	}.Operation()
}

// initiatorCheck asks for an action that whoever began the upload may do unless something denies it. The
// initiator is a principal, and where it was a role session that session.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
func (in *uploadInput) initiatorCheck(c *httpapi.Call, action string) access.Check {
	check := objectCheck(in.bucket, c.Key, action, nil, nil)
	if in.upload == nil || c.Caller.Account == "" || string(c.Caller.Account) != in.upload.InitiatorAccount {
		return check
	}
	check.Initiator = authz.InitiatorAccount
	if c.Caller.UserID() == in.upload.InitiatorId && c.Caller.ARN == in.upload.InitiatorArn {
		check.Initiator = authz.InitiatorItself
	}
	return check
}
