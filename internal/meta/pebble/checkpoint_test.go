package pebble

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

// TestCheckpoint makes checkpoints among writers: each has a prefix of the transactions, and among them all that were
// acknowledged before it was made; and it is what the engine opens, also after the power is cut.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	disk := vfs.NewCrashableMem()
	w := &workload{engine: open(t, Options{FS: disk, memTableBytes: 48 << 10})}
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 60 {
				if err := w.write(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 4 {
		acked, seen := w.told()
		dir := "checkpoint" + strconv.Itoa(i)
		if err := w.engine.Checkpoint(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		after := disk.CrashClone(vfs.CrashCloneCfg{})
		checkCheckpoint(t, after, dir, acked, seen)
	}
	writers.Wait()
	if err := w.engine.Close(); err != nil {
		t.Error(err)
	}
}

// checkCheckpoint reads the checkpoint in dir, twice, and opens it as an engine.
func checkCheckpoint(t *testing.T, disk vfs.FS, dir string, acked []int, seen int) {
	t.Helper()
	before, err := disk.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for range 2 {
		s, err := OpenSnapshot(dir, Options{FS: disk})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.View(t.Context(), func(r meta.Reader) (err error) { last, err = counter(r); return err }); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	after, err := disk.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	after = slices.DeleteFunc(after, func(name string) bool { return name == "LOCK" })
	slices.Sort(before)
	if slices.Sort(after); !slices.Equal(before, after) {
		t.Errorf("reading left %v of %v", after, before)
	}
	if last < seen || len(acked) > 0 && last < slices.Max(acked) {
		t.Errorf("the checkpoint has transaction %d, %d was shown and %v acknowledged", last, seen, acked)
	}
	e, err := Open(dir, Options{FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = e.View(t.Context(), func(r meta.Reader) error {
		if n, err := counter(r); err != nil || n != last {
			t.Errorf("the engine has transaction %d, %v, want %d", n, err, last)
		}
		for number := 1; number <= last+10; number++ {
			for part := range parts {
				if _, err := r.Get(partKey(number, part)); (err == nil) != (number <= last) {
					t.Errorf("transaction %d of %d, part %d: %v", number, last, part, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Nothing is made where something is, after the end of the context or of the engine.
func TestCheckpointRefused(t *testing.T) {
	t.Parallel()
	disk := vfs.NewMem()
	e := open(t, Options{FS: disk})
	if err := disk.MkdirAll("there", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := e.Checkpoint(t.Context(), "there"); err == nil {
		t.Error("a checkpoint was made in a folder that is there")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := e.Checkpoint(ended, "ended"); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Checkpoint(t.Context(), "closed"); !errors.Is(err, meta.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := OpenSnapshot("ended", Options{FS: disk}); err == nil {
		t.Error("what is not there was opened")
	}
}

// TestSnapshotBoundsOpenTables reads more tables than may be open at a time.
func TestSnapshotBoundsOpenTables(t *testing.T) {
	t.Parallel()
	disk := vfs.NewMem()
	e := open(t, Options{FS: disk, memTableBytes: 32 << 10})
	for space := range 40 { // keys of each are in a table of their own
		if err := set(e, string(rune('0'+space)), "value"); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Checkpoint(t.Context(), "checkpoint"); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	const most = 4
	files := &countingFiles{FS: disk}
	s, err := OpenSnapshot("checkpoint", Options{FS: files, MaxTables: most})
	if err != nil {
		t.Fatal(err)
	}
	opened, before := files.opened.Load(), files.open.Load()
	err = s.View(t.Context(), func(r meta.Reader) error {
		for space := range 40 {
			if _, err := r.Get([]byte(string(rune('0' + space)))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	// Pebble closes those that are too many in the background.
	for deadline := time.Now().Add(10 * time.Second); files.open.Load()-before > most; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d tables stay open", files.open.Load()-before)
		}
	}
	if n := files.opened.Load() - opened; n < 2*most {
		t.Errorf("%d tables were opened", n)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
