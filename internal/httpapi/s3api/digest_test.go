package s3api

import (
	"bytes"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/checksum"
	"crossgrant/internal/httpapi"
)

// call returns a call with this body, headers ("Name: value" lines) and trailing headers.
func call(body, headers, trailers string) *httpapi.Call {
	parse := func(text string) http.Header {
		h := http.Header{}
		for line := range strings.SplitSeq(text, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				h.Add(name, value)
			}
		}
		return h
	}
	r := httptest.NewRequest("PUT", "/walnut/k", nil)
	r.Header = parse(headers)
	return &httpapi.Call{
		HTTP: r, Body: strings.NewReader(body), Length: int64(len(body)),
		Trailer: func() http.Header { return parse(trailers) },
	}
}

// The checksum of a payload may come in a header or in a trailer, once.
func TestReadBody(t *testing.T) {
	t.Parallel()
	var sum [4]byte
	c := crc32.ChecksumIEEE([]byte("abc"))
	sum = [4]byte{byte(c >> 24), byte(c >> 16), byte(c >> 8), byte(c)}
	good := checksum.Encode(sum[:])
	for name, c := range map[string]struct {
		headers, trailers string
		code              string // empty: accepted
	}{
		"nothing":             {"", "", ""},
		"header":              {"x-amz-checksum-crc32: " + good, "", ""},
		"wrong header":        {"x-amz-checksum-crc32: AAAAAA==", "", "BadDigest"},
		"malformed header":    {"x-amz-checksum-crc32: AAA=", "", "InvalidRequest"},
		"trailer":             {"x-amz-trailer: x-amz-checksum-crc32", "x-amz-checksum-crc32: " + good, ""},
		"wrong trailer":       {"x-amz-trailer: x-amz-checksum-crc32", "x-amz-checksum-crc32: AAAAAA==", "BadDigest"},
		"missing trailer":     {"x-amz-trailer: x-amz-checksum-crc32", "", "MalformedTrailerError"},
		"malformed trailer":   {"x-amz-trailer: x-amz-checksum-crc32", "x-amz-checksum-crc32: AAA=", "InvalidRequest"},
		"unknown trailer":     {"x-amz-trailer: x-amz-meta-a", "", "InvalidRequest"},
		"header and trailer":  {"x-amz-checksum-sha1: " + strings.Repeat("A", 27) + "=\nx-amz-trailer: x-amz-checksum-crc32", "", "InvalidRequest"},
		"declared":            {"x-amz-sdk-checksum-algorithm: crc32\nx-amz-checksum-crc32: " + good, "", ""},
		"declared otherwise":  {"x-amz-sdk-checksum-algorithm: SHA256\nx-amz-checksum-crc32: " + good, "", "InvalidRequest"},
		"declared, not sent":  {"x-amz-sdk-checksum-algorithm: CRC32", "", "InvalidRequest"},
		"MD5":                 {"Content-MD5: kAFQmDzST7DWlj99KOF/cg==", "", ""},
		"wrong MD5":           {"Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==", "", "BadDigest"},
		"malformed MD5":       {"Content-MD5: x", "", "InvalidDigest"},
		"MD5 sent twice":      {"Content-MD5: kAFQmDzST7DWlj99KOF/cg==\nContent-MD5: kAFQmDzST7DWlj99KOF/cg==", "", "InvalidDigest"},
		"checksum sent twice": {"x-amz-checksum-crc32: " + good + "\nx-amz-checksum-crc32: " + good, "", "InvalidRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, _, err := readBody(call("abc", c.headers, c.trailers), 3)
			switch {
			case c.code == "" && (err != nil || !bytes.Equal(body, []byte("abc"))):
				t.Errorf("got %q, %v", body, err)
			case c.code != "" && !apierr.Is(err, c.code):
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
	if _, _, err := readBody(call("abcd", "", ""), 3); !apierr.Is(err, "MaxMessageLengthExceeded") {
		t.Errorf("too long: got %v", err)
	}
}

// Whoever sends no length is refused before anything is read.
func TestNeedLength(t *testing.T) {
	t.Parallel()
	c := call("abc", "", "")
	c.Length = -1
	if err := needLength(c); !apierr.Is(err, "MissingContentLength") {
		t.Errorf("got %v", err)
	}
}

// An unknown x-amz-* header is refused by name, whatever its value.
func TestCheckHeaders(t *testing.T) {
	t.Parallel()
	for headers, refused := range map[string]string{
		"":                                   "",
		"x-amz-meta-anything: x":             "",
		"x-amz-acl: private":                 "",
		"x-amz-unknown: ":                    "x-amz-unknown",
		"x-amz-object-lock-mode: GOVERNANCE": "",
		"x-amz-checksum-sha512: x":           "x-amz-checksum-sha512",
		"x-amz-z: 1\nx-amz-a: 1":             "x-amz-a",
	} {
		err := checkHeaders(call("", headers, "").HTTP)
		if refused == "" && err == nil {
			continue
		}
		e := apierr.From(err)
		if err == nil || e.Code != "NotImplemented" || len(e.Detail) != 1 || e.Detail[0].Value != refused {
			t.Errorf("%q: got %v, want %s", headers, err, refused)
		}
	}
}
