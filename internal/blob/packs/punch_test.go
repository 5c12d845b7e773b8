package packs

import (
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/disktest"
)

// punching is a disk whose files can give space back.
type punching struct {
	disktest.Disk
	bytes *atomic.Int64 // that were given back
}

func (p punching) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := p.Disk.Create(name, c)
	return punched{f, p.bytes}, err
}

func (p punching) OpenReadWrite(name string, c vfs.DiskWriteCategory, options ...vfs.OpenOption) (vfs.File, error) {
	f, err := p.Disk.OpenReadWrite(name, c, options...)
	return punched{f, p.bytes}, err
}

type punched struct {
	vfs.File
	bytes *atomic.Int64
}

func (f punched) PunchHole(offset, length int64) error {
	f.bytes.Add(length)
	_, err := f.WriteAt(make([]byte, length), offset)
	return err
}

// TestSpace wants the pages of each blob that goes to be given back: one that is aborted, or deleted from a pack under open, from
// a sealed one, and while it is read.
func TestSpace(t *testing.T) {
	t.Parallel()
	d := punching{disktest.New(), new(atomic.Int64)}
	m := newModel(open(t, "/data/packs", Options{FS: d}))
	want := int64(0)
	gone := func(id blob.ID, what string) {
		t.Helper()
		want += locate(id).end() - locate(id).offset()
		if got := d.bytes.Swap(0); got != want {
			t.Errorf("%s: %d bytes were given back, want %d", what, got, want)
		}
		want = 0
	}
	w, err := m.begin(40)
	if err != nil {
		t.Fatal(err)
	}
	w.Abort()
	gone(w.ID(), "aborted")

	var ids []blob.ID
	for n := range 4 {
		before := m.ids()
		if err := m.write(40 + n); err != nil {
			t.Fatal(err)
		}
		for id := range m.named {
			if !before[id] {
				ids = append(ids, id)
			}
		}
	}
	deleted := func(id blob.ID) {
		t.Helper()
		if err := m.s.Delete(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	deleted(ids[0])
	gone(ids[0], "deleted")

	m.s.Settle(ids...)
	m.s.retire()
	if err := m.s.sealAll(); err != nil {
		t.Fatal(err)
	}
	r, err := m.s.Open(t.Context(), ids[1], 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	deleted(ids[1])
	// What has no blob is given back when a pack is counted: here the extents of the two that went before.
	for _, id := range []blob.ID{w.ID(), ids[0]} {
		want += locate(id).end() - locate(id).offset()
	}
	if got := d.bytes.Swap(0); got != want {
		t.Errorf("counted: %d bytes were given back, want %d", got, want)
	}
	want = 0
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	gone(ids[1], "deleted while it was read")
	deleted(ids[2])
	gone(ids[2], "deleted from a sealed pack")
}
