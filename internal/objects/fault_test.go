package objects

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/blob"
	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// saboteur lets the call with number at, of all calls to the stores, go wrong; if crash is set, all
// later ones too.
type saboteur struct {
	at    int
	crash bool
	kind  fault // of an Update

	mu    sync.Mutex
	calls int
}

// hit counts a call and reports whether it goes wrong.
func (s *saboteur) hit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	return s.calls == s.at || s.crash && s.calls > s.at
}

func (s *saboteur) install(f *fixture) {
	f.engine.onUpdate = func() fault {
		if s.hit() {
			return s.kind
		}
		return noFault
	}
	f.blobs.fail(func(string) error {
		if s.hit() {
			return errInjected
		}
		return nil
	})
}

func (f *fixture) repair() {
	f.engine.onUpdate = nil
	f.blobs.fail(nil)
}

// restart replaces the service by a new one over the same stores, as they are after a crash.
func (f *fixture) restart() {
	f.blobs.Store.(*blobmemory.Store).Crash()
	f.Service = New(f.store, f.blobs, f.opts)
}

// scenario is a change whose effect on the object "k" is all or nothing.
type scenario struct {
	name   string
	before string // content of "k"; empty: none
	after  string
	run    func(f *fixture, id string, list []CompletedPart) error
}

var scenarios = []scenario{
	{"put small", big("old", 300), "new", func(f *fixture, _ string, _ []CompletedPart) error {
		_, err := f.Put(ctx(f.t), f.object("k"), strings.NewReader("new"))
		return err
	}},
	{"put large", "", big("new", 3*minChunk), func(f *fixture, _ string, _ []CompletedPart) error {
		_, err := f.Put(ctx(f.t), f.object("k"), strings.NewReader(big("new", 3*minChunk)))
		return err
	}},
	{"put large over large", big("old", 300), big("new", 500), func(f *fixture, _ string, _ []CompletedPart) error {
		_, err := f.Put(ctx(f.t), f.object("k"), strings.NewReader(big("new", 500)))
		return err
	}},
	{"delete", big("old", 300), "", func(f *fixture, _ string, _ []CompletedPart) error {
		_, err := f.Delete(ctx(f.t), Deletion{Bucket: f.bucket, BucketName: bucketName, Key: "k"})
		return err
	}},
	{"part", "old", "old", func(f *fixture, id string, _ []CompletedPart) error {
		_, err := f.PutPart(ctx(f.t), f.object("upload"), id, 2, strings.NewReader(big("other", 400)))
		return err
	}},
	{"abort", "old", "old", func(f *fixture, id string, _ []CompletedPart) error {
		return f.AbortUpload(ctx(f.t), f.bucket, "upload", id)
	}},
	{"complete", "old", "old", func(f *fixture, id string, list []CompletedPart) error {
		_, err := f.CompleteUpload(ctx(f.t), f.object("upload"), id, list)
		return err
	}},
	{"copy", big("old", 300), big("upload1", 200), func(f *fixture, _ string, _ []CompletedPart) error {
		src, err := f.Get(ctx(f.t), f.bucket, "source", "")
		if err != nil {
			return err
		}
		_, err = f.Copy(ctx(f.t), f.object("k"), src)
		return err
	}},
	{"delete bucket", "", "", func(f *fixture, _ string, _ []CompletedPart) error {
		if _, err := f.Delete(ctx(f.t), Deletion{Bucket: f.bucket, BucketName: bucketName, Key: "source"}); err != nil {
			return err
		}
		return f.DeleteBucket(ctx(f.t), f.bucket, bucketName)
	}},
}

// TestFaults runs each scenario with a fault at each of its calls to the stores. Whatever fails, once or
// for ever after, the object is what it was or what it should be, and after Recover nothing is left over.
func TestFaults(t *testing.T) {
	for _, sc := range scenarios {
		for _, crash := range []bool{false, true} {
			for kind, name := range map[fault]string{notDone: "not done", doneAnyway: "done anyway", conflict: "conflict"} {
				if crash && kind == conflict {
					continue // no crash
				}
				t.Run(fmt.Sprintf("%s/crash=%v/%s", sc.name, crash, name), func(t *testing.T) {
					for at := 1; ; at++ {
						if !runFault(t, sc, &saboteur{at: at, crash: crash, kind: kind}) {
							return
						}
					}
				})
			}
		}
	}
}

// runFault runs a scenario once and reports whether the fault was reached.
func runFault(t *testing.T, sc scenario, s *saboteur) bool {
	f := newFixture(t)
	if sc.before != "" {
		f.put("k", sc.before)
	}
	f.put("source", big("upload1", 200))
	id := f.upload("upload")
	list := []CompletedPart{f.part("upload", id, 1, big("part1", 200)), f.part("upload", id, 2, big("part2", 300))}
	s.install(f)
	err := sc.run(f, id, list)
	f.repair()
	got := ""
	switch o, getErr := f.Get(ctx(t), f.bucket, "k", ""); {
	case apierr.Is(getErr, "NoSuchKey"):
	case getErr != nil:
		t.Fatal(getErr)
	default:
		if got, getErr = f.read(o, 0, o.Size); getErr != nil {
			t.Errorf("fault %d: read: %v", s.at, getErr)
		}
	}
	if got != sc.after && (err == nil || got != sc.before) {
		t.Errorf("fault %d: the object is %.20q after %v", s.at, got, err)
	}
	if s.kind == notDone && err != nil && got == sc.after && sc.after != sc.before {
		t.Errorf("fault %d: refused, but done", s.at)
	}
	if s.crash {
		f.restart()
	}
	f.checkClean()
	return s.calls >= s.at
}

// TestBlobComesFirst wants the blob to be durable when its record is written, and settled after it is.
func TestBlobComesFirst(t *testing.T) {
	f := newFixture(t)
	n := f.object("k")
	asked := false
	n.Guard = func(*records.Object) error {
		asked = true
		if len(f.blobs.existing()) != 1 {
			t.Error("the record is written before the blob is committed")
		}
		if len(f.blobs.walk(t)) != 0 {
			t.Error("the blob is settled before its record is written")
		}
		return nil
	}
	if _, err := f.Put(ctx(t), n, strings.NewReader(big("x", 500))); err != nil {
		t.Fatal(err)
	}
	if !asked || len(f.blobs.walk(t)) != 1 {
		t.Errorf("the guard was asked: %v; %d blobs are settled", asked, len(f.blobs.walk(t)))
	}
}

// TestRecoverLegacy wants what a program of format 3 was writing to be deleted: it is in its place, and listed.
func TestRecoverLegacy(t *testing.T) {
	f := newFixture(t)
	const id = blob.ID("0123456789abcdef0123456789abcdef")
	w, err := f.blobs.Create(ctx(t), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	f.blobs.Settle(id)
	err = f.store.Update(ctx(t), func(tx meta.Tx) error {
		return errors.Join(tx.Put(keys.Writing(string(id)), nil), tx.Put(keys.Writing("fedcba9876543210fedcba9876543210"), nil))
	})
	if err != nil {
		t.Fatal(err)
	}
	f.restart()
	f.checkClean()
}

// TestCanceledWrite wants what a caller that is gone has begun to be cleaned up.
func TestCanceledWrite(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.blobs.fail(func(call string) error {
		if call == "Write" {
			cancel()
			return ctx.Err()
		}
		return nil
	})
	if _, err := f.Put(ctx, f.object("k"), strings.NewReader(big("x", 500))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	f.blobs.fail(nil)
	if left := f.blobs.existing(); len(left) != 0 {
		t.Errorf("blobs are left: %v", left)
	}
	f.checkClean()
}

// TestSweeperRetries wants the sweeper to try again after a failure, on its own.
func TestSweeperRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		var deletions atomic.Int64
		f.blobs.fail(func(call string) error {
			if call == "Delete" && deletions.Add(1) <= 3 {
				return errInjected
			}
			return nil
		})
		f.Start()
		f.put("k", big("x", 500))
		f.put("k", "new")
		time.Sleep(sweepDelay) // of the clock of synctest
		synctest.Wait()
		if len(f.blobs.existing()) != 1 || deletions.Load() != 1 {
			t.Errorf("%v exist, after %d calls", f.blobs.existing(), deletions.Load())
		}
		time.Sleep(7 * firstRetry)
		synctest.Wait()
		if len(f.blobs.existing()) != 0 {
			t.Errorf("%v exist", f.blobs.existing())
		}
		f.Close()
		f.Close()
		f.checkClean()
	})
}

// TestSweepGoesOn wants one blob that cannot be deleted not to keep the others.
func TestSweepGoesOn(t *testing.T) {
	f := newFixture(t)
	for i := range 2*sweepBatch + 10 {
		f.put("k", big(fmt.Sprint(i), 100))
	}
	deletions := 0
	f.blobs.fail(func(call string) error {
		if call == "Delete" {
			// The first one of all together, and then alone.
			if deletions++; deletions <= 2 {
				return errInjected
			}
		}
		return nil
	})
	if err := f.Recover(ctx(t)); !errors.Is(err, errInjected) {
		t.Errorf("got %v", err)
	}
	if got := len(f.blobs.existing()); got != 2 {
		t.Errorf("%d blobs exist, want 2", got)
	}
	f.blobs.fail(nil)
	f.checkClean()
}

func TestNewRefuses(t *testing.T) {
	ring := &sse.Keyring{}
	for _, opts := range []Options{{Keys: ring, InlineLimit: -1}, {Keys: ring, InlineLimit: MaxInline + 1}, {Keys: ring, InlineLimit: 100, MinPart: 100}, {}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is accepted", opts)
				}
			}()
			New(nil, nil, opts)
		}()
	}
	s := New(nil, nil, Options{Keys: ring})
	if s.opts.InlineLimit != 64<<10 || s.opts.MaxObject != 5<<30 || s.opts.MinPart != 5<<20 || s.opts.MaxBuckets != 10_000 || s.opts.Log != slog.Default() {
		t.Errorf("got %+v", s.opts)
	}
	s.Close() // without Start
}
