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

// testNewDeleteWhileReading checks that open readers outlive a blob whose ID the store drew, and that what is written
// next is not mixed with it.
func testNewDeleteWhileReading(t *testing.T, s blob.Store) {
	for _, settle := range []bool{false, true} {
		data := content(300_000, 1)
		id := mustAdd(t, s, int64(len(data)), data)
		if settle {
			s.Settle(id)
		}
		var readers []io.ReadCloser
		for range 2 {
			r, err := s.Open(t.Context(), id, 5, int64(len(data)-5))
			if err != nil {
				t.Fatal(err)
			}
			readers = append(readers, r)
		}
		for range 2 {
			if err := s.Delete(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			wantMissing(t, s, id)
		}
		other := mustAdd(t, s, int64(len(data)), content(len(data), 2))
		for _, r := range readers {
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, data[5:]) {
				t.Errorf("after the delete a reader returned %d bytes, %v, or other bytes", len(got), err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
		wantMissing(t, s, id)
		wantBlob(t, s, other, content(len(data), 2))
	}
}

// testNewReadersAndDeletes reads blobs whose IDs the store draws while they are written, settled and deleted: a reader
// gets all bytes of one or ErrNotFound.
func testNewReadersAndDeletes(t *testing.T, s blob.Store) {
	const size = 50_000
	ids := make(chan blob.ID, 8)
	var writers, readers sync.WaitGroup
	for g := range 3 {
		writers.Go(func() {
			for round := range 30 {
				id, err := add(s, content(size, 1))
				if err != nil {
					t.Error(err)
					return
				}
				if (round+g)%3 > 0 {
					s.Settle(id)
				}
				ids <- id
				ids <- id
				if err := s.Delete(context.Background(), id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		readers.Go(func() {
			for id := range ids {
				got, err := read(s, id, 0, size)
				if !errors.Is(err, blob.ErrNotFound) && (err != nil || !bytes.Equal(got, content(size, 1))) {
					t.Errorf("a reader got %d bytes, %v, or others", len(got), err)
				}
			}
		})
	}
	writers.Wait()
	close(ids)
	readers.Wait()
}

// add commits a blob whose ID the store draws. It may be called from any goroutine.
func add(s blob.Store, data []byte) (blob.ID, error) {
	w, err := s.New(context.Background(), int64(len(data)))
	if err != nil {
		return "", err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return "", err
	}
	return w.ID(), w.Commit()
}
