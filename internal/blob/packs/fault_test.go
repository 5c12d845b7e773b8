package packs

import (
	"errors"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/blobtest"
	"crossgrant/internal/disktest"
	"crossgrant/internal/faulttest"
)

// TestFaults makes each operation of the file system fail in turn, once or until the disk is repaired. No error is
// silent, the store serves again afterwards, and after a power cut what was acknowledged is there and nothing else.
func TestFaults(t *testing.T) {
	t.Parallel()
	faulttest.Each(t, nil, runFault)
}

func runFault(t *testing.T, f *faulttest.Nth) {
	d := disktest.New()
	before := newModel(open(t, "/data/packs", Options{FS: d, PackBytes: testPack}))
	for n := range 9 {
		if err := before.write(n); err != nil {
			t.Fatal(err)
		}
	}
	m, left := before.snapshot(func() disktest.Disk { return d.Cut(0, nil) })

	s, err := Open("/data/packs", kept{}, Options{FS: errorfs.Wrap(left, f), PackBytes: testPack})
	if err == nil {
		m.s = s
		s.large = newKept()
		var named []blob.ID
		for id := range m.named {
			named = append(named, id)
		}
		err = s.Recover(t.Context(), blobtest.Names(named...))
	}
	if err != nil {
		if !errors.Is(err, f.Err) {
			t.Errorf("Open or Recover: %v", err)
		}
		if s != nil {
			s.abandon()
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
		func() error { return m.delete(2) },
		func() error { return m.abandon(12) },
		func() error { return m.abandon(13) },
		func() error { return m.abandon(14) },
		func() error { return m.write(20) },
		func() error { return m.write(31) },
		func() error { return m.delete(3) },
		m.read,
		func() error { return m.s.Walk(t.Context(), func(blob.ID, int64) error { return nil }) },
	}
	for i, step := range steps {
		if err := step(); err != nil && !errors.Is(err, f.Err) {
			t.Errorf("step %d: %v", i, err)
		}
	}
}

// serve wants everything to work again.
func (m *model) serve(t *testing.T) {
	t.Helper()
	for n := 40; n < 44; n++ {
		if err := m.write(n); err != nil {
			t.Error(err)
		}
	}
	if err := m.delete(2); err != nil {
		t.Error(err)
	}
	var garbage []blob.ID
	for id := range m.garbage {
		garbage = append(garbage, id)
	}
	if err := m.sweep(garbage); err != nil {
		t.Error(err)
	}
	m.check(t)
}

// TestFailedSync fails the sync of a pack that two blobs share. Neither may be committed, not even by a later sync that
// succeeds, and others go to another pack.
func TestFailedSync(t *testing.T) {
	t.Parallel()
	var failing atomic.Bool
	s := open(t, "/data/packs", Options{FS: errorfs.Wrap(disktest.New(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSyncData && failing.Load() {
			return syscall.EIO
		}
		return nil
	}))})
	m := newModel(s)
	if err := m.write(1); err != nil {
		t.Fatal(err)
	}
	one, err1 := m.begin(2)
	two, err2 := m.begin(3)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	failing.Store(true)
	if err := one.Commit(); !errors.Is(err, syscall.EIO) {
		t.Errorf("Commit = %v", err)
	}
	failing.Store(false)
	if err := two.Commit(); err == nil {
		t.Error("Commit relies on a sync after one that failed")
	}
	if err := m.write(4); err != nil {
		t.Error(err)
	}
	if got := len(s.openPacks()); got != 2 {
		t.Errorf("%d packs are open, want the one that failed and another", got)
	}
	m.check(t)
}

// TestGivenUp fails to remove what there is of a blob whose commit failed. Nobody is told of it, it can be deleted when the
// disk works again, and the pack is sealed then.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	var failing atomic.Bool
	s := open(t, "/data/packs", Options{PackBytes: testPack, FS: errorfs.Wrap(disktest.New(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileWriteAt && failing.Load() {
			return syscall.EIO
		}
		return nil
	}))})
	m := newModel(s)
	if err := m.write(1); err != nil {
		t.Fatal(err)
	}
	w, err := m.begin(3)
	if err != nil {
		t.Fatal(err)
	}
	failing.Store(true)
	if err := w.Commit(); !errors.Is(err, syscall.EIO) {
		t.Errorf("Commit = %v", err)
	}
	if err := s.Delete(t.Context(), w.ID()); !errors.Is(err, syscall.EIO) {
		t.Errorf("Delete = %v", err)
	}
	failing.Store(false)
	m.check(t)
	for n := 4; len(s.openPacks()) < 2; n++ {
		if err := m.write(n); err != nil {
			t.Fatal(err)
		}
	}
	m.check(t)
	if err := s.Delete(t.Context(), w.ID()); err != nil {
		t.Error(err)
	}
	s.retire()
	if err := s.sealAll(); err != nil {
		t.Error(err)
	}
	if got := s.openPacks(); len(got) > 0 {
		t.Errorf("%d packs are open still", len(got))
	}
	m.check(t)
}
