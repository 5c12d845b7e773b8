package packs

import (
	"errors"
	"io"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/disktest"
)

// TestDamage flips bytes of the header of a blob, and of the zeros behind it, in a pack under open and in a sealed one.
// It is an error of each read, and nothing that is done to others takes its bytes.
func TestDamage(t *testing.T) {
	t.Parallel()
	for _, sealed := range []bool{false, true} {
		for at := range int64(headerSize) {
			testDamage(t, sealed, at, true)
		}
		for _, at := range []int64{headerSize + int64(len(fill(40))), 2*pageSize - 1} {
			testDamage(t, sealed, at, false)
		}
	}
}

// testDamage flips a byte of the extent of the second of three blobs, which has two pages.
func testDamage(t *testing.T, sealed bool, at int64, header bool) {
	t.Helper()
	d := disktest.New()
	m := newModel(open(t, "/data/packs", Options{FS: d}))
	var ids []blob.ID
	for n := range 3 {
		before := m.ids()
		if err := m.write(n + 39); err != nil {
			t.Fatal(err)
		}
		for id := range m.named {
			if !before[id] {
				ids = append(ids, id)
			}
		}
	}
	broken := locate(ids[1])
	if got := broken.pages(); got != 2 {
		t.Fatalf("the blob has %d pages", got)
	}
	name := m.s.openName(broken.pack)
	if sealed {
		m.s.Settle(ids...)
		if err := m.s.Close(); err != nil {
			t.Fatal(err)
		}
		name = m.s.place(broken.pack)
	}
	flip(t, d, name, broken.offset()+at)
	content := raw(t, d, name, broken)
	if sealed {
		m.reopen(t, d)
	}

	for _, open := range []func() (io.ReadCloser, error){
		func() (io.ReadCloser, error) { return m.s.Open(t.Context(), ids[1], 0, int64(broken.size)) },
		func() (io.ReadCloser, error) { r, _, err := m.s.OpenWhole(t.Context(), ids[1]); return r, err },
	} {
		if r, err := open(); !errors.Is(err, blob.ErrCorrupt) {
			t.Errorf("with a flipped byte at %d of a blob: %v", at, err)
			if err == nil {
				_ = r.Close()
			}
		}
	}
	wantWhole(t, m, ids[0], 39)
	wantWhole(t, m, ids[2], 41)
	if !header {
		return
	}
	if err := m.s.Delete(t.Context(), ids[0], ids[2]); err != nil {
		t.Fatal(err)
	}
	if err := m.s.Walk(t.Context(), func(blob.ID, int64) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := raw(t, d, name, broken); got != content {
		t.Errorf("with a flipped byte at %d what it has is changed when others are deleted", at)
	}
	if err := m.s.Delete(t.Context(), ids[1]); err != nil {
		t.Fatal(err)
	}
	if r, err := m.s.Open(t.Context(), ids[1], 0, 0); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a damaged blob that was deleted: %v, %v", r, err)
	}
}

func (m *model) ids() map[blob.ID]bool {
	all := map[blob.ID]bool{}
	for id := range m.named {
		all[id] = true
	}
	return all
}

func wantWhole(t *testing.T, m *model, id blob.ID, n int) {
	t.Helper()
	if got, err := m.readOne(id, len(fill(n))); err != nil || string(got) != string(fill(n)) {
		t.Errorf("another blob has %d bytes, %v", len(got), err)
	}
}

func flip(t *testing.T, d disktest.Disk, name string, at int64) {
	t.Helper()
	f, err := d.OpenReadWrite(name, category)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	b[0] ^= 0x10
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

// raw returns what is in the extent of a blob.
func raw(t *testing.T, d vfs.FS, name string, l location) string {
	t.Helper()
	f, err := d.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data := make([]byte, l.end()-l.offset())
	if _, err := f.ReadAt(data, l.offset()); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return string(data)
}
