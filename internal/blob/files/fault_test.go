package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/blobtest"
	"crossgrant/internal/disktest"
	"crossgrant/internal/faulttest"
)

// likeOthers are the folders of places in which nothing is, of which one is as good as another.
var likeOthers = regexp.MustCompile("/[1-9a-f]/[0-9a-f]$|/0/[5-9a-f]$")

// TestFaults makes each operation of the file system fail in turn, once or until the disk is repaired. No error is
// silent, the store serves again afterwards, and after a power cut what was acknowledged is there and nothing else.
func TestFaults(t *testing.T) {
	t.Parallel()
	faulttest.Each(t, func(op errorfs.Op) bool {
		return likeOthers.MatchString(op.Path) && (op.Kind == errorfs.OpMkdirAll || op.Kind == errorfs.OpList)
	}, runFault)
}

func runFault(t *testing.T, f *faulttest.Nth) {
	d := disktest.New()
	before := newModel(open(t, "/data/blobs", Options{FS: d}))
	for n := range 6 {
		if err := before.write(n); err != nil {
			t.Fatal(err)
		}
	}
	before.s.mover.moveAll(before.s)
	m, left := before.snapshot(func() disktest.Disk { return d.Cut(0, nil) })

	s, err := Open("/data/blobs", Options{FS: errorfs.Wrap(left, f)})
	if err == nil {
		m.s = s
		err = s.Recover(t.Context(), blobtest.Names(number(0), number(1), number(2), number(3), number(4), number(5)))
	}
	if err != nil {
		if !errors.Is(err, f.Err) {
			t.Errorf("Open or Recover: %v", err)
		}
		f.Repair()
		m.reopen(t, left)
	} else {
		m.disturb(t, f)
		f.Repair()
		m.serve(t)
	}
	after, left := m.snapshot(func() disktest.Disk { return left.Cut(0, nil) })
	if err := m.s.Close(); err != nil {
		t.Error(err)
	}
	after.reopen(t, left)
	after.checkFiles(t)
}

// disturb uses the store while the disk fails. Errors are those of the disk.
func (m *model) disturb(t *testing.T, f *faulttest.Nth) {
	t.Helper()
	steps := []func() error{
		func() error { return m.write(10) },
		func() error { return m.link(0, 11) },
		func() error { return m.delete(1, 10) },
		func() error { return m.abandon(12) },
		func() error { return m.abandon(13) },
		func() error { return m.write(14) },
		func() error { m.s.mover.moveAll(m.s); return nil },
		func() error { return m.link(14, 15) },
		func() error { return m.delete(2, 14, 15) },
		func() error { return m.readAll() },
		func() error { return m.s.Walk(t.Context(), func(blob.ID, int64) error { return nil }) },
	}
	for i, step := range steps {
		err := step()
		if err != nil && !errors.Is(err, f.Err) && !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("step %d: %v", i, err)
		}
	}
}

// readAll reads what is named. What it gets is what was written, or an error.
func (m *model) readAll() error {
	for id, want := range m.named {
		r, err := m.s.Open(context.Background(), id, 0, int64(len(want)))
		if err != nil {
			return err
		}
		got, err := io.ReadAll(r)
		_ = r.Close()
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("blob %s is not what was written", id)
		}
	}
	return nil
}

// serve wants everything to work again.
func (m *model) serve(t *testing.T) {
	t.Helper()
	if err := m.write(20); err != nil {
		t.Error(err)
	}
	if err := m.link(20, 21); err != nil {
		t.Error(err)
	}
	if err := m.delete(20); err != nil {
		t.Error(err)
	}
	var garbage []blob.ID
	for id := range m.garbage {
		garbage = append(garbage, id)
	}
	if err := m.sweep(garbage); err != nil {
		t.Error(err)
	}
	m.s.mover.moveAll(m.s)
	m.check(t)
}

// TestFailedFolderSync fails the sync of the folder new that two blobs share. Neither may be committed, not even
// by a later sync that succeeds.
func TestFailedFolderSync(t *testing.T) {
	t.Parallel()
	var failing atomic.Bool
	s := open(t, "/data/blobs", Options{FS: errorfs.Wrap(disktest.New(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSync && op.Path == "/data/blobs/new" && failing.Load() {
			return syscall.EIO
		}
		return nil
	}))})
	one, two := write(t, s, number(1), "one"), write(t, s, number(2), "two")
	failing.Store(true)
	if err := one.Commit(); !errors.Is(err, syscall.EIO) {
		t.Errorf("Commit = %v", err)
	}
	failing.Store(false)
	if err := two.Commit(); err == nil {
		t.Error("Commit relies on an entry that a failed sync may have lost")
	}
	if err := write(t, s, number(3), "three").Commit(); err != nil {
		t.Error(err)
	}
}
