package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// algorithm is the only one that is verified here.
const algorithm = "AWS4-HMAC-SHA256"

// appendCanonical appends the canonical request:
//
//	method \n path \n query \n (name:value\n)* \n signed headers \n payload hash
//
// names are the signed headers in lower case, sorted. The query leaves out X-Amz-Signature if the
// signature came in it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
func appendCanonical(dst []byte, r *Request, form Form, path pathStyle, names []string, payloadHash string) []byte {
	dst = append(dst, r.Method...)
	dst = append(dst, '\n')
	dst = path(dst, r.RawPath)
	dst = append(dst, '\n')
	dst = appendCanonicalQuery(dst, r.RawQuery, form == FormQuery)
	dst = append(dst, '\n')
	for _, name := range names {
		dst = append(dst, name...)
		dst = append(dst, ':')
		dst = appendHeaderValue(dst, r, name)
		dst = append(dst, '\n')
	}
	dst = append(dst, '\n')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ';')
		}
		dst = append(dst, name...)
	}
	dst = append(dst, '\n')
	return append(dst, payloadHash...)
}

// appendStringToSign appends the four lines that are signed for a request.
func appendStringToSign(dst []byte, s *Signed, canonical []byte) []byte {
	sum := sha256.Sum256(canonical)
	dst = append(dst, algorithm...)
	dst = append(dst, '\n')
	dst = s.Date.AppendFormat(dst, dateFormat)
	dst = append(dst, '\n')
	dst = s.Scope.append(dst)
	dst = append(dst, '\n')
	return hex.AppendEncode(dst, sum[:])
}

// A pathStyle appends the canonical form of a raw path.
type pathStyle func(dst []byte, raw string) []byte

// singlePath is the path of S3: decoded and encoded once, with no normalisation, so that "//" and
// ".." stay parts of the key.
func singlePath(dst []byte, raw string) []byte {
	if raw == "" {
		return append(dst, '/')
	}
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if d, ok := escaped(raw, i); ok {
			c, i = d, i+2
		}
		dst = appendEncoded(dst, c, true)
	}
	return dst
}

// verbatimPath is the path as sent. Some clients escape fewer letters than AWS does and sign what
// they send.
func verbatimPath(dst []byte, raw string) []byte { return append(dst, raw...) }

// doublePath is the path of all services but S3: dot segments and empty segments removed, and the
// path as sent, with its escapes, encoded once more.
func doublePath(dst []byte, raw string) []byte {
	base := len(dst)
	for rest := raw; rest != ""; {
		var segment string
		segment, rest, _ = strings.Cut(rest, "/")
		switch segment {
		case "", ".":
		case "..":
			if i := bytes.LastIndexByte(dst[base:], '/'); i >= 0 {
				dst = dst[:base+i]
			}
		default:
			dst = append(dst, '/')
			for i := range len(segment) {
				dst = appendEncoded(dst, segment[i], false)
			}
		}
	}
	if len(dst) == base || strings.HasSuffix(raw, "/") {
		dst = append(dst, '/')
	}
	return dst
}

// appendCanonicalQuery appends the parameters of a raw query, decoded and encoded again, sorted by
// name and then value. A plus sign is a space, as it is for S3; a parameter without "=" gets one.
func appendCanonicalQuery(dst []byte, raw string, dropSignature bool) []byte {
	if raw == "" {
		return dst
	}
	// The parameters are encoded into buf; span[i] holds the places where name and value begin and end.
	type span struct{ name, value, end int }
	var spanArray [16]span
	var bufArray [512]byte
	spans, buf := spanArray[:0], bufArray[:0]
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		sp := span{name: len(buf)}
		buf = appendQueryComponent(buf, name)
		if dropSignature && string(buf[sp.name:]) == paramSignature {
			buf = buf[:sp.name]
			continue
		}
		sp.value = len(buf)
		buf = appendQueryComponent(buf, value)
		sp.end = len(buf)
		spans = append(spans, sp)
	}
	slices.SortFunc(spans, func(a, b span) int {
		if c := bytes.Compare(buf[a.name:a.value], buf[b.name:b.value]); c != 0 {
			return c
		}
		return bytes.Compare(buf[a.value:a.end], buf[b.value:b.end])
	})
	for i, sp := range spans {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(dst, buf[sp.name:sp.value]...)
		dst = append(dst, '=')
		dst = append(dst, buf[sp.value:sp.end]...)
	}
	return dst
}

// appendQueryComponent decodes a name or value of a query and encodes it as AWS does.
func appendQueryComponent(dst []byte, raw string) []byte {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if d, ok := escaped(raw, i); ok {
			c, i = d, i+2
		} else if c == '+' {
			c = ' '
		}
		dst = appendEncoded(dst, c, false)
	}
	return dst
}

// appendEncoded appends c as AWS's UriEncode does: unreserved letters as they are, all others as
// %XY in upper case.
func appendEncoded(dst []byte, c byte, keepSlash bool) []byte {
	const digits = "0123456789ABCDEF"
	switch {
	case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9',
		c == '-', c == '_', c == '.', c == '~', c == '/' && keepSlash:
		return append(dst, c)
	}
	return append(dst, '%', digits[c>>4], digits[c&15])
}

// appendHeaderValue appends the canonical value of the header with this lower-case name: each value
// trimmed, with runs of white space as one space, and the values joined by commas. A header that was
// not sent is empty.
func appendHeaderValue(dst []byte, r *Request, name string) []byte {
	if name == "host" {
		return append(dst, strings.TrimSpace(r.Host)...)
	}
	var array [64]byte
	values := r.Header[string(appendMIMEKey(array[:0], name))]
	if len(values) == 0 {
		return appendImplied(dst, r, name)
	}
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCollapsed(dst, v)
	}
	return dst
}

// appendImplied appends the value of a header that net/http keeps in a field of the request.
func appendImplied(dst []byte, r *Request, name string) []byte {
	switch {
	case name == "content-length" && r.ContentLength >= 0:
		return strconv.AppendInt(dst, r.ContentLength, 10)
	case name == "transfer-encoding" && r.ContentLength < 0:
		return append(dst, "chunked"...)
	}
	return dst
}

// appendCollapsed appends v without white space around it and with one space for each run inside.
func appendCollapsed(dst []byte, v string) []byte {
	start, gap := len(dst), false
	for i := range len(v) {
		switch v[i] {
		case ' ', '\t', '\n', '\v', '\f', '\r':
			gap = true
		default:
			if gap && len(dst) > start {
				dst = append(dst, ' ')
			}
			gap = false
			dst = append(dst, v[i])
		}
	}
	return dst
}

// appendMIMEKey appends the canonical MIME form of a header name, as net/http has it.
func appendMIMEKey(dst []byte, name string) []byte {
	upper := true
	for i := range len(name) {
		c := name[i]
		switch {
		case upper && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case !upper && 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		upper = c == '-'
		dst = append(dst, c)
	}
	return dst
}
