package s3blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/blob"
)

// onGet spoils what reads objects.
func onGet(spoil func(w http.ResponseWriter, r *http.Request) bool) func(w http.ResponseWriter, r *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool { return operation(r) == "GetObject" && spoil(w, r) }
}

// TestReadResumes reads a blob by answers that all end, or stand still, too early.
func TestReadResumes(t *testing.T) {
	t.Parallel()
	for _, stands := range []bool{false, true} {
		w, f, s := newFaulty(t)
		data := content(300_000)
		id := written(t, s, data)
		opts := w.options()
		opts.Stall = 200 * time.Millisecond
		opts.Attempts = 10
		s = w.open(t, opts)
		var requests, conditions atomic.Int32
		f.with(onGet(func(w http.ResponseWriter, r *http.Request) bool {
			requests.Add(1)
			if r.Header.Get("If-Match") != "" {
				conditions.Add(1)
			}
			c := &cut{ResponseWriter: w, left: 50_000}
			if stands {
				c.stands = r.Context().Done()
			}
			f.next.ServeHTTP(c, r)
			return true
		}))
		r, err := s.Open(t.Context(), id, 10, 200_000)
		must(t, err)
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, data[10:200_010]) {
			t.Errorf("%d bytes, %v, or others", len(got), err)
		}
		must(t, r.Close())
		if requests.Load() < 4 || conditions.Load() != requests.Load()-1 {
			t.Errorf("%d requests, %d of them for the same object", requests.Load(), conditions.Load())
		}
	}
}

// TestReadGivesUp checks that a read ends in an error if no answer gives a byte.
func TestReadGivesUp(t *testing.T) {
	t.Parallel()
	_, f, s := newFaulty(t)
	id := written(t, s, content(100_000))
	r, err := s.Open(t.Context(), id, 0, 100_000)
	must(t, err)
	defer r.Close()
	var requests atomic.Int32
	f.with(onGet(func(w http.ResponseWriter, r *http.Request) bool {
		requests.Add(1)
		f.next.ServeHTTP(&cut{ResponseWriter: w}, r)
		return true
	}))
	other, _, err := s.OpenWhole(t.Context(), id)
	must(t, err)
	defer other.Close()
	if n, err := io.Copy(io.Discard, other); n != 0 || !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("%d bytes, %v, want blob.ErrUnavailable", n, err)
	}
	if n := requests.Load(); n != 5 {
		t.Errorf("%d requests, want those of 5 attempts", n)
	}
}

// TestReadOfDeleted reads a blob that another process deletes, or writes anew, while the answer breaks off.
func TestReadOfDeleted(t *testing.T) {
	t.Parallel()
	for _, replaced := range []bool{false, true} {
		w, f, s := newFaulty(t)
		id := written(t, s, content(100_000))
		f.with(onGet(func(out http.ResponseWriter, r *http.Request) bool {
			f.with(nil)
			f.next.ServeHTTP(&cut{ResponseWriter: out, left: 1000}, r)
			return true
		}))
		r, err := s.Open(t.Context(), id, 0, 100_000)
		must(t, err)
		defer r.Close()
		key := aws.String("a/b/" + string(id[:2]) + "/" + string(id))
		if replaced {
			_, err = w.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: key, Body: bytes.NewReader(content(100_001))})
		} else {
			_, err = w.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: key})
		}
		must(t, err)
		if n, err := io.Copy(io.Discard, r); n != 1000 || !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("replaced %v: %d bytes, %v, want 1000 and blob.ErrNotFound", replaced, n, err)
		}
	}
}

// TestReadDeletedHere checks that a reader is resumed also after this process has deleted the blob, whose object goes with it.
func TestReadDeletedHere(t *testing.T) {
	t.Parallel()
	w, f, s := newFaulty(t)
	data := content(100_000)
	id := written(t, s, data)
	f.with(onGet(func(out http.ResponseWriter, r *http.Request) bool {
		f.next.ServeHTTP(&cut{ResponseWriter: out, left: 30_000}, r)
		return true
	}))
	r, err := s.Open(t.Context(), id, 0, 100_000)
	must(t, err)
	must(t, s.Delete(t.Context(), id))
	if _, err := s.Open(t.Context(), id, 0, 1); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a blob that was deleted: %v", err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v, or others", len(got), err)
	}
	deleted := make(chan bool, 1)
	f.with(func(w http.ResponseWriter, r *http.Request) bool {
		if operation(r) != "DeleteObject" {
			return false
		}
		f.next.ServeHTTP(w, r)
		deleted <- true
		return true
	})
	must(t, r.Close())
	<-deleted
	if keys := w.keys(t); len(keys) > 0 {
		t.Errorf("what is left: %v", keys)
	}
}

// TestReadOfOther checks that answers that are not what was asked for are told.
func TestReadOfOther(t *testing.T) {
	t.Parallel()
	_, f, s := newFaulty(t)
	id := written(t, s, content(1000))
	header := func(name, value string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set(name, value)
			w.WriteHeader(http.StatusPartialContent)
			w.Write(make([]byte, 10))
			return true
		}
	}
	for name, c := range map[string]struct {
		spoil func(http.ResponseWriter, *http.Request) bool
		want  error
	}{
		"other range":    {header("Content-Range", "bytes 1-10/1000"), blob.ErrCorrupt},
		"longer range":   {header("Content-Range", "bytes 0-10/1000"), blob.ErrCorrupt},
		"smaller object": {header("Content-Range", "bytes 0-9/9"), blob.ErrCorrupt},
		"no numbers":     {header("Content-Range", "bytes all"), blob.ErrCorrupt},
		"whole object": {func(w http.ResponseWriter, r *http.Request) bool {
			w.Write(make([]byte, 1000))
			return true
		}, blob.ErrCorrupt},
		"404 of something else": {func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(http.StatusNotFound)
			return true
		}, blob.ErrUnavailable},
		"no such bucket": {func(w http.ResponseWriter, r *http.Request) bool {
			answer(w, http.StatusNotFound, "NoSuchBucket")
			return true
		}, blob.ErrUnavailable},
	} {
		f.with(onGet(c.spoil))
		r, err := s.Open(t.Context(), id, 0, 10)
		if err == nil {
			r.Close()
		}
		if !errors.Is(err, c.want) || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestReaders checks that readers wait for others where there may be no more, and only as long as their context.
func TestReaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	opts := w.options()
	opts.Readers = 1
	s := w.open(t, opts)
	id := written(t, s, content(10))
	first, err := s.Open(t.Context(), id, 0, 5)
	must(t, err)
	second := make(chan error)
	go func() {
		r, err := s.Open(t.Context(), id, 0, 10)
		if err == nil {
			err = r.Close()
		}
		second <- err
	}()
	written(t, s, content(10)) // does not wait for readers
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := s.Open(ctx, id, 0, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a reader for whom there is no room until its context ends: %v", err)
	}
	must(t, first.Close())
	must(t, <-second)
}
