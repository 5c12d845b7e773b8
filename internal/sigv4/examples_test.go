package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// The examples that AWS publishes with their signatures, all of 2013-05-24T00:00:00Z in us-east-1.
const exampleKey = "AKIAIOSFODNN7EXAMPLE"

var (
	exampleSecret   = NewSecret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
	exampleTime     = time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	exampleEndpoint = &Endpoint{Dialect: S3, Service: "s3", Region: "us-east-1", Keys: NewKeyCache(8)}
	exampleSigner   = &Signer{Dialect: S3, AccessKeyID: exampleKey, Secret: exampleSecret, Region: "us-east-1", Service: "s3"}
)

const exampleDate = "20130524T000000Z"

// exampleRequest makes a request from header lines "Name: value".
func exampleRequest(method, target string, lines ...string) *Request {
	path, query, _ := strings.Cut(target, "?")
	r := &Request{Method: method, RawPath: path, RawQuery: query, Host: "examplebucket.s3.amazonaws.com", Header: map[string][]string{}}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		if name == "Host" {
			r.Host = strings.TrimSpace(value)
			continue
		}
		key := string(appendMIMEKey(nil, name))
		r.Header[key] = append(r.Header[key], value)
	}
	return r
}

func exampleAuthorization(signedHeaders, signature string) string {
	return "Authorization: AWS4-HMAC-SHA256 Credential=" + exampleKey + "/20130524/us-east-1/s3/aws4_request,SignedHeaders=" +
		signedHeaders + ",Signature=" + signature
}

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// TestExamples proves the examples of
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html .
func TestExamples(t *testing.T) {
	tests := []struct {
		name string
		r    *Request
	}{
		{"get object", exampleRequest("GET", "/test.txt", "Range: bytes=0-9", "x-amz-content-sha256: "+emptySHA256, "x-amz-date: "+exampleDate,
			exampleAuthorization("host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"))},
		{"put object", exampleRequest("PUT", "/test$file.text", "Date: Fri, 24 May 2013 00:00:00 GMT", "x-amz-date: "+exampleDate,
			"x-amz-storage-class: REDUCED_REDUNDANCY", "x-amz-content-sha256: "+sha("Welcome to Amazon S3."),
			exampleAuthorization("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"))},
		{"get lifecycle", exampleRequest("GET", "/?lifecycle", "x-amz-date: "+exampleDate, "x-amz-content-sha256: "+emptySHA256,
			exampleAuthorization("host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))},
		{"list objects", exampleRequest("GET", "/?max-keys=2&prefix=J", "x-amz-date: "+exampleDate, "x-amz-content-sha256: "+emptySHA256,
			exampleAuthorization("host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))},
		{"presigned", exampleRequest("GET", "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"+
			"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			verifyExample(t, test.r)
		})
	}
}

func verifyExample(t testing.TB, r *Request) *Verified {
	t.Helper()
	s, err := exampleEndpoint.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	v, err := exampleEndpoint.Verify(s, r, exampleSecret, exampleTime)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// chunkExample is a body of the two examples of uploads in chunks: 65 KiB of the letter a.
func chunkExample(signatures [3]string, tail string) string {
	var b strings.Builder
	for i, size := range []int{65536, 1024, 0} {
		fmt.Fprintf(&b, "%x;chunk-signature=%s\r\n%s", size, signatures[i], strings.Repeat("a", size))
		if size > 0 {
			b.WriteString("\r\n")
		}
	}
	return b.String() + tail
}

// TestChunkedExample proves the example of
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html .
func TestChunkedExample(t *testing.T) {
	r := exampleRequest("PUT", "/examplebucket/chunkObject.txt", "Host: s3.amazonaws.com", "x-amz-date: "+exampleDate,
		"x-amz-storage-class: REDUCED_REDUNDANCY", "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
		"Content-Encoding: aws-chunked", "x-amz-decoded-content-length: 66560",
		exampleAuthorization("content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
			"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"))
	r.ContentLength = 66824 // as net/http, not in the header
	body := chunkExample([3]string{"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
		"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
		"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"}, "\r\n")
	if len(body) != 66824 {
		t.Fatalf("body of %d bytes", len(body))
	}
	content, err := readBody(r, verifyExample(t, r), []byte(body))
	if err != nil || !bytes.Equal(content, bytes.Repeat([]byte("a"), 66560)) {
		t.Errorf("%d bytes, %v", len(content), err)
	}
}

// TestTrailerExample proves the example of
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html , in the line ends of
// several clients.
func TestTrailerExample(t *testing.T) {
	r := exampleRequest("PUT", "/examplebucket/chunkObject.txt", "Host: s3.amazonaws.com", "x-amz-date: "+exampleDate,
		"x-amz-storage-class: REDUCED_REDUNDANCY", "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
		"Content-Encoding: aws-chunked", "x-amz-decoded-content-length: 66560", "x-amz-trailer: x-amz-checksum-crc32c",
		exampleAuthorization("content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
			"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"))
	v := verifyExample(t, r)
	signatures := [3]string{"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
		"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
		"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"}
	const trailer, signature = "x-amz-checksum-crc32c:sOO8/Q==", "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
	for _, tail := range []string{
		trailer + "\r\n" + signature + "\r\n\r\n",
		trailer + "\n\r\n" + signature + "\r\n\r\n",
	} {
		b, err := NewBody(r, v, strings.NewReader(chunkExample(signatures, tail)))
		if err != nil {
			t.Fatal(err)
		}
		if b.Trailer() != nil {
			t.Error("trailer before the end")
		}
		n, err := io.Copy(io.Discard, b)
		if got := b.Trailer()["x-amz-checksum-crc32c"]; n != 66560 || err != nil || got != "sOO8/Q==" {
			t.Errorf("tail %q: %d bytes, trailer %q, %v", tail, n, got, err)
		}
	}
}
