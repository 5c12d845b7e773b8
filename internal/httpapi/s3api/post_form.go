package s3api

import (
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"crossgrant/internal/httpapi"
	"crossgrant/internal/records"
	"crossgrant/internal/sigv4"
)

var _ httpapi.FormPoster = (*Service)(nil)

// PostsForm reports whether r posts a browser form to a bucket.
func (s *Service) PostsForm(r *http.Request) bool {
	if r.Method != http.MethodPost {
		return false
	}
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "multipart/form-data" {
		return false
	}
	bucket, key, err := s.locate(r)
	if err != nil || bucket == "" || key != "" {
		return false
	}
	for name := range r.URL.Query() {
		if subresources[name] {
			return false
		}
	}
	return true
}

// contentHeaders are the headers that say something of an object's content. Those of a form are about the form;
// its fields of the same names are about the object.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
var contentHeaders = []string{
	"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Md5", "Content-Type", "Expires",
}

// readFields puts the fields of a browser form where other requests have what they stand for: the key into c,
// the others among the headers of c.HTTP. Fields that mean nothing to S3 are left alone, as there.
func readFields(c *httpapi.Call) error {
	key, _ := c.Upload.Get("key")
	if key == "" {
		return sigv4.MissingField("key")
	}
	if err := checkKey(key); err != nil {
		return err
	}
	c.Key, c.Record.Key = key, key
	if err := checkFormHeaders(c); err != nil {
		return err
	}
	for _, name := range contentHeaders {
		c.HTTP.Header.Del(name)
	}
	for _, f := range c.Upload.Fields {
		name := strings.ToLower(f.Name)
		target := fieldHeader(name)
		if target == "" {
			continue
		}
		value, err := fieldValue(name, f.Value)
		if err != nil {
			return err
		}
		c.HTTP.Header.Add(target, value)
	}
	c.RecordHeaders()
	return nil
}

// checkFormHeaders refuses headers of a form that ask for something its fields do not say: its policy, which
// is all that its signature covers, is not about them. x-amz-* headers that say the same as a field are taken
// away.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (InvalidRequest)
func checkFormHeaders(c *httpapi.Call) error {
	for _, name := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} {
		if has(c.HTTP, name) {
			return refusedHeader(name)
		}
	}
	for name := range c.HTTP.Header {
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, "x-amz-") {
			continue
		}
		if value, sent := c.Upload.Get(lower); !sent || value != header(c.HTTP, name) {
			return invalidRequest("Conflicting values provided in HTTP headers and POST form fields.")
		}
		c.HTTP.Header.Del(name)
	}
	return nil
}

// fieldHeader returns the header that a field stands for, by its name in lower case; empty if none.
func fieldHeader(name string) string {
	switch {
	case name == "acl", name == "tagging":
		return "x-amz-" + name
	case name == "x-amz-checksum-algorithm":
		// A form declares with it what it sends, as SDKs do in requests with this header.
		return "x-amz-sdk-checksum-algorithm"
	case strings.HasPrefix(name, "x-amz-") && !slices.Contains(ofSignature, name),
		slices.ContainsFunc(contentHeaders, func(one string) bool { return strings.EqualFold(one, name) }):
		return name
	}
	return ""
}

// fieldValue returns the value of the field with this name in lower case as a header has it. A field may hold
// what a header cannot: in user metadata S3 keeps it, encoded; elsewhere it could become another header to
// whoever gets the object.
func fieldValue(name, value string) (string, error) {
	switch {
	case strings.Trim(name, nameLetters) != "":
		return "", invalidArgument(name, value, "A field that stands for a header must be named like one")
	case name == "tagging":
		tags, err := objectTags.decode([]byte(value))
		return taggingValue(tags), err
	case strings.HasPrefix(name, metadataPrefix):
		return mailSafe(value), nil
	case strings.ContainsFunc(value, unicode.IsControl):
		return "", invalidArgument(name, value, "A field that stands for a header must not have control characters")
	}
	return value, nil
}

// taggingValue returns tags as x-amz-tagging has them.
func taggingValue(tags []*records.Tag) string {
	pairs := make([]string, len(tags))
	for i, t := range tags {
		pairs[i] = url.QueryEscape(t.Key) + "=" + url.QueryEscape(t.Value)
	}
	return strings.Join(pairs, "&")
}

// mailSafe returns the value of user metadata as it is kept: one with characters that are not printable ASCII
// as an encoded word of RFC 2047, in the encoding that leaves more of it readable.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata; as recorded
// from S3 by https://github.com/localstack/localstack (test_post_object_with_metadata and its unicode variant)
func mailSafe(value string) string {
	plain, other := 0, 0
	for _, r := range value {
		if r >= ' ' && r <= '~' || r == '\t' {
			plain++
		} else {
			other++
		}
	}
	switch {
	case other == 0:
		return value
	case plain > other:
		return strings.ReplaceAll(mime.QEncoding.Encode("UTF-8", value), "=?UTF-8?q?", "=?UTF-8?Q?")
	}
	return "=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte(value)) + "?="
}
