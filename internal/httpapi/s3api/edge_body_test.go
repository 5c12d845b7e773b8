package s3api_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"testing"
)

// The ways in which a payload is sent in chunks.
const (
	signedChunks  = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	signedTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	plainTrailer  = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// crcOf returns the value of x-amz-checksum-crc32 for body.
func crcOf(body string) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body))))
}

// TestLengthsAndDigests wants a payload that is not what its headers say it is to be refused.
func TestLengthsAndDigests(t *testing.T) {
	s := newEdgeServer(t)
	wrong := base64.StdEncoding.EncodeToString(make([]byte, 16))
	s.refused(t, []edge{
		{name: "no length", claimed: "none", want: "411 MissingContentLength"},
		{name: "no length of a part", target: "/walnut/large?uploadId=[upload1]&partNumber=4", claimed: "none", want: "411 MissingContentLength"},
		{name: "negative length", claimed: "-1", want: "400"},
		{name: "length with a plus", claimed: "+3", body: "abc", want: "400"},
		{name: "length beyond int64", claimed: "9223372036854775808", want: "400"},
		{name: "two lengths", body: "abc", edit: insert("Content-Length: 4\r\n"), want: "400"},
		{name: "longer than an object may be", claimed: "53687091200001", want: "400 EntityTooLarge"},
		{name: "longer than a part may be", target: "/walnut/large?uploadId=[upload1]&partNumber=4", claimed: "5368709121", want: "400 EntityTooLarge"},
		{name: "short body", body: "abc", claimed: "4", want: "400 IncompleteBody"},
		{name: "short body, not hashed", body: "abc", claimed: "4", payload: "UNSIGNED-PAYLOAD", want: "400 IncompleteBody"},
		{name: "short part", target: "/walnut/large?uploadId=[upload1]&partNumber=4", body: "abc", claimed: "4", want: "400 IncompleteBody"},
		{name: "short part that is there", target: "/walnut/large?uploadId=[upload1]&partNumber=1", body: "abc", claimed: "4", want: "400 IncompleteBody"},
		{name: "cut", body: "abcdef", claimed: "3", want: "400 XAmzContentSHA256Mismatch"},
		{name: "another body", body: "abc", edit: replace("abc", "abd"), want: "400 XAmzContentSHA256Mismatch"},
		{name: "another body over an object", target: "/walnut/old", body: "abc", edit: replace("abc", "abd"), want: "400 XAmzContentSHA256Mismatch"},
		{name: "no hash", payload: "none", body: "abc", want: "400 InvalidRequest"},
		{name: "hash that is none", payload: "abc", body: "abc", want: "400 InvalidArgument"},
		{name: "Transfer-Encoding", claimed: "none", edit: insert("Transfer-Encoding: chunked\r\n"), body: "0\r\n\r\n", payload: "UNSIGNED-PAYLOAD", want: "411 MissingContentLength"},
		{name: "Transfer-Encoding and a length", edit: insert("Transfer-Encoding: chunked\r\n"), body: "0\r\n\r\n", payload: "UNSIGNED-PAYLOAD", want: "411 MissingContentLength"},
		{name: "Transfer-Encoding that is none", edit: insert("Transfer-Encoding: gzip\r\n"), body: "abc", want: "501"},

		{name: "MD5 that is no base64", body: "abc", header: []string{"Content-MD5: =abc"}, want: "400 InvalidDigest"},
		{name: "MD5 of 15 bytes", body: "abc", header: []string{"Content-MD5: " + base64.StdEncoding.EncodeToString(make([]byte, 15))}, want: "400 InvalidDigest"},
		{name: "empty MD5", body: "abc", header: []string{"Content-MD5:"}, want: "400 InvalidDigest"},
		{name: "MD5 of something else", body: "abc", header: []string{"Content-MD5: " + wrong}, want: "400 BadDigest"},
		{name: "MD5 of something else, part", target: "/walnut/large?uploadId=[upload1]&partNumber=1", body: "abc", header: []string{"Content-MD5: " + wrong}, want: "400 BadDigest"},
		{name: "MD5 of something else, document", target: "/walnut?tagging", body: tagSet, header: []string{"Content-MD5: " + wrong}, want: "400 BadDigest"},
		{name: "checksum that is no base64", body: "abc", header: []string{"x-amz-checksum-crc32: *"}, want: "400 InvalidRequest"},
		{name: "checksum of another length", body: "abc", header: []string{"x-amz-checksum-crc32: AAAA"}, want: "400 InvalidRequest"},
		{name: "checksum of something else", body: "abc", header: []string{"x-amz-checksum-crc32: AAAAAA=="}, want: "400 BadDigest"},
		{name: "checksum of something else, over an object", target: "/walnut/old", body: "abc", header: []string{"x-amz-checksum-crc32: AAAAAA=="}, want: "400 BadDigest"},
		{name: "two checksums", body: "abc", header: []string{"x-amz-checksum-crc32: " + crcOf("abc"), "x-amz-checksum-crc32c: AAAAAA=="}, want: "400 InvalidRequest"},
		{name: "checksum that is not there", body: "abc", header: []string{"x-amz-sdk-checksum-algorithm: CRC32"}, want: "400 InvalidRequest"},
		{name: "algorithm that is none", body: "abc", header: []string{"x-amz-sdk-checksum-algorithm: CRC31", "x-amz-checksum-crc32: " + crcOf("abc")}, want: "400 InvalidRequest"},
		{name: "checksum that is none", body: "abc", header: []string{"x-amz-checksum-crc31: AAAA"}, want: "501 NotImplemented"},
		{name: "trailer of a body that has none", body: "abc", header: []string{"x-amz-trailer: x-amz-checksum-crc32"}, want: "400 MalformedTrailerError"},
	})
}

// insert returns an edit that adds lines to the header of a request; they are not signed.
func insert(lines string) func(string) string { return replace("\r\n\r\n", "\r\n"+lines+"\r\n") }

func replace(old, with string) func(string) string {
	return func(raw string) string {
		at := strings.LastIndex(raw, old)
		if old == "\r\n\r\n" { // the end of the header, not of the body
			at = strings.Index(raw, old)
		}
		return raw[:at] + with + raw[at+len(old):]
	}
}

// chunked is a payload in chunks, as a client encodes it, and what is wrong with it.
type chunked struct {
	name    string
	payload string // x-amz-content-sha256
	content string
	size    int // of a chunk; 0: one chunk
	target  string
	header  []string
	trailer []string            // "name:value"; the names are announced
	decoded string              // x-amz-decoded-content-length; empty: that of content, "none": not sent
	claimed string              // Content-Length; empty: that of the body
	spoil   func(string) string // changes the body
	want    string
}

// chunkedEdge returns the request that sends e.
func (s *edgeServer) chunkedEdge(e chunked) edge {
	header := append([]string{"Content-Encoding: aws-chunked"}, e.header...)
	switch e.decoded {
	case "":
		header = append(header, fmt.Sprint("x-amz-decoded-content-length: ", len(e.content)))
	case "none":
	default:
		header = append(header, "x-amz-decoded-content-length: "+e.decoded)
	}
	for _, line := range e.trailer {
		name, _, _ := strings.Cut(line, ":")
		header = append(header, "x-amz-trailer: "+name)
	}
	return edge{name: e.name, target: e.target, header: header, payload: e.payload, claimed: e.claimed, want: e.want, edit: func(raw string) string {
		head, _, _ := strings.Cut(raw, "\r\n\r\n")
		body := s.encode(e, signatureOf(head))
		if e.spoil != nil {
			body = e.spoil(body)
		}
		if e.claimed == "" {
			head = strings.Replace(head, "\r\nContent-Length: 0", fmt.Sprint("\r\nContent-Length: ", len(body)), 1)
		}
		return head + "\r\n\r\n" + body
	}}
}

// signatureOf returns the signature in the header of a request.
func signatureOf(head string) string {
	_, after, _ := strings.Cut(head, "Signature=")
	return after[:64]
}

// encode returns the content in chunks, each signed after the one before it, the first after the request.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
func (s *edgeServer) encode(e chunked, previous string) string {
	sign := func(name string, lines ...string) string {
		now := s.w.now().UTC()
		scope := now.Format("20060102") + "/us-east-1/s3/aws4_request"
		previous = hex.EncodeToString(mac(s.signingKey(now.Format("20060102")),
			strings.Join(append([]string{name, now.Format("20060102T150405Z"), scope, previous}, lines...), "\n")))
		return previous
	}
	var b strings.Builder
	size := max(e.size, 1)
	if e.size == 0 {
		size = max(len(e.content), 1)
	}
	for rest := e.content; ; {
		part := rest[:min(size, len(rest))]
		rest = rest[len(part):]
		fmt.Fprintf(&b, "%x", len(part))
		if e.payload != plainTrailer {
			b.WriteString(";chunk-signature=" + sign("AWS4-HMAC-SHA256-PAYLOAD", hashOf(""), hashOf(part)))
		}
		b.WriteString("\r\n" + part)
		if part == "" {
			break
		}
		b.WriteString("\r\n")
	}
	for _, line := range e.trailer {
		b.WriteString(line + "\r\n")
	}
	if e.payload == signedTrailer {
		b.WriteString("x-amz-trailer-signature:" + sign("AWS4-HMAC-SHA256-TRAILER", hashOf(strings.Join(e.trailer, "\n")+"\n")) + "\r\n")
	}
	return b.String() + "\r\n"
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func (s *edgeServer) signingKey(day string) []byte {
	return mac(mac(mac(mac([]byte("AWS4"+s.secret), day), "us-east-1"), "s3"), "aws4_request")
}

// TestChunkedUploads wants uploads in chunks to be stored as they were meant, whichever way they are signed.
func TestChunkedUploads(t *testing.T) {
	s := newEdgeServer(t)
	content := strings.Repeat("walnut", 6000)
	for i, e := range []chunked{
		{name: "signed", payload: signedChunks},
		{name: "signed, in several", payload: signedChunks, size: 8 << 10},
		{name: "signed trailer", payload: signedTrailer, trailer: []string{"x-amz-checksum-crc32:" + crcOf(content)}},
		{name: "signed trailer, in several", payload: signedTrailer, size: 9 << 10, trailer: []string{"x-amz-checksum-crc32:" + crcOf(content)}},
		{name: "unsigned trailer", payload: plainTrailer, trailer: []string{"x-amz-checksum-crc32:" + crcOf(content)}},
		{name: "unsigned trailer, in several", payload: plainTrailer, size: 8 << 10, trailer: []string{"x-amz-checksum-crc32:" + crcOf(content)}},
		{name: "no trailer after all", payload: plainTrailer},
		{name: "beside another coding", payload: signedChunks, header: []string{"Content-Encoding: gzip"}},
		{name: "digest of the content", payload: signedChunks, header: []string{"Content-MD5: " + md5Of(content)}},
	} {
		t.Run(e.name, func(t *testing.T) {
			e.content, e.target = content, fmt.Sprint("/walnut/chunked", i)
			answer, body := s.send(t, "PUT", s.bytes(s.chunkedEdge(e)), false)
			if answer.StatusCode != http.StatusOK {
				t.Fatalf("%d: %s", answer.StatusCode, body)
			}
			answer, body = s.send(t, "GET", s.bytes(edge{method: "GET", target: e.target}), false)
			encoding := ""
			if len(e.header) > 0 && e.header[0] == "Content-Encoding: gzip" {
				encoding = "gzip"
			}
			if body != content || answer.Header.Get("Content-Encoding") != encoding {
				t.Errorf("kept %d bytes, Content-Encoding %q", len(body), answer.Header.Get("Content-Encoding"))
			}
		})
	}
}

// TestChunkedEdges wants uploads in chunks that do not hold together to be refused, and nothing to be kept.
func TestChunkedEdges(t *testing.T) {
	s := newEdgeServer(t)
	content := strings.Repeat("walnut", 4000)
	sum := []string{"x-amz-checksum-crc32:" + crcOf(content)}
	var edges []edge
	for _, e := range []chunked{
		{name: "no decoded length", payload: signedChunks, decoded: "none", want: "411 MissingContentLength"},
		{name: "no decoded length, unsigned", payload: plainTrailer, trailer: sum, decoded: "none", want: "411 MissingContentLength"},
		{name: "decoded length that is no number", payload: signedChunks, decoded: "0x5dc0", want: "411 MissingContentLength"},
		{name: "negative decoded length", payload: signedChunks, decoded: "-1", want: "411 MissingContentLength"},
		{name: "decoded length above", payload: signedChunks, decoded: "24001", want: "400 IncompleteBody"},
		{name: "decoded length below", payload: signedChunks, decoded: "23999", want: "400 IncompleteBody"},
		{name: "decoded length above, trailer", payload: signedTrailer, trailer: sum, decoded: "24001", want: "400 IncompleteBody"},
		{name: "decoded length below, trailer", payload: plainTrailer, trailer: sum, decoded: "23999", want: "400 IncompleteBody"},
		{name: "decoded length above, over an object", target: "/walnut/old", payload: signedChunks, decoded: "24001", want: "400 IncompleteBody"},
		{name: "longer than an object may be", payload: signedChunks, decoded: "53687091200001", want: "400 EntityTooLarge"},
		{name: "no chunks", payload: signedChunks, spoil: func(string) string { return content }, want: "400 IncompleteBody"},
		{name: "empty", payload: signedChunks, spoil: func(string) string { return "" }, want: "400 IncompleteBody"},
		{name: "no last chunk", payload: signedChunks, spoil: func(b string) string { return b[:strings.Index(b, "\r\n0;")+2] }, want: "400 IncompleteBody"},
		{name: "no end", payload: signedChunks, spoil: cut(2), want: "400 IncompleteBody"},
		{name: "more after the end", payload: signedChunks, spoil: func(b string) string { return b + "walnut" }, want: "400 IncompleteBody"},
		{name: "cut", payload: signedChunks, spoil: cut(200), want: "400 IncompleteBody"},
		{name: "shorter than its length", payload: signedChunks, claimed: "100000", want: "400 IncompleteBody"},
		{name: "longer than its length", payload: signedChunks, claimed: "24000", want: "400 IncompleteBody"},
		{name: "changed", payload: signedChunks, spoil: replace("walnut", "Walnut"), want: "403 SignatureDoesNotMatch"},
		{name: "changed, in several", payload: signedChunks, size: 8 << 10, spoil: replace("walnut", "Walnut"), want: "403 SignatureDoesNotMatch"},
		{name: "another signature", payload: signedChunks, spoil: func(b string) string {
			return b[:len("5dc0;chunk-signature=")] + strings.Repeat("0", 64) + b[len("5dc0;chunk-signature=")+64:]
		}, want: "403 SignatureDoesNotMatch"},
		{name: "no signature", payload: signedChunks, spoil: func(b string) string { return "5dc0" + b[strings.Index(b, "\r\n"):] }, want: "400 IncompleteBody"},
		{name: "small chunk", payload: signedChunks, size: 8<<10 - 1, want: "403 InvalidChunkSizeError"},
		{name: "small chunk, unsigned", payload: plainTrailer, size: 1000, trailer: sum, want: "403 InvalidChunkSizeError"},
		{name: "wrong digest", payload: signedChunks, header: []string{"Content-MD5: " + md5Of("walnut")}, want: "400 BadDigest"},
		{name: "digest of the chunks", payload: plainTrailer, header: []string{"x-amz-checksum-crc32: AAAAAA=="}, want: "400 BadDigest"},

		{name: "no trailer", payload: signedTrailer, trailer: sum, spoil: replace(sum[0]+"\r\n", ""), want: "400 MalformedTrailerError"},
		{name: "no trailer, unsigned", payload: plainTrailer, trailer: sum, spoil: replace(sum[0]+"\r\n", ""), want: "400 MalformedTrailerError"},
		{name: "another trailer", payload: plainTrailer, trailer: sum, spoil: replace("crc32:", "sha1:"), want: "400 MalformedTrailerError"},
		{name: "one trailer more", payload: plainTrailer, trailer: sum, spoil: replace(sum[0], sum[0]+"\r\nx-amz-acl:public-read"), want: "400 MalformedTrailerError"},
		{name: "trailer twice", payload: plainTrailer, trailer: sum, spoil: replace(sum[0], sum[0]+"\r\n"+sum[0]), want: "400 MalformedTrailerError"},
		{name: "trailer that is no base64", payload: plainTrailer, trailer: []string{"x-amz-checksum-crc32:*"}, want: "400 InvalidRequest"},
		{name: "trailer of something else", payload: plainTrailer, trailer: []string{"x-amz-checksum-crc32:AAAAAA=="}, want: "400 BadDigest"},
		{name: "signed trailer of something else", payload: signedTrailer, trailer: []string{"x-amz-checksum-crc32:AAAAAA=="}, want: "400 BadDigest"},
		{name: "changed trailer", payload: signedTrailer, trailer: sum, spoil: replace(sum[0], "x-amz-checksum-crc32:AAAAAA=="), want: "403 SignatureDoesNotMatch"},
		{name: "no signature of the trailer", payload: signedTrailer, trailer: sum, spoil: func(b string) string { return b[:strings.Index(b, "x-amz-trailer-signature")] + "\r\n" }, want: "400 MalformedTrailerError"},
		{name: "trailer that is no checksum", payload: plainTrailer, trailer: []string{"x-amz-meta-a:b"}, want: "400 InvalidRequest"},
		{name: "two trailers", payload: plainTrailer, trailer: append([]string{"x-amz-checksum-sha1:AAAA"}, sum...), want: "400 InvalidRequest"},
		{name: "trailer where none may be", payload: signedChunks, trailer: sum, want: "400 MalformedTrailerError"},
		{name: "header and trailer", payload: plainTrailer, trailer: sum, header: []string{"x-amz-checksum-crc32: " + crcOf(content)}, want: "400 InvalidRequest"},
		{name: "asymmetric signature", payload: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", want: "501 NotImplemented"},
		{name: "unknown kind", payload: "STREAMING-WALNUTS", want: "400 InvalidArgument"},
	} {
		e.content = content
		edges = append(edges, s.chunkedEdge(e))
	}
	s.refused(t, edges)
}

func cut(n int) func(string) string { return func(b string) string { return b[:len(b)-n] } }
