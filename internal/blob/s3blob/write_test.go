package s3blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"crossgrant/internal/blob"
)

// TestWriteRetries has the first requests of each kind fail, before or after they are carried out: the blob is written all the same.
func TestWriteRetries(t *testing.T) {
	t.Parallel()
	failures := map[string]func(w http.ResponseWriter, r *http.Request, next http.Handler){
		"error": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			answer(w, http.StatusInternalServerError, "InternalError")
		},
		"slowdown": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			answer(w, http.StatusServiceUnavailable, "SlowDown")
		},
		"half": func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
			drop()
		},
		"lost answer": func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(discarded{http.Header{}}, r)
			drop()
		},
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, f, s := newFaulty(t)
			var mu sync.Mutex
			failed := map[string]int{}
			f.with(func(w http.ResponseWriter, r *http.Request) bool {
				mu.Lock()
				op := operation(r)
				failed[op]++
				spoil := failed[op] <= 2
				mu.Unlock()
				if spoil {
					fail(w, r, f.next)
				}
				return spoil
			})
			small, large := content(1000), content(400_000)
			ids := []blob.ID{written(t, s, small), written(t, s, large)}
			f.with(nil)
			wantBlob(t, s, ids[0], small)
			wantBlob(t, s, ids[1], large)
			if keys := w.keys(t); len(keys) != 2 {
				t.Errorf("there are %v", keys)
			}
			for _, op := range []string{"PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"} {
				if failed[op] < 3 {
					t.Errorf("%s was asked for %d times", op, failed[op])
				}
			}
		})
	}
}

// TestWriteFails checks what a write that cannot be carried out leaves: an error of the right kind, and nothing else.
func TestWriteFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(w http.ResponseWriter, r *http.Request, next http.Handler)
		want  error
	}{
		"down":     {func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { answer(w, 503, "ServiceUnavailable") }, blob.ErrUnavailable},
		"shut out": {func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { answer(w, 403, "AccessDenied") }, blob.ErrUnavailable},
		"quota":    {func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { answer(w, 403, "QuotaExceeded") }, blob.ErrNoSpace},
		"full":     {func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { answer(w, 507, "XMinioStorageFull") }, blob.ErrNoSpace},
		"other bytes": {func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			body, _ := io.ReadAll(r.Body)
			body[0] ^= 1
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		}, nil},
		"other checksum": {func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(&otherSum{w}, r)
		}, blob.ErrCorrupt},
		"never an answer": {func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(discarded{http.Header{}}, r)
			drop()
		}, blob.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range []string{"PutObject", "UploadPart"} {
				w, f, s := newFaulty(t)
				tidied := make(chan bool, 10)
				f.with(func(w http.ResponseWriter, r *http.Request) bool {
					switch operation(r) {
					case op:
						c.spoil(w, r, f.next)
						return true
					case map[string]string{"PutObject": "DeleteObject", "UploadPart": "AbortMultipartUpload"}[op]:
						f.next.ServeHTTP(w, r)
						tidied <- true
						return true
					}
					return false
				})
				size := map[string]int{"PutObject": 1000, "UploadPart": 400_000}[op]
				id, err := write(t.Context(), s, content(size))
				if err == nil || c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("%s: %v, want %v", op, err, c.want)
				}
				if _, err := s.Open(t.Context(), id, 0, 0); !errors.Is(err, blob.ErrNotFound) {
					t.Errorf("%s: what failed is there: %v", op, err)
				}
				<-tidied
				if keys := w.keys(t); len(keys) > 0 {
					t.Errorf("%s left %v", op, keys)
				}
				if n := w.uploads(t); n > 0 {
					t.Errorf("%s left %d uploads", op, n)
				}
			}
		})
	}
}

// otherSum tells of another checksum.
type otherSum struct{ http.ResponseWriter }

func (o *otherSum) WriteHeader(status int) {
	o.Header().Set("x-amz-checksum-crc32c", "AAAAAA==")
	o.ResponseWriter.WriteHeader(status)
}

// TestCommitTwice checks that a blob is there if its upload was completed by an attempt whose answer was lost, and is no more for the
// next one; and not if the upload went in another way.
func TestCommitTwice(t *testing.T) {
	t.Parallel()
	for _, completed := range []bool{true, false} {
		_, f, s := newFaulty(t)
		f.with(func(w http.ResponseWriter, r *http.Request) bool {
			if operation(r) != "CompleteMultipartUpload" {
				return false
			}
			if completed {
				f.next.ServeHTTP(discarded{http.Header{}}, r)
			}
			answer(w, http.StatusNotFound, "NoSuchUpload")
			return true
		})
		data := content(400_000)
		id, err := write(t.Context(), s, data)
		if completed != (err == nil) {
			t.Errorf("completed %v: %v", completed, err)
		}
		if completed {
			wantBlob(t, s, id, data)
		}
	}
}

// TestCommitFails checks that an upload that cannot be completed is no blob, and that its parts go.
func TestCommitFails(t *testing.T) {
	t.Parallel()
	w, f, s := newFaulty(t)
	var aborted atomic.Int32
	done := make(chan bool, 10)
	f.with(func(w http.ResponseWriter, r *http.Request) bool {
		switch operation(r) {
		case "CompleteMultipartUpload":
			answer(w, 503, "ServiceUnavailable")
			return true
		case "AbortMultipartUpload":
			f.next.ServeHTTP(w, r)
			aborted.Add(1)
			done <- true
			return true
		}
		return false
	})
	id, err := write(t.Context(), s, content(400_000))
	if !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("Commit = %v", err)
	}
	<-done
	if _, err := s.Open(t.Context(), id, 0, 0); !errors.Is(err, blob.ErrNotFound) || w.uploads(t) > 0 {
		t.Errorf("what could not be completed: %v, and %d uploads", err, w.uploads(t))
	}
}

// TestWriteEndsWithContext checks that a write whose caller went away ends, and leaves nothing.
func TestWriteEndsWithContext(t *testing.T) {
	t.Parallel()
	w, f, s := newFaulty(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan bool, 10)
	f.with(func(w http.ResponseWriter, r *http.Request) bool {
		switch operation(r) {
		case "UploadPart":
			cancel()
		case "AbortMultipartUpload":
			f.next.ServeHTTP(w, r)
			done <- true
			return true
		}
		return false
	})
	if _, err := write(ctx, s, content(400_000)); !errors.Is(err, context.Canceled) {
		t.Errorf("a write whose context ended: %v", err)
	}
	<-done
	if keys, n := w.keys(t), w.uploads(t); len(keys) > 0 || n > 0 {
		t.Errorf("it left %v and %d uploads", keys, n)
	}
}

// TestMemory has many writers share the memory of one part.
func TestMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	opts := w.options()
	opts.PartBytes, opts.MemoryBytes, opts.Requests = 16<<10, 16<<10, 1
	s := w.open(t, opts)
	var writers sync.WaitGroup
	ids := make([]blob.ID, 8)
	for n := range ids {
		writers.Go(func() {
			data := content(50_000 + n)
			out, err := s.New(t.Context(), -1)
			if err != nil {
				t.Error(err)
				return
			}
			defer out.Abort()
			for rest := data; len(rest) > 0; rest = rest[min(1000, len(rest)):] {
				if _, err := out.Write(rest[:min(1000, len(rest))]); err != nil {
					t.Error(err)
					return
				}
			}
			if err := out.Commit(); err != nil {
				t.Error(err)
			}
			ids[n] = out.ID()
		})
	}
	writers.Wait()
	for n, id := range ids {
		wantBlob(t, s, id, content(50_000+n))
	}
}
