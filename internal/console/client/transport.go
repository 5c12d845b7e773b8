package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// Visitor is what requests carry of whoever the console makes them for: where the visitor is, and how it is connected.
// Conditions on aws:SourceIp and aws:SecureTransport, and the records of requests, are about the visitor.
type Visitor struct {
	RemoteAddr string // host:port
	TLS        *tls.ConnectionState
}

// transport carries the requests of the SDK to the APIs. They are what any client sends: signed, judged and recorded
// like all others. Only the way is shorter, which keeps the visitor's address.
type transport struct {
	api     http.Handler
	visitor Visitor
}

// RoundTrip sends a request and returns when the answer's headers are there.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Value(dryKey{}) != nil {
		return emptyAnswer(r), nil
	}
	ctx, cancel := context.WithCancel(bare{r.Context()})
	in := r.Clone(ctx)
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr, in.TLS = t.visitor.RemoteAddr, t.visitor.TLS
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	// As net/http sends it: https://github.com/golang/go/blob/go1.26.0/src/net/http/transfer.go, shouldSendContentLength
	if in.ContentLength > 0 || in.ContentLength == 0 && in.Body == http.NoBody && (in.Method == http.MethodPut || in.Method == http.MethodPost) {
		in.Header.Set("Content-Length", strconv.FormatInt(in.ContentLength, 10))
	}
	reader, writer := io.Pipe()
	answer := &answer{header: http.Header{}, pipe: writer, ready: make(chan struct{})}
	go func() {
		defer in.Body.Close()
		defer func() {
			if failure := recover(); failure != nil {
				answer.end(fmt.Errorf("the answer was cut off: %v", failure))
			}
		}()
		t.api.ServeHTTP(answer, in)
		answer.end(nil)
	}()
	select {
	case <-answer.ready:
	case <-ctx.Done():
		err := ctx.Err()
		reader.CloseWithError(err) // what is still written is given up
		cancel()
		return nil, err
	}
	if answer.failure != nil {
		cancel()
		return nil, answer.failure
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status)), StatusCode: answer.status,
		Proto: in.Proto, ProtoMajor: 1, ProtoMinor: 1, Header: answer.sent, Request: r,
		ContentLength: -1, Body: &body{reader, cancel},
	}, nil
}

// bare is a context without values: those of the visitor's request to the console, such as its connection, are not those
// of the request to the API.
type bare struct{ context.Context }

// Value returns nil.
func (bare) Value(any) any { return nil }

// body ends the request when it is closed.
type body struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *body) Close() error {
	err := b.PipeReader.Close()
	b.cancel()
	return err
}

// answer is an http.ResponseWriter whose body is read from a pipe.
type answer struct {
	header http.Header
	pipe   *io.PipeWriter

	once    sync.Once
	ready   chan struct{} // closed when what is below is set
	status  int
	sent    http.Header // canonical names
	failure error
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if status >= 100 && status < 200 {
		return
	}
	a.once.Do(func() {
		a.status, a.sent = status, http.Header{}
		for name, values := range a.header {
			for _, value := range values {
				a.sent.Add(name, value)
			}
		}
		close(a.ready)
	})
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.pipe.Write(p)
}

// Flush is there for who asks for it: nothing is held back.
func (a *answer) Flush() {}

// end ends the answer, with what went wrong.
func (a *answer) end(failure error) {
	a.once.Do(func() {
		a.failure = failure
		a.status, a.sent = http.StatusOK, http.Header{}
		close(a.ready)
	})
	a.pipe.CloseWithError(failure) // nil: io.EOF
}
