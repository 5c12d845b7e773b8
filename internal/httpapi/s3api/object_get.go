package s3api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/blob"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// getObjectInput is the input of GetObject and HeadObject.
type getObjectInput struct {
	addressed
	cond      readConditions
	rangeText string // Range; empty: not sent, or ignored
	part      int    // partNumber; 0: not sent
	overrides map[string]string
	checksum  bool
}

// overridable are the headers of the answer that parameters of a signed request may set.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Overriding response header values"
var overridable = map[string]string{
	"response-content-type":        "Content-Type",
	"response-content-language":    "Content-Language",
	"response-expires":             "Expires",
	"response-cache-control":       "Cache-Control",
	"response-content-disposition": "Content-Disposition",
	"response-content-encoding":    "Content-Encoding",
}

func decodeGetObject(c *httpapi.Call) (*getObjectInput, error) {
	in := &getObjectInput{cond: decodeConditions(c.HTTP, "", c.Time)}
	var err error
	if in.version, err = decodeVersion(c); err != nil {
		return nil, err
	}
	if err := in.decodeOverrides(c.Query()); err != nil {
		return nil, err
	}
	if len(in.overrides) > 0 && c.Caller.Kind == policy.Anonymous {
		return nil, invalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
	}
	if text := header(c.HTTP, "Range"); text != "" {
		if _, ok := parseRange(text); ok {
			in.rangeText = text
		}
	}
	if c.Query().Has("partNumber") {
		if in.part, err = decodePartNumber(c); err != nil {
			return nil, err
		}
		if has(c.HTTP, "Range") {
			return nil, invalidRequest("Cannot specify both Range header and partNumber query parameter")
		}
	}
	in.checksum = header(c.HTTP, "x-amz-checksum-mode") == "ENABLED"
	return in, nil
}

// decodeOverrides reads the headers of the answer that the parameters set.
func (in *getObjectInput) decodeOverrides(query url.Values) (err error) {
	for parameter := range query {
		name, ok := overridable[parameter]
		if !ok {
			continue
		}
		if in.overrides == nil {
			in.overrides = map[string]string{}
		}
		if in.overrides[name], err = decodeOverride(parameter, query.Get(parameter)); err != nil {
			return err
		}
	}
	return nil
}

// decodeOverride reads a header of the answer.
func decodeOverride(parameter, value string) (string, error) {
	switch {
	case strings.ContainsFunc(value, func(r rune) bool { return r > unicode.MaxLatin1 }):
		return "", invalidArgument(parameter, value, "Header value cannot be represented using ISO-8859-1.")
	case breaksHeader(value):
		return "", invalidArgument(parameter, value, "A header value must not have control characters.")
	}
	return value, nil
}

// decodePartNumber reads partNumber.
func decodePartNumber(c *httpapi.Call) (int, error) {
	text := c.Query().Get("partNumber")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 10_000 {
		return 0, invalidArgument("partNumber", text, "Part number must be an integer between 1 and 10000, inclusive")
	}
	return n, nil
}

// getObject is GetObject.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (s *Service) getObject() httpapi.Operation {
	return s.reading("GetObject", s.objects.Get, s.runGetObject)
}

// headObject is HeadObject.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (s *Service) headObject() httpapi.Operation {
	return s.reading("HeadObject", s.objects.Head, func(ctx context.Context, c *httpapi.Call, in *getObjectInput) (*httpapi.Response, error) {
		r, _, err := in.answer(c)
		if err != nil || r.Status == http.StatusNotModified {
			return r, err
		}
		if in.checksum {
			// S3 keeps the checksums of such objects encrypted as their content is:
			// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html (x-amz-checksum-mode)
			if err := s.unlock(ctx, c, c.Bucket, c.Key, in.object.Encryption); err != nil {
				return nil, err
			}
		}
		s.setExpiration(r.Header, in.bucket, c.Key, in.object, c.Time)
		return r, in.writeExtras(ctx, c, r.Header)
	})
}

func (s *Service) reading(name string, read reader, run func(context.Context, *httpapi.Call, *getObjectInput) (*httpapi.Response, error)) httpapi.Operation {
	return httpapi.Row[getObjectInput]{
		Name:   name,
		Decode: decodeGetObject,
		Load: func(ctx context.Context, c *httpapi.Call, in *getObjectInput) error {
			return s.loadWith(ctx, c, read, &in.addressed)
		},
		Checks: func(_ *httpapi.Call, in *getObjectInput) []access.Check { return in.checks() },
		Run:    run,
	}.Operation()
}

func (in *getObjectInput) checks() []access.Check {
	return []access.Check{in.check("s3:GetObject", "s3:GetObjectVersion", nil)}
}

// writeExtras tells of the object what needs permissions of its own.
func (in *getObjectInput) writeExtras(ctx context.Context, c *httpapi.Call, h http.Header) error {
	if err := writeTagCount(ctx, c, h, &in.addressed); err != nil {
		return err
	}
	return writeLock(ctx, c, h, &in.addressed)
}

// runGetObject opens what the answer promises. If the object is replaced between the look at its record
// and the opening of its bytes, everything is done once more with the new object, permissions included.
func (s *Service) runGetObject(ctx context.Context, c *httpapi.Call, in *getObjectInput) (*httpapi.Response, error) {
	for attempt := 1; ; attempt++ {
		r, p, err := in.answer(c)
		if err != nil || r.Status == http.StatusNotModified {
			return r, err
		}
		s.setExpiration(r.Header, in.bucket, c.Key, in.object, c.Time)
		if err := in.writeExtras(ctx, c, r.Header); err != nil {
			return nil, err
		}
		r.Stream, err = s.open(ctx, c, in, p)
		if err == nil {
			return r, nil
		}
		if !errors.Is(err, blob.ErrNotFound) || attempt == 3 {
			return nil, err
		}
		if in.addressed, err = loadVersion(ctx, s.objects.Get, in.bucket, c.Key, in.version); err != nil {
			return nil, err
		}
		for _, check := range in.checks() {
			if err := c.Authorize(ctx, &check); err != nil {
				return nil, err
			}
		}
	}
}

// open opens the bytes of an answer, if they can be read: those of an archived object have to be restored, and
// those that are encrypted under a KMS key need the use of it.
func (s *Service) open(ctx context.Context, c *httpapi.Call, in *getObjectInput, p span) (io.ReadCloser, error) {
	if err := readable(in.object, c.Time, archivedObject); err != nil {
		return nil, err
	}
	if err := s.unlock(ctx, c, in.bucket.Record.Name, in.key, in.object.Encryption); err != nil {
		return nil, err
	}
	return s.objects.Open(ctx, in.source(), p.offset, p.length)
}

// answer judges the conditions and returns the answer without its bytes, and which bytes belong to it.
func (in *getObjectInput) answer(c *httpapi.Call) (*httpapi.Response, span, error) {
	if err := in.missing(c.HTTP.Method); err != nil {
		return nil, span{}, err
	}
	o := in.object
	if err := refuseEncryption(c.HTTP); err != nil {
		return nil, span{}, err
	}
	var err error
	if in.customer, err = customerOf(c.HTTP, "", o.Encryption); err != nil {
		return nil, span{}, err
	}
	r := empty()
	setVersion(r.Header, in.bucket, o)
	switch result, failing := in.cond.judge(o); result {
	case failed:
		return nil, span{}, preconditionFailed(failing)
	case notModified:
		setValidators(r.Header, o)
		r.Status = http.StatusNotModified
		return r, span{}, nil
	}
	p, partial, err := in.span(c.HTTP, o)
	if err != nil {
		return nil, span{}, err
	}
	h := r.Header
	writeMetadata(h, o.Metadata)
	for name, value := range in.overrides {
		h.Set(name, value)
	}
	setValidators(h, o)
	setEncryption(h, o.Encryption)
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Length", strconv.FormatInt(p.length, 10))
	if partial {
		r.Status = http.StatusPartialContent
		h.Set("Content-Range", p.contentRange(o.Size))
	}
	if in.part > 0 && o.Parts > 0 {
		h.Set("X-Amz-Mp-Parts-Count", strconv.Itoa(int(o.Parts)))
	}
	setClass(h, o, c.Time)
	if in.checksum {
		in.setChecksum(h, p)
	}
	return r, p, nil
}

// setChecksum tells the checksum of what is answered: that of the object, or of one of its parts. Of other ranges
// none is known.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
// ("Using part-level checksums")
func (in *getObjectInput) setChecksum(h http.Header, p span) {
	o := in.object
	switch {
	case in.part > 0 && in.part <= len(o.PartChecksums):
		setChecksum(h, o.PartChecksums[in.part-1], 0)
		h.Set("X-Amz-Checksum-Type", checksumType(o.Checksum))
	case in.part == 0 && p.length == o.Size, in.part == 1 && o.Parts == 0:
		setChecksum(h, o.Checksum, o.Parts)
	}
}

// setValidators sets the headers that tell one state of an object from another.
func setValidators(h http.Header, o *records.Object) {
	h.Set("ETag", quotedETag(o))
	h.Set("Last-Modified", modified(o).Format(http.TimeFormat))
}

// span returns the bytes that the request asks for, and whether the answer is a partial one.
func (in *getObjectInput) span(r *http.Request, o *records.Object) (span, bool, error) {
	whole := span{0, o.Size}
	if in.part > 0 {
		return partSpan(o, in.part)
	}
	if in.rangeText == "" || !rangeHolds(header(r, "If-Range"), o) {
		return whole, false, nil
	}
	asked, _ := parseRange(in.rangeText)
	p, ok := asked.of(o.Size)
	if !ok {
		return span{}, false, invalidRange(in.rangeText, o.Size)
	}
	return p, true, nil
}

// rangeHolds reports whether a Range counts: If-Range, which may be absent, makes it count only for the
// object that the client has a part of already.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5
func rangeHolds(ifRange string, o *records.Object) bool {
	if ifRange == "" {
		return true
	}
	if at := date(ifRange); !at.IsZero() {
		return modified(o).Equal(at)
	}
	return ifRange == quotedETag(o)
}

// partSpan returns the bytes of one part of an object; an object that was not uploaded in parts has one.
func partSpan(o *records.Object, number int) (span, bool, error) {
	sizes := o.PartSizes
	if len(sizes) == 0 {
		sizes = []int64{o.Size}
	}
	if number > len(sizes) {
		return span{}, false, apierr.New(http.StatusRequestedRangeNotSatisfiable, "InvalidPartNumber",
			"The requested partnumber is not satisfiable").
			With("PartNumberRequested", strconv.Itoa(number)).With("ActualPartCount", strconv.Itoa(len(sizes)))
	}
	var p span
	for i := range number {
		p.offset += p.length
		p.length = sizes[i]
	}
	// An empty part has no Content-Range that could say so.
	return p, p.length > 0, nil
}
