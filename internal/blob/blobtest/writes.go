package blobtest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"crossgrant/internal/blob"
)

// wantMissing fails the test unless there is no blob id.
func wantMissing(t *testing.T, s blob.Store, id blob.ID) {
	t.Helper()
	if _, err := read(s, id, 0, 0); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Open(%s) = %v, want ErrNotFound", id, err)
	}
}

func testNotVisibleBeforeCommit(t *testing.T, s blob.Store) {
	w := create(t, s, id(1))
	defer w.Abort()
	wantMissing(t, s, id(1))
	if _, err := w.Write(content(1<<20, 1)); err != nil {
		t.Fatal(err)
	}
	wantMissing(t, s, id(1))
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	wantBlob(t, s, id(1), content(1<<20, 1))
}

func testAbort(t *testing.T, s blob.Store) {
	w := create(t, s, id(1))
	if _, err := w.Write(content(1<<20, 1)); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	w.Abort()
	wantMissing(t, s, id(1))
	if _, err := w.Write([]byte("more")); err == nil {
		t.Error("Write after Abort succeeded")
	}
	if err := w.Commit(); err == nil {
		t.Error("Commit after Abort succeeded")
	}
	wantMissing(t, s, id(1))
	mustWrite(t, s, id(1), []byte("again")) // the ID is free
	w.Abort()                               // and is no longer that of w
	wantBlob(t, s, id(1), []byte("again"))
}

func testEndTwice(t *testing.T, s blob.Store) {
	w := create(t, s, id(1))
	if _, err := w.Write([]byte("data")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	w.Abort() // does nothing, so that it can be deferred
	if err := w.Commit(); err == nil {
		t.Error("second Commit succeeded")
	}
	if _, err := w.Write([]byte("more")); err == nil {
		t.Error("Write after Commit succeeded")
	}
	w.Abort()
	wantBlob(t, s, id(1), []byte("data"))
}

func testExists(t *testing.T, s blob.Store) {
	w := create(t, s, id(1))
	if other, err := s.Create(t.Context(), id(1)); err == nil {
		other.Abort()
		t.Error("Create of a blob that is being written succeeded")
	}
	if _, err := w.Write([]byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if other, err := s.Create(t.Context(), id(1)); err == nil {
		other.Abort()
		t.Error("Create of a blob that exists succeeded")
	}
	wantBlob(t, s, id(1), []byte("first"))
	if err := s.Delete(t.Context(), id(1)); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, s, id(1), []byte("second"))
	wantBlob(t, s, id(1), []byte("second"))
}

func testInvalidID(t *testing.T, s blob.Store) {
	ids := []blob.ID{
		"", "0", "../../../../../../etc/passwd0000", blob.ID(strings.Repeat("a", 31)), blob.ID(strings.Repeat("a", 33)),
		blob.ID(strings.Repeat("A", 32)), blob.ID(strings.Repeat("g", 32)), blob.ID("/" + strings.Repeat("0", 31)),
		blob.ID(strings.Repeat("0", 31) + "\x00"), blob.ID(strings.Repeat("é", 16)),
	}
	for _, id := range ids {
		if w, err := s.Create(t.Context(), id); err == nil {
			w.Abort()
			t.Errorf("Create(%q) succeeded", id)
		}
		if _, err := s.Open(t.Context(), id, 0, 0); err == nil {
			t.Errorf("Open(%q) succeeded", id)
		}
		if _, _, err := s.OpenWhole(t.Context(), id); err == nil {
			t.Errorf("OpenWhole(%q) succeeded", id)
		}
		if err := s.Delete(t.Context(), id); err == nil {
			t.Errorf("Delete(%q) succeeded", id)
		}
	}
}

func testDelete(t *testing.T, s blob.Store) {
	mustWrite(t, s, id(1), []byte("one"))
	mustWrite(t, s, id(4097), []byte("its neighbour"))
	for range 2 { // the second time it is missing, which is no error
		if err := s.Delete(t.Context(), id(1)); err != nil {
			t.Errorf("Delete: %v", err)
		}
		wantMissing(t, s, id(1))
	}
	if err := s.Delete(t.Context(), id(77)); err != nil {
		t.Errorf("Delete of what never was: %v", err)
	}
	wantBlob(t, s, id(4097), []byte("its neighbour"))
}

// testDeleteStaged deletes a blob that is being written; its writer must notice.
func testDeleteStaged(t *testing.T, s blob.Store) {
	w := create(t, s, id(1))
	if _, err := w.Write([]byte("data")); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), id(1)); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if err := w.Commit(); err == nil {
		t.Error("Commit of a deleted blob succeeded")
	}
	wantMissing(t, s, id(1))
	mustWrite(t, s, id(1), []byte("new"))
	w.Abort()
	wantBlob(t, s, id(1), []byte("new"))
}

func testCancelledContext(t *testing.T, s blob.Store) {
	mustWrite(t, s, id(1), []byte("data"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if w, err := s.Create(ctx, id(2)); !errors.Is(err, context.Canceled) {
		t.Errorf("Create = %v, want context.Canceled", err)
		if err == nil {
			w.Abort()
		}
	}
	if r, err := s.Open(ctx, id(1), 0, 4); !errors.Is(err, context.Canceled) {
		t.Errorf("Open = %v, want context.Canceled", err)
		if err == nil {
			_ = r.Close()
		}
	}
	if r, _, err := s.OpenWhole(ctx, id(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("OpenWhole = %v, want context.Canceled", err)
		if err == nil {
			_ = r.Close()
		}
	}
	if err := s.Delete(ctx, id(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Delete = %v, want context.Canceled", err)
	}
	wantBlob(t, s, id(1), []byte("data"))
}

// testClosed checks that calls after Close fail with an error that does not deny that blobs exist.
func testClosed(t *testing.T, s blob.Store) {
	mustWrite(t, s, id(1), []byte("data"))
	w := create(t, s, id(2))
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if _, err := s.Open(t.Context(), id(1), 0, 4); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Open after Close = %v, want an error other than ErrNotFound", err)
	}
	if _, _, err := s.OpenWhole(t.Context(), id(1)); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("OpenWhole after Close = %v, want an error other than ErrNotFound", err)
	}
	if _, err := s.Create(t.Context(), id(3)); err == nil {
		t.Error("Create after Close succeeded")
	}
	if err := s.Delete(t.Context(), id(1)); err == nil {
		t.Error("Delete after Close succeeded")
	}
	w.Abort() // the contract does not say whether a writer outlives Close, only that this is harmless
}

// begin begins a blob whose ID the store draws.
func begin(t *testing.T, s blob.Store, size int64) blob.Writer {
	t.Helper()
	w, err := s.New(t.Context(), size)
	if err != nil {
		t.Fatalf("New(%d): %v", size, err)
	}
	if err := w.ID().Check(); err != nil {
		t.Fatalf("New(%d): %v", size, err)
	}
	return w
}

// mustAdd commits a blob whose ID the store draws, in pieces.
func mustAdd(t *testing.T, s blob.Store, size int64, data []byte) blob.ID {
	t.Helper()
	w := begin(t, s, size)
	defer w.Abort()
	for rest := data; len(rest) > 0; {
		n := min(len(rest), 50_000)
		if k, err := w.Write(rest[:n]); err != nil || k != n {
			t.Fatalf("write of %d bytes = %d, %v", n, k, err)
		}
		rest = rest[n:]
	}
	if err := w.Commit(); err != nil {
		t.Fatalf("Commit: %v", err)
	}
	return w.ID()
}

// newSizes are sizes of blobs, small and large, about those at which pages and blocks end.
var newSizes = []int{0, 1, 63, 64, 4031, 4032, 4033, 4096, 65536, 131136, 1<<20 - 64, 1 << 20, 1<<20 + 1, 3 << 20}

// testNew writes blobs of many sizes whose IDs the store draws, and reads all and parts of them.
func testNew(t *testing.T, s blob.Store, r *named) {
	all := map[blob.ID][]byte{}
	for i, n := range newSizes {
		for _, size := range []int64{int64(n), -1} {
			data := content(n, i)
			id := mustAdd(t, s, size, data)
			if all[id] != nil {
				t.Fatalf("New drew %s twice", id)
			}
			all[id] = data
		}
	}
	want := map[blob.ID]int64{}
	for id, data := range all {
		r.settle(s, id)
		want[id] = int64(len(data))
		wantBlob(t, s, id, data)
		for _, from := range []int{0, 1, len(data) / 2, len(data)} {
			got, err := read(s, id, min(from, len(data)), len(data)-min(from, len(data)))
			if err != nil || !bytes.Equal(got, data[min(from, len(data)):]) {
				t.Errorf("the range from %d of %d bytes is %d bytes, %v, or others", from, len(data), len(got), err)
			}
		}
		if _, err := read(s, id, len(data), 1); !errors.Is(err, blob.ErrCorrupt) {
			t.Errorf("a range beyond the end: %v", err)
		}
		r, size, err := s.OpenWhole(t.Context(), id)
		if err != nil || size != int64(len(data)) {
			t.Fatalf("OpenWhole: %d bytes, %v, want %d", size, err, len(data))
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if w, err := s.Create(t.Context(), id); err == nil {
			w.Abort()
			t.Error("Create of a blob that exists succeeded")
		}
	}
	wantWalk(t, s, want)
	for id := range all {
		if err := s.Delete(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		wantMissing(t, s, id)
		delete(want, id)
	}
	wantWalk(t, s, want)
}

// testNewSize checks that no blob has another size than was said.
func testNewSize(t *testing.T, s blob.Store) {
	for _, size := range []int64{0, 100, 5000, 2 << 20} {
		for _, n := range []int64{size - 1, size + 1} {
			if n < 0 {
				continue
			}
			w := begin(t, s, size)
			_, err := w.Write(content(int(n), 1))
			if err == nil {
				err = w.Commit()
			}
			if err == nil {
				t.Errorf("%d bytes were committed as %d", n, size)
			}
			w.Abort()
			wantMissing(t, s, w.ID())
		}
	}
}

// testNewEnds aborts and deletes blobs whose IDs the store drew.
func testNewEnds(t *testing.T, s blob.Store) {
	for _, size := range []int{10, 100_000, 2 << 20} {
		data := content(size, 1)
		aborted, deleted, kept := begin(t, s, int64(size)), begin(t, s, int64(size)), begin(t, s, int64(size))
		for _, w := range []blob.Writer{aborted, deleted, kept} {
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
			wantMissing(t, s, w.ID())
		}
		aborted.Abort()
		if err := s.Delete(t.Context(), deleted.ID()); err != nil {
			t.Fatal(err)
		}
		if err := aborted.Commit(); err == nil {
			t.Error("Commit after Abort succeeded")
		}
		if err := deleted.Commit(); err == nil {
			t.Error("Commit of a deleted blob succeeded")
		}
		deleted.Abort()
		if err := kept.Commit(); err != nil {
			t.Fatal(err)
		}
		kept.Abort() // does nothing
		wantMissing(t, s, aborted.ID())
		wantMissing(t, s, deleted.ID())
		wantBlob(t, s, kept.ID(), data)
	}
}
