package s3api

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
)

var _ httpapi.Foreseer = (*Service)(nil)

// Foresee says which bucket a request is about, and what of it the request will read: an object, or a page of a list. It looks
// only at what the most frequent requests have; what it does not see is read later.
func (s *Service) Foresee(c *httpapi.Call, subject *access.Subject) {
	bucket, key, err := s.locate(c.HTTP)
	if err != nil || bucket == "" {
		return
	}
	subject.Bucket, subject.Operation = bucket, "s3:"+kindOf(c.HTTP, key)
	query, err := url.ParseQuery(escapeSemicolons(c.HTTP.URL.RawQuery))
	if err != nil {
		return
	}
	subject.More = func(b *access.Bucket) ([][]byte, *meta.Range) { return foreseen(c.HTTP.Method, b, key, query) }
}

// kindOf tells apart requests that need different things: a bounded number of texts.
func kindOf(r *http.Request, key string) string {
	what := "bucket"
	if key != "" {
		what = "object"
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return "read " + what
	case http.MethodPut, http.MethodPost, http.MethodDelete:
		if r.Header.Get("X-Amz-Copy-Source") != "" {
			return "copy " + what
		}
		return "write " + what
	default:
		return ""
	}
}

// foreseen returns what a request for a key of a bucket, or for the bucket if key is "", will read.
func foreseen(method string, b *access.Bucket, key string, query url.Values) ([][]byte, *meta.Range) {
	reads := method == http.MethodGet || method == http.MethodHead
	switch {
	case key == "" && method == http.MethodGet:
		return nil, foreseenList(b, query)
	case key == "":
		return nil, nil
	case reads:
		return objects.AheadRead(b.Record, key, query.Get("versionId"))
	case method == http.MethodPut && query.Has("uploadId"):
		number, err := strconv.Atoi(query.Get("partNumber"))
		if err != nil {
			return nil, nil
		}
		return objects.AheadPart(b.Record, key, query.Get("uploadId"), number), nil
	default:
		return objects.AheadWrite(b.Record, key)
	}
}

// foreseenList returns what a page of a list of objects reads; nil for other questions about a bucket.
func foreseenList(b *access.Bucket, query url.Values) *meta.Range {
	for name := range query {
		if !listParameters[name] && !strings.HasPrefix(name, "X-Amz-") && !strings.HasPrefix(name, "x-") {
			return nil
		}
	}
	decode := decodeList
	if query.Get("list-type") == "2" {
		decode = decodeListV2
	}
	in, err := decode(query)
	if err != nil {
		return nil
	}
	in.bucket = b
	all, ok := in.query().Range()
	if !ok {
		return nil
	}
	return &all
}

// listParameters are those of ListObjects and ListObjectsV2.
var listParameters = map[string]bool{
	"list-type": true, "prefix": true, "delimiter": true, "max-keys": true, "marker": true, "encoding-type": true,
	"continuation-token": true, "start-after": true, "fetch-owner": true,
}
