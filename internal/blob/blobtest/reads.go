package blobtest

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"crossgrant/internal/blob"
)

func testWriteRead(t *testing.T, s blob.Store) {
	for i, size := range []int{0, 1, 4095, 4096, 100_000, 3 << 20} {
		data := content(size, i)
		mustWrite(t, s, id(i), data)
		wantBlob(t, s, id(i), data)
	}
	for i, size := range []int{0, 1, 4095} { // still there
		wantBlob(t, s, id(i), content(size, i))
	}
	if _, err := s.Open(t.Context(), id(99), 0, 0); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Open of a missing blob = %v, want ErrNotFound", err)
	}
}

func testRanges(t *testing.T, s blob.Store) {
	data := content(300_000, 1)
	mustWrite(t, s, id(1), data)
	ranges := []struct{ offset, length int }{
		{0, 0}, {0, 1}, {1, 1}, {0, 300_000}, {1, 299_999}, {299_999, 1}, {300_000, 0}, {150_000, 0},
		{65_535, 2}, {65_536, 65_536}, {131_071, 100_000},
	}
	for _, r := range ranges {
		got, err := read(s, id(1), r.offset, r.length)
		if err != nil || !bytes.Equal(got, data[r.offset:r.offset+r.length]) {
			t.Errorf("%d bytes from %d: got %d, %v, or bytes differ", r.length, r.offset, len(got), err)
		}
	}
}

// testRangeBeyond asks for bytes that are not there. The caller's records say that they are, so they
// were lost.
func testRangeBeyond(t *testing.T, s blob.Store) {
	mustWrite(t, s, id(1), content(100, 1))
	const huge = 1<<63 - 1
	for _, r := range []struct{ offset, length int }{{0, 101}, {100, 1}, {101, 0}, {50, 51}, {1, huge}, {huge, huge}} {
		if _, err := read(s, id(1), r.offset, r.length); !errors.Is(err, blob.ErrCorrupt) {
			t.Errorf("%d bytes from %d of 100 = %v, want ErrCorrupt", r.length, r.offset, err)
		}
	}
	for _, r := range []struct{ offset, length int }{{-1, 1}, {0, -1}, {-5, 10}} {
		if _, err := read(s, id(1), r.offset, r.length); err == nil || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%d bytes from %d = %v, want an error about the range", r.length, r.offset, err)
		}
	}
}

// testWhole opens blobs of any size whole, and one that is deleted while it is read.
func testWhole(t *testing.T, s blob.Store) {
	for i, size := range []int{0, 1, 4095, 4096, 100_000, 3 << 20} {
		data := content(size, i)
		mustWrite(t, s, id(i), data)
		r, n, err := s.OpenWhole(t.Context(), id(i))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if i%2 == 0 {
			if err := s.Delete(t.Context(), id(i)); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := io.ReadAll(r); err != nil || n != int64(size) || !bytes.Equal(got, data) {
			t.Errorf("a blob of %d bytes: %d, and %d were read, %v, or bytes differ", size, n, len(got), err)
		}
	}
	for _, missing := range []int{0, 99} {
		if _, _, err := s.OpenWhole(t.Context(), id(missing)); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("a blob that is missing: %v, want ErrNotFound", err)
		}
	}
	staged := create(t, s, id(50))
	defer staged.Abort()
	if _, _, err := s.OpenWhole(t.Context(), id(50)); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a blob that is not committed: %v, want ErrNotFound", err)
	}
}

// testWriteTo checks that a reader that can write itself to a writer writes the rest of its range.
func testWriteTo(t *testing.T, s blob.Store) {
	data := content(200_000, 1)
	mustWrite(t, s, id(1), data)
	r, err := s.Open(t.Context(), id(1), 10, 150_000)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head := make([]byte, 7)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	var rest bytes.Buffer
	n, err := io.Copy(&rest, r)
	if err != nil || n != 150_000-7 {
		t.Errorf("Copy = %d, %v, want %d", n, err, 150_000-7)
	}
	if got := append(head, rest.Bytes()...); !bytes.Equal(got, data[10:150_010]) {
		t.Error("the bytes of Read and Copy together differ from the range")
	}
	if n, err := r.Read(head); n != 0 || err != io.EOF {
		t.Errorf("Read at the end = %d, %v, want io.EOF", n, err)
	}
	if n, err := io.Copy(&rest, r); n != 0 || err != nil {
		t.Errorf("Copy at the end = %d, %v, want nothing", n, err)
	}
}

func testChunks(t *testing.T, s blob.Store) {
	data := content(500_000, 1)
	w := create(t, s, id(1))
	defer w.Abort()
	rest := data
	for size := 0; len(rest) > 0; size = size*2 + 1 {
		n := min(size, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	wantBlob(t, s, id(1), data)
}

// testBuffers checks that the store keeps no bytes of the caller and gives out none of its own.
func testBuffers(t *testing.T, s blob.Store) {
	w := create(t, s, id(1))
	defer w.Abort()
	buffer := []byte("first ")
	for _, text := range []string{"first ", "second"} {
		copy(buffer, text)
		if _, err := w.Write(buffer); err != nil {
			t.Fatal(err)
		}
	}
	copy(buffer, "!!!!!!")
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	got, err := read(s, id(1), 0, 12)
	if err != nil {
		t.Fatal(err)
	}
	clear(got)
	wantBlob(t, s, id(1), []byte("first second"))
}
