package pebble

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/faulttest"
	"crossgrant/internal/meta"
)

// everyFault, if it is set in the environment, lets TestOutage fail every operation rather than a part of
// them.
const everyFault = "CROSSGRANT_TEST_EVERY_FAULT"

// faulty are the options of the outage tests: memory tables so small that the workload fills several, and
// little patience.
func faulty(disk vfs.FS) Options {
	return Options{FS: disk, memTableBytes: 32 << 10, patience: 50 * time.Millisecond, MaxTables: 100}
}

// writer writes to an engine, and remembers what was acknowledged.
type writer struct {
	engine *Engine
	mu     sync.Mutex
	acked  []string
	failed error
}

// run writes from several goroutines until each has met an error or written each values.
func (w *writer) run(round string, each int) {
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Go(func() {
			for i := range each {
				if !w.write(fmt.Sprintf("%s/%d/%d", round, g, i)) {
					return
				}
			}
		})
	}
	wg.Go(func() {
		for range each {
			_ = w.engine.View(context.Background(), func(r meta.Reader) error {
				it := r.Scan(nil, nil)
				for it.Next() {
				}
				return it.Close()
			})
		}
	})
	wg.Wait()
}

func (w *writer) write(key string) bool {
	err := set(w.engine, key, strings.Repeat("v", 700))
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.failed = err
		return false
	}
	w.acked = append(w.acked, key)
	return true
}

// missing returns the acknowledged keys that e does not have.
func (w *writer) missing(t *testing.T, e *Engine) (missing []string) {
	t.Helper()
	for _, key := range w.acked {
		if get(t, e, key) == "" {
			missing = append(missing, key)
		}
	}
	return missing
}

// until waits until e carries out an Update again.
func until(t *testing.T, e *Engine) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		err := set(e, "again", "served")
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("the fault is over, but Update returns %v\n%s", err, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// TestOutage makes each operation on files fail in turn, in every way, once or until the fault is lifted,
// under concurrent Updates and Views. The engine has to serve again in the same process, and nothing
// that was acknowledged may be missing: not then, and not after a power cut.
func TestOutage(t *testing.T) {
	t.Parallel()
	step, most := 7, 150
	if os.Getenv(everyFault) != "" {
		step = 1
	}
	for _, kind := range faulttest.Kinds {
		for _, once := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/once=%v", kind.Name, once), func(t *testing.T) {
				t.Parallel()
				for nth := 1; nth < most; nth += step {
					if !outage(t, kind, nth, once) {
						if nth == 1 {
							t.Error("no operation failed")
						}
						return // there are no more operations
					}
				}
			})
		}
	}
}

// outage fails the nth operation of kind. It reports whether there was one.
func outage(t *testing.T, kind faulttest.Kind, nth int, once bool) bool {
	t.Helper()
	under := vfs.NewCrashableMem()
	disk := faulttest.Wrap(under)
	w := &writer{engine: open(t, faulty(disk))}
	w.run("before", 10)
	if w.failed != nil {
		t.Fatal(w.failed)
	}
	disk.Fail(kind, nth, once)
	w.run("during", 25)
	reached := disk.Failed() > 0
	if err := w.failed; err != nil && !errors.Is(err, meta.ErrUnavailable) && !errors.Is(err, meta.ErrNoSpace) {
		t.Errorf("%d: an Update returned %v, which does not say what kind of error it is", nth, err)
	}
	disk.Lift()
	until(t, w.engine)
	w.failed = nil
	w.run("after", 10)
	if w.failed != nil {
		t.Errorf("%d: the fault is over, and an Update returned %v", nth, w.failed)
	}
	if missing := w.missing(t, w.engine); len(missing) > 0 {
		t.Errorf("%d: acknowledged, and not there: %v", nth, missing)
	}
	crashed := under.CrashClone(vfs.CrashCloneCfg{})
	if err := w.engine.Close(); err != nil {
		t.Errorf("%d: Close: %v", nth, err)
	}
	for name, disk := range map[string]vfs.FS{"Close": under, "a power cut": crashed} {
		again := open(t, Options{FS: disk})
		if missing := w.missing(t, again); len(missing) > 0 {
			t.Errorf("%d: acknowledged, and not there after %s: %v", nth, name, missing)
		}
		if err := again.Close(); err != nil {
			t.Errorf("%d: %v", nth, err)
		}
	}
	return reached
}

// TestOpenFault makes each operation fail in turn while a folder is opened that was not closed, as after an
// instance that failed. That ends in an error or in an open
// engine; and when the fault is over the folder opens, and nothing is missing.
func TestOpenFault(t *testing.T) {
	t.Parallel()
	for _, kind := range faulttest.Kinds {
		for _, once := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/once=%v", kind.Name, once), func(t *testing.T) {
				t.Parallel()
				nth := 1
				for openFault(t, kind, nth, once) {
					nth += 2
				}
				if nth == 1 {
					t.Error("no operation failed")
				}
			})
		}
	}
}

func openFault(t *testing.T, kind faulttest.Kind, nth int, once bool) bool {
	t.Helper()
	files := vfs.NewCrashableMem()
	before := faulttest.Wrap(files)
	w := &writer{engine: open(t, faulty(before))}
	w.run("before", nth%25)
	// The log ends in bytes that were not synced, of which some are there.
	before.Fail(faulttest.Kinds[1], 1, false)
	if err := set(w.engine, "lost", strings.Repeat("v", 90_000)); err == nil {
		t.Error("a log that cannot be synced was acknowledged")
	}
	rng := rand.New(rand.NewPCG(uint64(nth), 1))
	under := files.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	before.Lift()
	if err := w.engine.Close(); err != nil {
		t.Logf("close: %v", err)
	}
	disk := faulttest.Wrap(under)
	disk.Fail(kind, nth, once)
	e, err := Open("db", faulty(disk))
	reached := disk.Failed() > 0
	disk.Lift()
	if err == nil {
		until(t, e)
		if err := e.Close(); err != nil {
			t.Errorf("%d: Close: %v", nth, err)
		}
	}
	e = open(t, faulty(disk))
	if missing := w.missing(t, e); len(missing) > 0 {
		t.Errorf("%d: acknowledged, and not there: %v", nth, missing)
	}
	if err := e.Close(); err != nil {
		t.Errorf("%d: Close: %v", nth, err)
	}
	return reached
}

// TestUnsettled lets a write wait for longer than it may for a disk that cannot be written. Views go on meanwhile; and
// when the write becomes visible after all, observers are told that anything may have changed.
func TestUnsettled(t *testing.T) {
	t.Parallel()
	disk := faulttest.Wrap(vfs.NewMem())
	e := open(t, faulty(disk))
	var told atomic.Int64
	e.OnUnsettled(func() { told.Add(1) })
	if err := set(e, "a", "1"); err != nil {
		t.Fatal(err)
	}
	disk.Fail(faulttest.Kinds[3], 1, false) // no space
	if err := set(e, "a", "2"); !errors.Is(err, meta.ErrNoSpace) {
		t.Errorf("Update on a full disk = %v", err)
	}
	if err := set(e, "b", "1"); !errors.Is(err, meta.ErrNoSpace) {
		t.Errorf("the next Update on a full disk = %v", err)
	}
	if _, err := e.Condition(); !errors.Is(err, meta.ErrNoSpace) {
		t.Errorf("the condition is %v", err)
	}
	if got := get(t, e, "a"); got != "1" || told.Load() != 0 {
		t.Errorf("a View on a full disk reads %q, and observers were told %d times", got, told.Load())
	}
	disk.Lift()
	for get(t, e, "a") != "2" || told.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	until(t, e)
	if got := get(t, e, "b"); got != "" {
		t.Errorf("what was refused was written: %q", got)
	}
	if reopened, err := e.Condition(); err != nil || reopened != 0 {
		t.Errorf("the condition is %v, and the folder was opened again %d times for what could be tried again", err, reopened)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// measured is a file system with so much free space.
type measured struct {
	vfs.FS
	free atomic.Uint64
}

func (m *measured) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: m.free.Load()}, nil
}

// TestReserve wants what gives space back to be done when others are refused.
func TestReserve(t *testing.T) {
	t.Parallel()
	disk := &measured{FS: vfs.NewMem()}
	disk.free.Store(1 << 30)
	e := open(t, Options{FS: disk, ReserveBytes: 10 << 20, memTableBytes: 1 << 20})
	defer e.Close()
	if err := set(e, "a", "1"); err != nil {
		t.Fatal(err)
	}
	disk.free.Store(11 << 20) // one less than the reserve and two memory tables
	for set(e, "b", "1") == nil {
	}
	if err := set(e, "b", "2"); !errors.Is(err, meta.ErrNoSpace) {
		t.Errorf("Update with little space = %v", err)
	}
	err := e.Update(meta.Freeing(context.Background()), func(tx meta.Tx) error { return tx.Delete([]byte("a")) })
	if got := get(t, e, "a"); err != nil || got != "" {
		t.Errorf("an Update that gives space back = %v, and left %q", err, got)
	}
	disk.free.Store(1 << 30)
	until(t, e)
}
