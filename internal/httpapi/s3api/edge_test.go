package s3api_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/accounts"
	"crossgrant/internal/meta"
	"crossgrant/internal/sigv4"
)

// edge is a request, byte by byte, to a real server, and the answer that it gets.
type edge struct {
	name   string
	method string // empty: PUT
	target string // empty: /walnut/k
	header []string
	body   string
	// payload is x-amz-content-sha256; empty: the hash of body. "none" leaves it out, which no signature is
	// made over.
	payload string
	// claimed is Content-Length, where it is not that of body; "none" leaves it out.
	claimed string
	// edit changes the bytes as they are sent.
	edit func(string) string
	// want is the status and the code of the error, or the status alone; several are separated by " or ".
	want string
}

// edgeServer is a server with a bucket "walnut", in which is "old", and what it kept at the beginning.
type edgeServer struct {
	w      *world
	host   string
	secret string        // ann's
	ended  chan struct{} // one for each request that was answered to its end
	before string
}

func newEdgeServer(t *testing.T) *edgeServer {
	t.Helper()
	w := newWorld(t, &datadriven.TestData{})
	account, key, err := w.accounts.Create(t.Context(), accounts.NewAccount{Name: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	w.ids["ann"], w.signers["ann"] = account.ID, w.signer(string(key.ID), key.Secret)
	for _, request := range []string{
		"ann PUT /walnut", "ann PUT /locked\nx-amz-bucket-object-lock-enabled: true", "ann PUT /walnut/old\n\nsize 100",
		"ann POST /walnut/large?uploads", "ann PUT /walnut/large?uploadId=[upload1]&partNumber=1\n\nsize 40",
		"ann PUT /walnut/large?uploadId=[upload1]&partNumber=2\n\nsize 20", "ann PUT /walnut/large?uploadId=[upload1]&partNumber=3\n\nx",
	} {
		if got := w.do(t, &datadriven.TestData{Input: request}); !strings.HasPrefix(got, "200") {
			t.Fatalf("%s: %s", request, got)
		}
	}
	s := &edgeServer{w: w, secret: key.Secret, ended: make(chan struct{}, 16)}
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		defer func() { s.ended <- struct{}{} }()
		w.handler.ServeHTTP(answer, r)
	}))
	t.Cleanup(server.Close)
	s.host = server.Listener.Addr().String()
	s.before = s.kept(t)
	return s
}

// kept returns everything that the server keeps, without the garbage that it is going to remove.
func (s *edgeServer) kept(t *testing.T) string {
	t.Helper()
	if err := s.w.storage.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err := s.w.engine.Engine.View(context.Background(), func(r meta.Reader) error {
		it := r.Scan([]byte{0}, nil)
		for it.Next() {
			fmt.Fprintf(&b, "%q=%x\n", it.Key(), sha256.Sum256(it.Value()))
		}
		return it.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// unchanged fails if the server keeps something else than at the beginning.
func (s *edgeServer) unchanged(t *testing.T) {
	t.Helper()
	after := s.kept(t)
	for line := range strings.Lines(after) {
		if !strings.Contains(s.before, line) {
			t.Errorf("kept %s", line)
		}
	}
	for line := range strings.Lines(s.before) {
		if !strings.Contains(after, line) {
			t.Errorf("lost %s", line)
		}
	}
	s.before = after
}

// bytes returns the signed request as it is sent.
func (s *edgeServer) bytes(e edge) string {
	method, target := e.method, e.target
	if method == "" {
		method = "PUT"
	}
	if target == "" {
		target = "/walnut/k"
	}
	target = strings.ReplaceAll(target, "[upload1]", s.w.uploads[0])
	path, query, _ := strings.Cut(target, "?")
	header := http.Header{}
	for _, line := range e.header {
		name, value, _ := strings.Cut(line, ":")
		header.Add(name, strings.TrimSpace(value))
	}
	payload := e.payload
	if payload == "" {
		sum := sha256.Sum256([]byte(e.body))
		payload = hex.EncodeToString(sum[:])
	}
	signed := &sigv4.Request{Method: method, RawPath: path, RawQuery: query, Host: s.host, Header: header, ContentLength: int64(len(e.body))}
	s.w.signers["ann"].Sign(signed, payload, s.w.now())
	if e.payload == "none" {
		header.Del("x-amz-content-sha256")
	}
	switch e.claimed {
	case "":
		header.Set("Content-Length", fmt.Sprint(len(e.body)))
	case "none":
	default:
		header.Set("Content-Length", e.claimed)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target, s.host)
	for name, values := range header {
		for _, value := range values {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	raw := b.String() + "\r\n" + e.body
	if e.edit != nil {
		raw = e.edit(raw)
	}
	return raw
}

// send sends bytes on a connection of their own and returns the answer. If ends is set the client says that it
// sends nothing more, which otherwise it does when it has the answer.
func (s *edgeServer) send(t *testing.T, method, raw string, ends bool) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The server may answer, and close, before it has read everything.
	_, _ = io.WriteString(conn, raw)
	if ends {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("answer: %v", err)
	}
	if answer.Header.Get("x-amz-request-id") != "" { // it is not the HTTP server's own
		<-s.ended
	}
	return answer, string(body)
}

var codeOf = regexp.MustCompile(`<Code>(\w+)</Code>`)

// outcome returns the status of an answer and the code of its error, as edge.want has them.
func outcome(answer *http.Response, body string) string {
	if code := codeOf.FindStringSubmatch(body); code != nil {
		return fmt.Sprintf("%d %s", answer.StatusCode, code[1])
	}
	return fmt.Sprint(answer.StatusCode)
}

// refused sends each request, wants its error, and holds that nothing was kept of it. A request that the HTTP
// server itself refuses has a status and no code.
func (s *edgeServer) refused(t *testing.T, edges []edge) {
	t.Helper()
	for _, e := range edges {
		t.Run(e.name, func(t *testing.T) {
			answer, body := s.send(t, e.method, s.bytes(e), strings.HasSuffix(e.want, "IncompleteBody"))
			if got := outcome(answer, body); !slices.Contains(strings.Split(e.want, " or "), got) {
				t.Errorf("got %s, want %s: %s", got, e.want, body)
			}
			s.unchanged(t)
		})
	}
}
