package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"crossgrant/internal/accounts"
	"crossgrant/internal/audit"
	"crossgrant/internal/sigv4"
)

// benchServer is a whole server over embedded storage on this machine's disk, and a client of it that
// signs as the root user of one account.
type benchServer struct {
	*httptest.Server
	signer sigv4.Signer
}

func newBenchServer(b *testing.B) *benchServer {
	b.Helper()
	command := &serveCommand{Region: "us-east-1"}
	e, err := parseEngines("pebble:", "files:")
	if err != nil {
		b.Fatal(err)
	}
	folder, err := openFolder(b.TempDir(), e, true)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { folder.close() })
	wired, err := command.wire(b.Context(), &config{lines: audit.NewLines(io.Discard)}, folder, slog.New(slog.NewJSONHandler(io.Discard, nil)))
	if err != nil {
		b.Fatal(err)
	}
	wired.objects.Start()
	b.Cleanup(wired.objects.Close)
	_, key, err := wired.accounts.Create(b.Context(), accounts.NewAccount{Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	s := &benchServer{Server: httptest.NewServer(wired.pipeline), signer: sigv4.Signer{
		AccessKeyID: string(key.ID), Secret: sigv4.NewSecret(key.Secret), Region: "us-east-1", Service: "s3",
	}}
	b.Cleanup(s.Close)
	s.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = 64
	s.do(b, "PUT", "/bench", nil)
	return s
}

// do sends one signed request and reads its answer, which must be a success.
func (s *benchServer) do(b *testing.B, method, path string, body []byte) {
	r, err := http.NewRequest(method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	neutral := &sigv4.Request{Method: method, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.URL.Host, Header: map[string][]string{}}
	s.signer.Sign(neutral, "UNSIGNED-PAYLOAD", time.Now())
	r.Header = neutral.Header
	answer, err := s.Client().Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode/100 != 2 {
		b.Errorf("%s %s: %d %s, %v", method, path, answer.StatusCode, text[:min(len(text), 300)], err)
	}
}

// BenchmarkServer measures whole requests over loopback: signature, authorization, storage on disk and
// answer. PUT includes making the bytes durable.
func BenchmarkServer(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20} {
		content := make([]byte, size)
		rand.Read(content)
		for _, clients := range []int{1, 16} {
			name := fmt.Sprintf("%dKiB/clients=%d", size>>10, clients)
			b.Run("PUT/"+name, func(b *testing.B) {
				s := newBenchServer(b)
				s.run(b, clients, int64(size), func(i int64) { s.do(b, "PUT", fmt.Sprintf("/bench/%d", i), content) })
			})
			b.Run("GET/"+name, func(b *testing.B) {
				s := newBenchServer(b)
				s.do(b, "PUT", "/bench/k", content)
				s.run(b, clients, int64(size), func(int64) { s.do(b, "GET", "/bench/k", nil) })
			})
		}
	}
	b.Run("LIST/1000keys", func(b *testing.B) {
		s := newBenchServer(b)
		for i := range 1000 {
			s.do(b, "PUT", fmt.Sprintf("/bench/%04d", i), nil)
		}
		s.run(b, 1, 0, func(int64) { s.do(b, "GET", "/bench?list-type=2", nil) })
	})
}

// run runs b.N requests from so many clients.
func (s *benchServer) run(b *testing.B, clients int, size int64, request func(i int64)) {
	b.SetBytes(size)
	b.SetParallelism(max(1, clients/2)) // times GOMAXPROCS, on the two cores of the machines at hand
	b.ResetTimer()
	var next atomic.Int64
	if clients == 1 {
		for range b.N {
			request(next.Add(1))
		}
		return
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			request(next.Add(1))
		}
	})
}
