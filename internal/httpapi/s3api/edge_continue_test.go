package s3api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// talk is a connection on which a client asks before it sends a body.
type talk struct {
	*testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (s *edgeServer) talk(t *testing.T) *talk {
	t.Helper()
	conn, err := net.Dial("tcp", s.host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &talk{t, conn, bufio.NewReader(conn)}
}

func (k *talk) say(text string) {
	k.Helper()
	if _, err := io.WriteString(k.conn, text); err != nil {
		k.Fatal(err)
	}
}

// hear returns the outcome of the next answer; an interim one has only a status.
func (k *talk) hear(method string) string {
	k.Helper()
	answer, err := http.ReadResponse(k.in, &http.Request{Method: method})
	if err != nil {
		k.Fatal(err)
	}
	if answer.StatusCode == http.StatusContinue {
		return "100"
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		k.Fatal(err)
	}
	return outcome(answer, string(body))
}

// TestExpectContinue wants a client that asks first to send its body only where it is read.
func TestExpectContinue(t *testing.T) {
	s := newEdgeServer(t)
	const expect = "Expect: 100-continue"
	for _, e := range []edge{
		{name: "bucket that is not there", target: "/hazel/k", want: "404 NoSuchBucket"},
		{name: "wrong signature", edit: replace("Signature=", "Signature=0"), want: "403 SignatureDoesNotMatch or 400 AuthorizationHeaderMalformed"},
		{name: "nobody", edit: func(raw string) string {
			head, rest, _ := strings.Cut(raw, "Authorization: ")
			return head + rest[strings.Index(rest, "\r\n")+2:]
		}, want: "403 AccessDenied"},
		{name: "digest that is none", header: []string{"Content-MD5: x"}, want: "400 InvalidDigest"},
		{name: "longer than an object may be", claimed: "53687091200001", want: "400 EntityTooLarge"},
		{name: "upload that is not there", target: "/walnut/k?uploadId=x&partNumber=1", want: "404 NoSuchUpload"},
		{name: "document that is too long", target: "/walnut?tagging", claimed: "1000000", want: "400 MaxMessageLengthExceeded"},
	} {
		t.Run(e.name, func(t *testing.T) {
			e.body = "walnut"
			e.header = append(e.header, expect)
			head, _, _ := strings.Cut(s.bytes(e), "\r\n\r\n")
			k := s.talk(t)
			k.say(head + "\r\n\r\n")
			if got := k.hear("PUT"); !strings.Contains(e.want, got) {
				t.Errorf("got %s, want %s", got, e.want)
			}
			<-s.ended
			s.unchanged(t)
		})
	}
	t.Run("taken", func(t *testing.T) {
		k := s.talk(t)
		for i := range 2 { // on one connection
			head, body, _ := strings.Cut(s.bytes(edge{target: fmt.Sprint("/walnut/new", i), body: "walnut", header: []string{expect}}), "\r\n\r\n")
			k.say(head + "\r\n\r\n")
			if got := k.hear("PUT"); got != "100" {
				t.Fatalf("got %s before the body", got)
			}
			k.say(body)
			if got := k.hear("PUT"); got != "200" {
				t.Fatalf("got %s", got)
			}
		}
		k.say(s.bytes(edge{method: "GET", target: "/walnut/new1"}))
		if got := k.hear("GET"); got != "200" {
			t.Errorf("got %s afterwards", got)
		}
	})
	t.Run("another expectation", func(t *testing.T) {
		k := s.talk(t)
		k.say(s.bytes(edge{target: "/walnut/new2", body: "walnut", header: []string{"Expect: walnuts"}}))
		if got := k.hear("PUT"); got != "417" {
			t.Errorf("got %s", got)
		}
	})
}

// TestKeepAlive wants a connection to be of use after a request that was refused, however much of it was read.
func TestKeepAlive(t *testing.T) {
	s := newEdgeServer(t)
	k := s.talk(t)
	for _, e := range []edge{
		{target: "/hazel/k", body: "walnut", want: "404 NoSuchBucket"},
		{body: strings.Repeat("walnut", 1000), header: []string{"Content-MD5: x"}, want: "400 InvalidDigest"},
		{body: "walnut", edit: replace("walnut", "Walnut"), want: "400 XAmzContentSHA256Mismatch"},
		s.chunkedEdge(chunked{payload: signedChunks, content: "walnut", spoil: replace("walnut", "Walnut"), want: "403 SignatureDoesNotMatch"}),
		{target: "/walnut?tagging", body: "<Tagging>", want: "400 MalformedXML"},
		{method: "GET", target: "/walnut/old", want: "200"},
	} {
		k.say(s.bytes(e))
		if got := k.hear(e.method); got != e.want {
			t.Errorf("got %s, want %s", got, e.want)
		}
		<-s.ended
	}
	s.unchanged(t)
}
