package sign

import (
	"bufio"
	"bytes"
	"net/http"
	"testing"
	"time"

	"crossgrant/internal/sigv4"
)

var id = Identity{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Region: "us-east-1", Host: "127.0.0.1:9000"}

var requests = []Request{
	{Method: "PUT", Path: []byte("/bucket/a/b-1"), PayloadHash: PayloadHash([]byte("body")), Length: 4},
	{Method: "PUT", Path: []byte("/bucket"), PayloadHash: EmptyHash},
	{Method: "GET", Path: []byte("/bucket/a/b-1"), PayloadHash: EmptyHash},
	{Method: "GET", Path: []byte("/bucket"), Query: []byte("delimiter=%2F&list-type=2&max-keys=1000&prefix=a%2F"), PayloadHash: EmptyHash},
	{Method: "HEAD", Path: []byte("/bucket/k"), PayloadHash: EmptyHash},
	{Method: "DELETE", Path: []byte("/bucket/k"), PayloadHash: EmptyHash},
}

// TestVerifies has the server's own verification judge what is signed, and its signer sign the same, also
// after midnight.
func TestVerifies(t *testing.T) {
	t.Parallel()
	endpoint := &sigv4.Endpoint{Dialect: sigv4.S3, Service: "s3", Region: id.Region}
	secret := sigv4.NewSecret(id.SecretAccessKey)
	other := sigv4.Signer{Dialect: sigv4.S3, AccessKeyID: id.AccessKeyID, Secret: secret, Region: id.Region, Service: "s3"}
	signer := New(id)
	evening := time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, at := range []time.Time{evening, evening, evening.Add(time.Second), evening.Add(36 * time.Hour)} {
		for _, request := range requests {
			r := read(t, signer.Append(nil, &request, at))
			signed, err := endpoint.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := endpoint.Verify(signed, r, secret, at); err != nil {
				t.Errorf("%s %s at %v: %v", request.Method, request.Path, at, err)
			}
			plain := &sigv4.Request{Method: r.Method, RawPath: r.RawPath, RawQuery: r.RawQuery, Host: r.Host}
			if want := other.Sign(plain, request.PayloadHash, at); signed.Signature != want.Signature {
				t.Errorf("%s %s: signature %s, want %s", request.Method, request.Path, signed.Signature, want.Signature)
			}
		}
	}
}

// TestUnsigned holds that requests without a key have no signature.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	got := string(New(Identity{Host: "h"}).Append(nil, &requests[0], time.Now()))
	if want := "PUT /bucket/a/b-1 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNoAllocation holds that a request costs no allocation.
func TestNoAllocation(t *testing.T) {
	signer, at, head := New(id), time.Now(), make([]byte, 0, 4096)
	head = signer.Append(head[:0], &requests[0], at)
	if n := testing.AllocsPerRun(100, func() { head = signer.Append(head[:0], &requests[3], at) }); n > 0 {
		t.Errorf("a request allocates %v times", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	signer, at, head := New(id), time.Now(), make([]byte, 0, 4096)
	for b.Loop() {
		head = signer.Append(head[:0], &requests[0], at)
	}
}

// read parses a head as a server does.
func read(t *testing.T, head []byte) *sigv4.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		t.Fatal(err)
	}
	return &sigv4.Request{Method: r.Method, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.Host, Header: r.Header, ContentLength: r.ContentLength}
}
