package s3blob_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/blobtest"
	"crossgrant/internal/blob/s3blob"
)

// faulty stands before a service and can spoil what it does.
type faulty struct {
	next http.Handler

	mu sync.Mutex // protects spoil
	// spoil answers a request instead of next, which it may use, if it returns true.
	spoil func(w http.ResponseWriter, r *http.Request) bool
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	spoil := f.spoil
	f.mu.Unlock()
	if spoil == nil || !spoil(w, r) {
		f.next.ServeHTTP(w, r)
	}
}

// with has spoil spoil requests from now on; nil: none.
func (f *faulty) with(spoil func(w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spoil = spoil
}

// newFaulty returns a world behind a faulty one that spoils nothing yet, and an engine in it.
func newFaulty(t *testing.T) (*world, *faulty, *s3blob.Store) {
	t.Helper()
	f := &faulty{}
	w := newWorld(t, func(next http.Handler) http.Handler { f.next = next; return f })
	s := w.open(t, w.options())
	must(t, s.Recover(t.Context(), blobtest.Names()))
	return w, f, s
}

// operation names what a request of the engine asks for.
func operation(r *http.Request) string {
	q := r.URL.Query()
	object := strings.Count(r.URL.Path, "/") > 1 && !strings.HasSuffix(r.URL.Path, "/")
	switch {
	case r.Method == http.MethodPut && q.Has("partNumber"):
		return "UploadPart"
	case r.Method == http.MethodPut && r.Header.Get("x-amz-copy-source") != "":
		return "CopyObject"
	case r.Method == http.MethodPut:
		return "PutObject"
	case r.Method == http.MethodPost && q.Has("delete"):
		return "DeleteObjects"
	case r.Method == http.MethodPost && q.Has("uploads"):
		return "CreateMultipartUpload"
	case r.Method == http.MethodPost:
		return "CompleteMultipartUpload"
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		return "AbortMultipartUpload"
	case r.Method == http.MethodDelete:
		return "DeleteObject"
	case object:
		return "GetObject"
	}
	return "List"
}

// answer answers as S3 answers what it refuses.
func answer(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>spoilt</Message></Error>", code)
}

// drop ends the connection.
func drop() { panic(http.ErrAbortHandler) }

// discarded is an answer that nobody gets.
type discarded struct{ header http.Header }

func (d discarded) Header() http.Header         { return d.header }
func (d discarded) Write(p []byte) (int, error) { return len(p), nil }
func (d discarded) WriteHeader(int)             {}

// cut is an answer that does not get further than some bytes of its body: then the connection ends, or stands still until the client
// ends it.
type cut struct {
	http.ResponseWriter
	left   int
	stands <-chan struct{} // nil: it ends
}

func (c *cut) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	if _, err := c.ResponseWriter.Write(p[:n]); err != nil {
		return 0, err
	}
	if c.left -= n; n < len(p) {
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		if c.stands != nil {
			<-c.stands
		}
		drop()
	}
	return n, nil
}

// written is a blob that the engine took.
func written(t *testing.T, s blob.Store, data []byte) blob.ID {
	t.Helper()
	id, err := write(t.Context(), s, data)
	must(t, err)
	return id
}

func write(ctx context.Context, s blob.Store, data []byte) (blob.ID, error) {
	w, err := s.New(ctx, int64(len(data)))
	if err != nil {
		return "", err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return w.ID(), err
	}
	return w.ID(), w.Commit()
}

// wantBlob fails the test unless the blob has these bytes.
func wantBlob(t *testing.T, s blob.Store, id blob.ID, want []byte) {
	t.Helper()
	r, size, err := s.OpenWhole(t.Context(), id)
	must(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || size != int64(len(want)) || !bytes.Equal(got, want) {
		t.Errorf("a blob of %d bytes: %d, and %d were read, %v, or bytes differ", len(want), size, len(got), err)
	}
}

// content returns n bytes that repeat nothing for a while.
func content(n int) []byte {
	b := make([]byte, n)
	x := uint32(n)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}
