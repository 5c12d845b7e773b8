package s3blob_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"crossgrant/internal/blob"
)

// TestDeleteOneByOne checks that a service that does not delete many objects at once is asked for each.
func TestDeleteOneByOne(t *testing.T) {
	t.Parallel()
	w, f, s := newFaulty(t)
	var many, single atomic.Int32
	f.with(func(w http.ResponseWriter, r *http.Request) bool {
		switch operation(r) {
		case "DeleteObjects":
			many.Add(1)
			answer(w, http.StatusNotImplemented, "NotImplemented")
			return true
		case "DeleteObject":
			single.Add(1)
		}
		return false
	})
	for range 2 {
		var ids []blob.ID
		for n := range 20 {
			ids = append(ids, written(t, s, content(n)))
		}
		must(t, s.Delete(t.Context(), ids...))
	}
	if keys := w.keys(t); len(keys) > 0 || many.Load() != 1 || single.Load() != 40 {
		t.Errorf("%d requests for many and %d for one left %v", many.Load(), single.Load(), keys)
	}
}

// TestDeleteMany checks that many blobs are deleted by the thousand.
func TestDeleteMany(t *testing.T) {
	t.Parallel()
	w, f, s := newFaulty(t)
	ids := []blob.ID{written(t, s, content(10)), written(t, s, content(20))}
	for range 1500 {
		ids = append(ids, blob.NewID()) // missing
	}
	var requests, digests atomic.Int32
	f.with(func(_ http.ResponseWriter, r *http.Request) bool {
		requests.Add(1)
		if r.Header.Get("Content-MD5") != "" {
			digests.Add(1)
		}
		return false
	})
	must(t, s.Delete(t.Context(), ids...))
	if keys := w.keys(t); len(keys) > 0 || requests.Load() != 2 || digests.Load() != 2 {
		t.Errorf("%d requests, %d with a digest, left %v", requests.Load(), digests.Load(), keys)
	}
}

// TestDeleteFails checks that a key that cannot be deleted is an error, and that its blob can be read on.
func TestDeleteFails(t *testing.T) {
	t.Parallel()
	_, f, s := newFaulty(t)
	ids := []blob.ID{written(t, s, content(10)), written(t, s, content(20))}
	for code, want := range map[string]error{"InternalError": blob.ErrUnavailable, "AccessDenied": blob.ErrUnavailable} {
		f.with(func(w http.ResponseWriter, r *http.Request) bool {
			if operation(r) == "DeleteObjects" {
				fmt.Fprintf(w, "<DeleteResult><Error><Key>a/b/%s/%s</Key><Code>%s</Code><Message>spoilt</Message></Error></DeleteResult>", ids[0][:2], ids[0], code)
				return true
			}
			return false
		})
		if err := s.Delete(t.Context(), ids...); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", code, err, want)
		}
		f.with(nil)
		wantBlob(t, s, ids[0], content(10))
	}
	must(t, s.Delete(t.Context(), ids...))
}

// TestNoLink checks that a service that does not copy is not asked twice.
func TestNoLink(t *testing.T) {
	t.Parallel()
	w, f, s := newFaulty(t)
	id := written(t, s, content(10))
	var asked atomic.Int32
	f.with(func(w http.ResponseWriter, r *http.Request) bool {
		if operation(r) != "CopyObject" {
			return false
		}
		asked.Add(1)
		answer(w, http.StatusNotImplemented, "NotImplemented")
		return true
	})
	for range 2 {
		if err := s.Link(t.Context(), id, blob.NewID()); !errors.Is(err, blob.ErrNoLink) {
			t.Errorf("Link = %v, want blob.ErrNoLink", err)
		}
	}
	if keys := w.keys(t); len(keys) != 1 || asked.Load() != 1 {
		t.Errorf("%d requests to copy, and there are %v", asked.Load(), keys)
	}
}
