package sigv4

import "strings"

// Request is what the signature of an HTTP request is made over, without its body.
type Request struct {
	Method string
	// RawPath is the path as sent, still escaped, such as "/bucket/a%20b"; empty means "/". The
	// signature covers the decoded path of S3 requests, so the caller must route by that too.
	RawPath  string
	RawQuery string // as sent, without the question mark
	Host     string // as sent, with its port if it had one
	// Header has canonical MIME keys, as net/http gives them; values are not trimmed. It need not have
	// Host, Content-Length or Transfer-Encoding, which net/http keeps elsewhere.
	Header        map[string][]string
	ContentLength int64 // bytes; negative if not known, as with chunked transfer coding
	// BodySHA256 is the hexadecimal SHA-256 of the whole body. Endpoints other than S3 need it, whose
	// signature always covers the body; for S3 it is not read, see NewBody.
	BodySHA256 string
	// Fields are the fields of a browser form before its file, by lower-case name; nil if the request is none.
	// The signature of a form covers its policy and nothing else of the request.
	Fields map[string]string
}

// Names of headers, in canonical MIME form.
const (
	headerAuthorization = "Authorization"
	headerContentSHA256 = "X-Amz-Content-Sha256"
	headerDate          = "X-Amz-Date"
	headerDecodedLength = "X-Amz-Decoded-Content-Length"
	headerSecurityToken = "X-Amz-Security-Token"
	headerTrailer       = "X-Amz-Trailer"
)

// header returns the value of the header with this canonical MIME key and whether it was sent.
// Repeated headers are joined by commas, so that a repeated single-valued header is malformed.
func (r *Request) header(key string) (string, bool) {
	switch v := r.Header[key]; len(v) {
	case 0:
		return "", false
	case 1:
		return strings.TrimSpace(v[0]), true
	default:
		return strings.Join(v, ","), true
	}
}

// eachParam calls f with each parameter of a raw query, decoded, in order.
func eachParam(raw string, f func(name, value string)) {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		f(unescape(name), unescape(value))
	}
}

// unescape decodes a component of a query: percent escapes and plus signs. What is not an escape
// stays as it is.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if d, ok := escaped(s, i); ok {
			c, i = d, i+2
		} else if c == '+' {
			c = ' '
		}
		out = append(out, c)
	}
	return string(out)
}

// escaped returns the byte that the three letters of s at i stand for, if they are an escape.
func escaped(s string, i int) (byte, bool) {
	if s[i] != '%' || i+2 >= len(s) {
		return 0, false
	}
	hi, lo := unhex(s[i+1]), unhex(s[i+2])
	if hi > 15 || lo > 15 {
		return 0, false
	}
	return hi<<4 | lo, true
}

// unhex returns the value of a hexadecimal digit of either case, or 255.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// isSHA256 reports whether s is 64 hexadecimal digits of either case.
func isSHA256(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if unhex(s[i]) > 15 {
			return false
		}
	}
	return true
}
