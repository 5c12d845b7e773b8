package objects

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/blob/memory"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	metamemory "crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

// TestSmallBodiesInBuffersOfTheirSize stores and reads bodies of all sizes about which the buffers change, several at
// once, and bodies that are longer or shorter than was said.
func TestSmallBodiesInBuffersOfTheirSize(t *testing.T) {
	t.Parallel()
	s := newInlineService(t)
	var all sync.WaitGroup
	for _, around := range []int{0, smallSizes[0], smallPlain, smallSizes[1], defaultInline, minChunk} {
		for size := max(0, around-1); size <= around+1; size++ {
			all.Go(func() {
				for range 5 {
					checkSmall(t, s, size)
				}
			})
		}
	}
	all.Wait()
}

// checkSmall stores and reads a body of one size.
func checkSmall(t *testing.T, s *Service, size int) {
	body := strings.Repeat("0123456789abcdef", size/16+1)[:size]
	n := NewObject{BucketName: bucketName, Key: "k" + body[:min(size, 3)] + string(rune('a'+size%26)), Length: int64(size)}
	for _, wrong := range []string{body + "x", body[:max(0, size-1)]} {
		if _, err := s.Put(t.Context(), n, strings.NewReader(wrong)); len(wrong) != size && !apierr.Is(err, "IncompleteBody") {
			t.Errorf("put %d bytes of %d: %v, want IncompleteBody", len(wrong), size, err)
		}
	}
	o, err := s.Put(t.Context(), n, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	r, err := s.Open(t.Context(), Source{Key: n.Key, Object: o}, 0, int64(size))
	if err != nil {
		t.Error(err)
		return
	}
	got, err := io.ReadAll(r)
	if err != nil || string(got) != body {
		t.Errorf("read %d bytes of %d, or others: %v", len(got), size, err)
	}
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Error(err)
	}
	if left, _ := io.ReadAll(r); len(left) > 0 && size <= smallPlain {
		t.Errorf("%d bytes were read after Close", len(left))
	}
}

// TestDamagedInlineContentGivesItsBufferBack holds that what fails leaves the buffers as they are.
func TestDamagedInlineContentGivesItsBufferBack(t *testing.T) {
	t.Parallel()
	s := newInlineService(t)
	n := NewObject{BucketName: bucketName, Key: "k", Length: 9}
	o, err := s.Put(t.Context(), n, strings.NewReader("some text"))
	if err != nil {
		t.Fatal(err)
	}
	o.Inline = bytes.Clone(o.Inline)
	o.Inline[2] ^= 1
	if _, err := s.Open(t.Context(), Source{Key: "k", Object: o}, 0, 9); err == nil {
		t.Error("content that was changed was opened")
	}
	o.Inline[2] ^= 1
	r, err := s.Open(t.Context(), Source{Key: "k", Object: o}, 5, 4)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "text" {
		t.Errorf("read %q, %v", got, err)
	}
}

// newInlineService returns a service with the limits of the program, and one bucket.
func newInlineService(t *testing.T) *Service {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	store := meta.New(metamemory.New())
	err = store.Update(t.Context(), func(tx meta.Tx) error {
		return records.Put(tx, keys.Bucket(bucketName), &records.Bucket{Name: bucketName, Id: make([]byte, len(keys.BucketID{}))})
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(store, memory.New(), Options{Keys: &sse.Keyring{Master: box}})
}
