package s3api

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/records"
)

const (
	// maxUserMetadata is the largest sum of the lengths of names and values of user metadata, in bytes.
	//
	// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
	maxUserMetadata = 2048

	defaultContentType = "binary/octet-stream"
)

// decodeMetadata reads what a request says of an object's content.
func decodeMetadata(r *http.Request) (*records.Metadata, error) {
	m := &records.Metadata{
		ContentType:        header(r, "Content-Type"),
		CacheControl:       header(r, "Cache-Control"),
		ContentDisposition: header(r, "Content-Disposition"),
		ContentEncoding:    contentEncoding(header(r, "Content-Encoding")),
		ContentLanguage:    header(r, "Content-Language"),
		Expires:            header(r, "Expires"),
		WebsiteRedirect:    header(r, "x-amz-website-redirect-location"),
	}
	if m.ContentType == "" {
		m.ContentType = defaultContentType
	}
	if redirect := m.WebsiteRedirect; redirect != "" && !strings.HasPrefix(redirect, "/") &&
		!strings.HasPrefix(redirect, "http://") && !strings.HasPrefix(redirect, "https://") {
		return nil, apierr.New(http.StatusBadRequest, "InvalidRedirectLocation",
			"The website redirect location must have a prefix of 'http://' or 'https://' or '/'.")
	}
	size := 0
	for name := range r.Header {
		if !hasPrefix(name, metadataPrefix) {
			continue
		}
		name = strings.ToLower(name[len(metadataPrefix):])
		value := header(r, metadataPrefix+name)
		if m.User == nil {
			m.User = map[string]string{}
		}
		m.User[name] = value
		size += len(name) + len(value)
	}
	if size > maxUserMetadata {
		return nil, apierr.New(http.StatusBadRequest, "MetadataTooLarge",
			"Your metadata headers exceed the maximum allowed metadata size").
			With("Size", strconv.Itoa(size)).With("MaxSizeAllowed", strconv.Itoa(maxUserMetadata))
	}
	return m, nil
}

// contentEncoding returns a Content-Encoding without aws-chunked, which is how a request was sent and no
// property of the object.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
func contentEncoding(value string) string {
	if !strings.Contains(strings.ToLower(value), "aws-chunked") {
		return value
	}
	var kept []string
	for one := range strings.SplitSeq(value, ",") {
		if one = strings.TrimSpace(one); one != "" && !strings.EqualFold(one, "aws-chunked") {
			kept = append(kept, one)
		}
	}
	return strings.Join(kept, ",")
}

// writeMetadata sets the headers that tell what was said of an object's content.
func writeMetadata(h http.Header, m *records.Metadata) {
	set := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	h.Set("Content-Type", defaultContentType)
	set("Content-Type", m.GetContentType())
	set("Cache-Control", m.GetCacheControl())
	set("Content-Disposition", m.GetContentDisposition())
	set("Content-Encoding", m.GetContentEncoding())
	set("Content-Language", m.GetContentLanguage())
	set("Expires", m.GetExpires())
	set("X-Amz-Website-Redirect-Location", m.GetWebsiteRedirect())
	for name, value := range m.GetUser() {
		h.Set(metadataPrefix+name, encodeWord(value))
	}
}

// encodeWord returns a metadata value as a header can carry it. One with bytes beyond ASCII comes back
// as an encoded word of RFC 2047, of the Latin-1 that HTTP took the bytes for.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata, whose
// example this is
func encodeWord(value string) string {
	plain := true
	for i := range len(value) {
		plain = plain && value[i] >= ' ' && value[i] < 0x7f || value[i] == '\t'
	}
	if plain {
		return value
	}
	wide := make([]rune, len(value))
	for i := range len(value) {
		wide[i] = rune(value[i])
	}
	return "=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte(string(wide))) + "?="
}
