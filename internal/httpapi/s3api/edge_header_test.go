package s3api_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHeaderEdges wants headers that cannot be what they should be to be refused, before anything comes of them.
func TestHeaderEdges(t *testing.T) {
	s := newEdgeServer(t)
	now := s.w.now().Format("20060102T150405Z")
	at := func(by time.Duration) func(string) string {
		return replace("X-Amz-Date: "+now, "x-amz-date: "+s.w.now().Add(by).Format("20060102T150405Z"))
	}
	locked := func(until string) []string {
		return []string{"x-amz-object-lock-mode: GOVERNANCE", "x-amz-object-lock-retain-until-date: " + until, "Content-MD5: " + md5Of("")}
	}
	s.refused(t, []edge{
		{name: "date that is none", edit: replace("X-Amz-Date: "+now, "X-Amz-Date: yesterday"), want: "403 AccessDenied"},
		{name: "date of another form", edit: replace("X-Amz-Date: "+now, "X-Amz-Date: 2026-01-02T03:00:00Z"), want: "403 AccessDenied"},
		{name: "no date", edit: replace("X-Amz-Date: "+now+"\r\n", ""), want: "403 AccessDenied"},
		{name: "empty date", edit: replace("X-Amz-Date: "+now, "X-Amz-Date:"), want: "403 AccessDenied"},
		{name: "date that is too old", edit: at(-16 * time.Minute), want: "403 RequestTimeTooSkewed"},
		{name: "date that is to come", edit: at(16 * time.Minute), want: "403 RequestTimeTooSkewed"},
		{name: "lock until no date", target: "/locked/k", header: locked("tomorrow"), want: "400 InvalidArgument"},
		{name: "lock until a date of HTTP", target: "/locked/k", header: locked("Fri, 01 Jan 2027 00:00:00 GMT"), want: "400 InvalidArgument"},
		{name: "lock until yesterday", target: "/locked/k", header: locked("2026-01-01T00:00:00Z"), want: "400 InvalidArgument"},
		{name: "lock without an end", target: "/locked/k", header: locked("")[:1], want: "400 InvalidArgument"},

		{name: "line in metadata", header: []string{"x-amz-meta-a: b"}, edit: replace("-A: b", "-A: b\rc: d"), want: "400"},
		{name: "NUL in metadata", header: []string{"x-amz-meta-a: b"}, edit: replace("-A: b", "-A: \x00"), want: "400"},
		{name: "folded line", header: []string{"x-amz-meta-a: b"}, edit: replace("-A: b", "-A: b\r\n c: d"), want: "403 SignatureDoesNotMatch"},
		{name: "space before the colon", header: []string{"x-amz-meta-a: b"}, edit: replace("-A: b", "-A : b"), want: "400"},
		{name: "header that is not signed", edit: insert("x-amz-meta-a: b\r\n"), want: "403 AccessDenied"},
		{name: "line in a parameter that stands for metadata", target: "/walnut/k?x-amz-meta-a=b%0D%0Ac:%20d", want: "400 InvalidArgument"},
		{name: "line in a parameter that stands for a header", target: "/walnut/k?x-amz-website-redirect-location=/%0D%0Aa:%20b", want: "400 InvalidArgument"},
		{name: "NUL in a parameter that stands for a header", target: "/walnut/k?x-amz-storage-class=STANDARD%00", want: "400 InvalidArgument"},
		{name: "name that no header has", target: "/walnut/k?x-amz-meta-a%0D%0Ab=c", want: "400 InvalidArgument"},
		{name: "parameter against its header", target: "/walnut/k?x-amz-storage-class=STANDARD", header: []string{"x-amz-storage-class: GLACIER"}, want: "400 InvalidArgument"},
		{name: "redirect to nowhere", header: []string{"x-amz-website-redirect-location: javascript:alert(1)"}, want: "400 InvalidRedirectLocation"},
		{name: "metadata over 2 KB", header: []string{"x-amz-meta-a: " + strings.Repeat("b", 2048)}, want: "400 MetadataTooLarge"},
		{name: "headers over 8 KB", header: []string{"x-amz-meta-a: b", "Cache-Control: " + strings.Repeat("a", 8<<10)}, want: "400 RequestHeaderSectionTooLarge"},
		{name: "header that is unknown", header: []string{"x-amz-walnut: a"}, want: "501 NotImplemented"},
		{name: "storage class that is none", header: []string{"x-amz-storage-class: WALNUT"}, want: "400 InvalidStorageClass"},
		{name: "ACL that is none", header: []string{"x-amz-acl: walnut"}, want: "400 InvalidArgument"},
		{name: "ACL twice", header: []string{"x-amz-acl: private", "x-amz-acl: public-read"}, want: "400 InvalidArgument"},
		{name: "tag twice", header: []string{"x-amz-tagging: a=b&a=c"}, want: "400 InvalidArgument"},
		{name: "escape in tags that is none", header: []string{"x-amz-tagging: a=%zz"}, want: "400 InvalidArgument"},
		{name: "no Host", edit: func(raw string) string { return strings.Replace(raw, "Host: "+s.host+"\r\n", "", 1) }, want: "400"},
		{name: "two Hosts", edit: insert("Host: walnut.localhost\r\n"), want: "400"},

		{name: "overlong key", target: "/walnut/" + strings.Repeat("k", 1025), want: "400 KeyTooLongError"},
		{name: "key above the bucket", target: "/walnut/../old", want: "400 InvalidURI"},
		{name: "key above the bucket, escaped", target: "/walnut/%2e%2e%2fold", want: "400 InvalidURI"},
		{name: "key that is no UTF-8", target: "/walnut/%ff", want: "400 InvalidURI"},
		{name: "escape that is none", target: "/walnut/%zz", want: "400"},
		{name: "escape in the query that is none", target: "/walnut/k?a=%zz", want: "400 InvalidURI"},
		{name: "sub-resource whose escape is none", target: "/walnut?tagging=%zz", body: tagSet, want: "400 InvalidURI"},
		{name: "bucket that no bucket can be", target: "/w!/k", want: "400 InvalidBucketName"},
		{name: "method that is none", method: "PATCH", want: "405 MethodNotAllowed"},
		{name: "method in lower case", method: "put", want: "405 MethodNotAllowed"},
	})
}

// TestOverrides wants parameters that become headers of the answer to become one header each.
func TestOverrides(t *testing.T) {
	s := newEdgeServer(t)
	get := func(name, parameter, want string) edge {
		return edge{name: name, method: "GET", target: "/walnut/old?" + parameter, want: want}
	}
	s.refused(t, []edge{
		get("line", "response-content-disposition=a%0D%0ASet-Cookie:%20b", "400 InvalidArgument"),
		get("line feed", "response-content-type=a%0Ab", "400 InvalidArgument"),
		get("NUL", "response-cache-control=a%00", "400 InvalidArgument"),
		get("DEL", "response-expires=%7F", "400 InvalidArgument"),
		get("beyond Latin-1", "response-content-language=%E2%82%AC", "400 InvalidArgument"),
		get("tab", "response-content-language=a%09b", "200"),
		get("twice", "response-content-type=a/b&response-content-type=c/d", "200"),
	})
	answer, _ := s.send(t, "GET", s.bytes(get("", "response-content-type=a%2Fb&response-content-disposition=attachment%3B%20filename%3D%22a%22&response-expires=x", "")), false)
	for name, want := range map[string]string{"Content-Type": "a/b", "Content-Disposition": "attachment; filename=\"a\"", "Expires": "x", "Content-Length": "100"} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestRanges wants a range that cannot be read to be paid no heed, and one that holds no byte to be refused.
func TestRanges(t *testing.T) {
	s := newEdgeServer(t)
	for _, test := range []struct{ value, want, bytes string }{
		{"bytes=0-0", "206", "bytes 0-0/100"}, {"bytes=99-", "206", "bytes 99-99/100"}, {"bytes=-1", "206", "bytes 99-99/100"},
		{"bytes=90-18446744073709551616", "206", "bytes 90-99/100"}, {"bytes=-18446744073709551616", "206", "bytes 0-99/100"},
		{"bytes=100-", "416 InvalidRange", ""}, {"bytes=-0", "416 InvalidRange", ""}, {"bytes=18446744073709551616-", "416 InvalidRange", ""},
		{"bytes=5-3", "200", ""}, {"bytes=", "200", ""}, {"bytes=-", "200", ""}, {"bytes=a-b", "200", ""}, {"bytes=--1", "200", ""},
		{"bytes=0-0,2-3", "200", ""}, {"lines=0-0", "200", ""}, {"0-0", "200", ""}, {"bytes=+1-2", "200", ""}, {"bytes=0x1-0x2", "200", ""},
	} {
		e := edge{method: "GET", target: "/walnut/old", header: []string{"Range: " + test.value}}
		answer, body := s.send(t, "GET", s.bytes(e), false)
		if got := outcome(answer, body); got != test.want || answer.Header.Get("Content-Range") != test.bytes {
			t.Errorf("%s: %s %q, want %s", test.value, got, answer.Header.Get("Content-Range"), test.want)
		}
	}
	copying := func(name, value, want string) edge {
		return edge{
			name: name, target: "/walnut/large?uploadId=[upload1]&partNumber=4", want: want,
			header: []string{"x-amz-copy-source: /walnut/old", "x-amz-copy-source-range: " + value},
		}
	}
	s.refused(t, []edge{
		copying("without an end", "bytes=0-", "400 InvalidArgument"),
		copying("the last ones", "bytes=-5", "400 InvalidArgument"),
		copying("backwards", "bytes=5-3", "400 InvalidArgument"),
		copying("beyond the end", "bytes=0-100", "416 InvalidRange"),
		copying("two", "bytes=0-1,3-4", "400 InvalidArgument"),
		copying("no number", "bytes=a-b", "400 InvalidArgument"),
		copying("beyond int64", "bytes=0-9223372036854775808", "416 InvalidRange"),
		copying("other unit", "lines=0-1", "400 InvalidArgument"),
	})
}

// TestParts wants lists of parts that are not those of the upload to be refused, and the upload to stay.
func TestParts(t *testing.T) {
	s := newEdgeServer(t)
	part := func(number, content string) string {
		return fmt.Sprintf("<Part><PartNumber>%s</PartNumber><ETag>%s</ETag></Part>", number, content)
	}
	one, two, three := md5Hex(strings.Repeat("0123456789abcdef", 3)[:40]), md5Hex("0123456789abcdef0123"), md5Hex("x")
	complete := func(name, want string, parts ...string) edge {
		return edge{
			name: name, method: "POST", target: "/walnut/large?uploadId=[upload1]", want: want,
			body: "<CompleteMultipartUpload>" + strings.Join(parts, "") + "</CompleteMultipartUpload>",
		}
	}
	upload := func(name, number, want string) edge {
		return edge{name: name, target: "/walnut/large?uploadId=[upload1]&partNumber=" + number, body: "abc", want: want}
	}
	s.refused(t, []edge{
		complete("backwards", "400 InvalidPartOrder", part("2", two), part("1", one)),
		complete("unknown", "400 InvalidPart", part("4", one)),
		complete("another content", "400 InvalidPart", part("1", two)),
		complete("small", "400 EntityTooSmall", part("1", one), part("2", two), part("3", three)),
		complete("small, the first left out", "400 EntityTooSmall", part("2", two), part("3", three)),
		complete("none", "400 MalformedXML"),
		complete("number 0", "400 InvalidArgument", part("0", one)),
		complete("number 10001", "400 InvalidArgument", part("10001", one)),
		complete("number that is none", "400 MalformedXML", part("one", one)),
		complete("number beyond int64", "400 MalformedXML", part("9223372036854775808", one)),
		complete("10,001 parts", "400 MalformedXML", strings.Repeat(part("1", one), 10_001)),
		complete("no ETag", "400 MalformedXML", "<Part><PartNumber>1</PartNumber></Part>"),
		{name: "unknown upload", method: "POST", target: "/walnut/large?uploadId=x", body: "<CompleteMultipartUpload>" + part("1", one) + "</CompleteMultipartUpload>", want: "404 NoSuchUpload"},
		{name: "another key", method: "POST", target: "/walnut/old?uploadId=[upload1]", body: "<CompleteMultipartUpload>" + part("1", one) + "</CompleteMultipartUpload>", want: "404 NoSuchUpload"},
		{name: "another bucket", method: "POST", target: "/locked/large?uploadId=[upload1]", body: "<CompleteMultipartUpload>" + part("1", one) + "</CompleteMultipartUpload>", want: "404 NoSuchUpload"},
		{name: "wrong size", method: "POST", target: "/walnut/large?uploadId=[upload1]", header: []string{"x-amz-mp-object-size: 39"}, body: "<CompleteMultipartUpload>" + part("1", one) + "</CompleteMultipartUpload>", want: "400 InvalidRequest"},
		{name: "size that is none", method: "POST", target: "/walnut/large?uploadId=[upload1]", header: []string{"x-amz-mp-object-size: -1"}, body: "<CompleteMultipartUpload>" + part("1", one) + "</CompleteMultipartUpload>", want: "400 InvalidRequest"},
		upload("part 0", "0", "400 InvalidArgument"),
		upload("part 10001", "10001", "400 InvalidArgument"),
		upload("part -1", "-1", "400 InvalidArgument"),
		upload("part that is none", "one", "400 InvalidArgument"),
		upload("part beyond int64", "9223372036854775808", "400 InvalidArgument"),
		upload("empty part", "", "400 InvalidArgument"),
		{name: "part of an unknown upload", target: "/walnut/large?uploadId=x&partNumber=1", body: "abc", want: "404 NoSuchUpload"},
		{name: "part of no upload", target: "/walnut/large?partNumber=1", body: "abc", want: "400 InvalidArgument"},
	})
}

// md5Hex returns the ETag of a part.
func md5Hex(content string) string {
	sum := md5.Sum([]byte(content))
	return hex.EncodeToString(sum[:])
}
