package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"crossgrant/internal/conns"
	"crossgrant/internal/limits"
)

// stalling runs a pipeline behind connections that are bounded.
func stalling(t *testing.T, op Operation) (address string, records *shared, m *meter) {
	t.Helper()
	p, records, m := newAdmitting(t, everyone{}, Bounds{}, op, time.Now)
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := conns.Listen(raw, conns.Options{Most: 1, Spare: 4, Pace: limits.Pace{Stall: 200 * time.Millisecond}, Meter: m, Log: slog.New(slog.DiscardHandler)})
	server := &http.Server{Handler: p, ConnState: l.State, ConnContext: l.Context}
	ended := make(chan struct{})
	go func() { defer close(ended); server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return raw.Addr().String(), records, m
}

// TestStalledUploadIsToldSo sends half a body: the answer is S3's RequestTimeout, whatever the operation made of it.
func TestStalledUploadIsToldSo(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(ctx context.Context, err error) error{
		"passed on": func(_ context.Context, err error) error { return fmt.Errorf("put object: %w", err) },
		"hidden":    func(ctx context.Context, _ error) error { return errors.Join(ctx.Err(), errors.New("something broke")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := Row[struct{}]{
				Name: "DoIt", Decode: func(*Call) (*struct{}, error) { return new(struct{}), nil }, Unchecked: "a test",
				Run: func(ctx context.Context, c *Call, _ *struct{}) (*Response, error) {
					if _, err := io.Copy(io.Discard, c.Body); err != nil {
						return nil, run(ctx, err)
					}
					return &Response{}, nil
				},
			}.Operation()
			address, records, m := stalling(t, open)
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234")
			answer, err := io.ReadAll(c)
			if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 400 ")) || !bytes.Contains(answer, []byte("\r\nConnection: close\r\n")) ||
				!bytes.Contains(answer, []byte("RequestTimeout: Your socket connection to the server was not read from or written to within the timeout period.")) {
				t.Errorf("the answer is %q, %v", answer, err)
			}
			if r := records.all(); len(r) != 1 || r[0].ErrorCode != "RequestTimeout" || r[0].Fault != "" {
				t.Errorf("the records are %+v", r)
			}
			if m.of("slow body") != 1 {
				t.Errorf("counted %v", m.counts)
			}
		})
	}
}

// TestSpareConnections: on a connection beyond the bound nothing is done but to tell how the server is.
func TestSpareConnections(t *testing.T) {
	t.Parallel()
	address, records, m := stalling(t, row(done))
	busy, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for path, want := range map[string]string{"/-/healthz": "HTTP/1.1 200 OK\r\n", "/b/k": "HTTP/1.1 503 Service Unavailable\r\n"} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: h\r\n\r\n")
		answer := make([]byte, len(want))
		if _, err := io.ReadFull(c, answer); err != nil || string(answer) != want {
			t.Errorf("%s is answered with %q, %v, want %q", path, answer, err, want)
		}
		rest, _ := io.ReadAll(c)
		if path == "/b/k" && (!bytes.Contains(rest, []byte("SlowDown")) || !bytes.Contains(rest, []byte("Connection: close\r\n"))) {
			t.Errorf("the answer goes on with %q", rest)
		}
	}
	if r := records.all(); len(r) != 1 || r[0].Shed != reasonSpare || m.of(reasonSpare) != 1 {
		t.Errorf("the records are %+v, counted %v", r, m.counts)
	}
}
