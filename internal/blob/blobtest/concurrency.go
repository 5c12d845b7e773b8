package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"crossgrant/internal/blob"
)

// testDeleteWhileReading checks that an open reader outlives its blob, and even a new one of that ID.
func testDeleteWhileReading(t *testing.T, s blob.Store) {
	data := content(1<<20, 1)
	mustWrite(t, s, id(1), data)
	r, err := s.Open(t.Context(), id(1), 5, 1<<20-5)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head := make([]byte, 1000)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), id(1)); err != nil {
		t.Fatal(err)
	}
	wantMissing(t, s, id(1))
	mustWrite(t, s, id(1), content(1<<20, 2))
	rest, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(append(head, rest...), data[5:]) {
		t.Errorf("after the delete the reader returned %d more bytes, %v, or other bytes", len(rest), err)
	}
}

func testConcurrent(t *testing.T, s blob.Store) {
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 10 {
				n := g*10 + i
				data := content(n*1000, n)
				if err := write(s, id(n), data); err != nil {
					t.Error(err)
					return
				}
				got, err := read(s, id(n), 0, len(data))
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("blob %d: %d bytes, %v, or bytes differ", n, len(got), err)
				}
			}
		})
	}
	wg.Wait()
}

// testReadersAndDeletes reads blobs while they are written and deleted under the same IDs: a reader
// gets all bytes of one of them or ErrNotFound.
func testReadersAndDeletes(t *testing.T, s blob.Store) {
	const size, rounds = 50_000, 15
	contents := make([][]byte, 3)
	for i := range contents {
		contents[i] = content(size, i)
	}
	var wg sync.WaitGroup
	for g := range 2 {
		wg.Go(func() {
			for round := range rounds {
				if err := write(s, id(g), contents[round%len(contents)]); err != nil {
					t.Error(err)
					return
				}
				if err := s.Delete(context.Background(), id(g)); err != nil {
					t.Error(err)
					return
				}
			}
		})
		for range 2 {
			wg.Go(func() {
				for range rounds * 5 {
					got, err := read(s, id(g), 0, size)
					if errors.Is(err, blob.ErrNotFound) {
						continue
					}
					if err != nil || !(bytes.Equal(got, contents[0]) || bytes.Equal(got, contents[1]) || bytes.Equal(got, contents[2])) {
						t.Errorf("a reader got %d bytes, %v, or a mixture", len(got), err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
}
