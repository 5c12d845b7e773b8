package objects

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/blob"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/metatest"
)

// newShared returns a fixture whose metadata is shared by servers.
func newShared(t *testing.T, adjust func(*Options)) *fixture {
	t.Helper()
	f := newFixture(t)
	opts := f.opts
	opts.Now = time.Now // of synctest
	if adjust != nil {
		adjust(&opts)
	}
	f.Service = New(meta.New(metatest.NewShared(f.engine)), f.blobs, opts)
	return f
}

// TestGarbageOfOthers: what was replaced stays for the readers of other servers, and goes after its time.
func TestGarbageOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newShared(t, nil)
		f.Start()
		f.put("k", big("a", 500))
		f.put("k", "new")
		time.Sleep(defaultGrace - time.Second)
		if left := len(f.blobs.existing()); left != 1 {
			t.Errorf("%d blobs are left before their time, want 1", left)
		}
		time.Sleep(defaultGrace)
		synctest.Wait()
		if left := len(f.blobs.existing()); left != 0 {
			t.Errorf("%d blobs are left after their time", left)
		}
		f.Close()
		f.checkClean()
	})
}

// TestStartAmongOthers: a server that starts deletes nothing that another one has just let go.
func TestStartAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newShared(t, nil)
		f.put("k", big("a", 500))
		f.put("k", "new")
		if err := f.Recover(ctx(t)); err != nil {
			t.Fatal(err)
		}
		if left := len(f.blobs.existing()); left != 1 {
			t.Errorf("%d blobs are left, want 1", left)
		}
	})
}

// TestUnknownOutcomeElsewhere: the blob of a write of which nobody knows whether it will be committed is never deleted by
// the write, whether its record is there yet or not.
func TestUnknownOutcomeElsewhere(t *testing.T) {
	// In a conflict the transaction gets as far as its commit, and nothing is written.
	for name, outcome := range map[string]fault{"committed": doneAnyway, "not yet": conflict} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newShared(t, nil)
				f.engine.onUpdate = func() fault { return outcome }
				_, err := f.Put(ctx(t), f.object("k"), strings.NewReader(big("a", 500)))
				f.engine.onUpdate = nil
				if err == nil {
					t.Fatal("a write without an answer succeeded")
				}
				f.Start()
				time.Sleep(3 * defaultGrace)
				f.Close()
				if left := len(f.blobs.existing()); left != 1 {
					t.Errorf("%d blobs are left, want 1", left)
				}
			})
		})
	}
}

// searched is a blob store that servers share, of which is counted how often it is searched.
type searched struct {
	blob.Store
	times int
}

func (s *searched) SweepOrphans(ctx context.Context, named blob.Named) (blob.Swept, error) {
	s.times++
	return blob.Swept{}, nil
}

// TestOrphansInterval: the search is made once in its interval, on however many servers.
func TestOrphansInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newShared(t, nil)
		blobs := &searched{Store: f.blobs}
		for range 3 { // one server after the other
			s := New(f.store, blobs, f.opts)
			s.Start()
			time.Sleep(OrphanInterval/2 + time.Minute)
			s.Close()
		}
		if blobs.times != 1 {
			t.Errorf("%d searches, want 1", blobs.times)
		}
	})
}
