package blobtest

import (
	"errors"
	"testing"

	"crossgrant/internal/blob"
)

// testLink runs for stores that are Linkers.
func testLink(t *testing.T, s blob.Store) {
	l, ok := s.(blob.Linker)
	if !ok {
		t.Skip("the store is no blob.Linker")
	}
	data := content(3000, 1)
	mustWrite(t, s, id(1), data)
	if err := l.Link(t.Context(), id(1), id(2)); err != nil {
		t.Fatalf("Link: %v", err)
	}
	wantBlob(t, s, id(2), data)
	if err := l.Link(t.Context(), id(1), id(2)); err == nil {
		t.Error("Link took the ID of a blob that exists")
	}
	if err := s.Delete(t.Context(), id(1)); err != nil {
		t.Fatal(err)
	}
	wantBlob(t, s, id(2), data)
	if err := l.Link(t.Context(), id(1), id(3)); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Link of a blob that was deleted: %v", err)
	}
	if err := l.Link(t.Context(), id(2), "x"); err == nil {
		t.Error("Link took a malformed ID")
	}
	// A blob that is being written has no bytes to share yet.
	w := create(t, s, id(4))
	defer w.Abort()
	if err := l.Link(t.Context(), id(4), id(5)); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Link of a blob that is being written: %v", err)
	}
}
