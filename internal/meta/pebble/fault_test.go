package pebble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"crossgrant/internal/meta"
)

// isSync reports whether op asks the disk to keep a file's bytes.
func isSync(op errorfs.Op) bool {
	return op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData
}

func isLog(op errorfs.Op) bool { return strings.HasSuffix(op.Path, ".log") }

func set(e *Engine, key, value string) error {
	return e.Update(context.Background(), func(tx meta.Tx) error { return tx.Put([]byte(key), []byte(value)) })
}

// get returns the value of key, "" if it has none.
func get(t *testing.T, e *Engine, key string) string {
	t.Helper()
	var value []byte
	err := e.View(context.Background(), func(r meta.Reader) (err error) {
		value, err = r.Get([]byte(key))
		return err
	})
	if err != nil && !errors.Is(err, meta.ErrNotFound) {
		t.Fatal(err)
	}
	return string(value)
}

// slowDisk stops the syncs of log files while it is armed.
type slowDisk struct {
	armed   atomic.Bool
	reached chan struct{} // receives when a sync has stopped
	proceed chan error    // what that sync returns
}

func newSlowDisk() *slowDisk {
	return &slowDisk{reached: make(chan struct{}), proceed: make(chan error)}
}

func (d *slowDisk) String() string { return "slow disk" }

func (d *slowDisk) MaybeError(op errorfs.Op) error {
	if !isSync(op) || !isLog(op) || !d.armed.CompareAndSwap(true, false) {
		return nil
	}
	d.reached <- struct{}{}
	return <-d.proceed
}

// TestUnsyncedWriteIsNotShown holds the disk between the append and the end of the sync.
func TestUnsyncedWriteIsNotShown(t *testing.T) {
	t.Parallel()
	for _, outcome := range []error{nil, errorfs.ErrInjected} {
		t.Run(fmt.Sprint(outcome), func(t *testing.T) {
			t.Parallel()
			disk := newSlowDisk()
			e := open(t, Options{FS: errorfs.Wrap(vfs.NewMem(), disk)})
			if err := set(e, "a", "1"); err != nil {
				t.Fatal(err)
			}
			disk.armed.Store(true)
			written := make(chan error)
			go func() { written <- set(e, "a", "2") }()
			<-disk.reached

			// A View neither waits nor sees the write.
			if got := get(t, e, "a"); got != "1" {
				t.Errorf("during the sync a View reads %q, want 1", got)
			}
			// Updates see it, and return only when it is durable.
			var released atomic.Bool
			reads := make(chan error)
			errStop := errors.New("stop")
			for _, result := range []error{nil, errStop} {
				go func() {
					err := e.Update(context.Background(), func(tx meta.Tx) error {
						got, err := tx.Get([]byte("a"))
						if err != nil || string(got) != "2" {
							return fmt.Errorf("during the sync an Update reads %q, %v, want 2", got, err)
						}
						reads <- nil
						return result
					})
					if !released.Load() {
						t.Error("an Update returned what is not durable")
					}
					reads <- err
				}()
				<-reads
			}
			released.Store(true)
			disk.proceed <- outcome
			results := []error{<-written, <-reads, <-reads}
			if outcome != nil {
				for _, err := range results {
					if !errors.Is(err, errorfs.ErrInjected) {
						t.Errorf("after the sync failed Update returned %v", err)
					}
				}
				if got := get(t, e, "a"); got != "1" {
					t.Errorf("after the sync failed a View reads %q, want 1", got)
				}
				if err := set(e, "b", "1"); !errors.Is(err, errorfs.ErrInjected) {
					t.Errorf("Update on a failed log = %v", err)
				}
				_ = e.Close() // it may report the failure again, but must return
				return
			}
			if results[0] != nil || !errors.Is(errors.Join(results[1:]...), errStop) {
				t.Errorf("results are %v, want success, and the errors of the two readers", results)
			}
			if got := get(t, e, "a"); got != "2" {
				t.Errorf("after the sync a View reads %q, want 2", got)
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// failOnce makes the n-th operation that match accepts fail, and only that one: a disk that works again
// must not hide that it failed.
func failOnce(n int64, match func(op errorfs.Op) bool) (errorfs.Injector, *atomic.Bool) {
	var seen atomic.Int64
	var failed atomic.Bool
	return errorfs.InjectorFunc(func(op errorfs.Op) error {
		if match(op) && seen.Add(1) == n {
			failed.Store(true)
			return errorfs.ErrInjected
		}
		return nil
	}), &failed
}

// TestLogFailure makes one operation on the log fail, whichever, under concurrent Updates, then cuts
// the power.
func TestLogFailure(t *testing.T) {
	t.Parallel()
	matches := map[string]func(op errorfs.Op) bool{
		"sync":  func(op errorfs.Op) bool { return isLog(op) && isSync(op) },
		"write": func(op errorfs.Op) bool { return isLog(op) && op.Kind == errorfs.OpFileWrite },
	}
	for name, match := range matches {
		for _, n := range []int64{1, 2, 3, 5, 8, 13, 30} {
			t.Run(fmt.Sprint(name, n), func(t *testing.T) {
				t.Parallel()
				disk := vfs.NewCrashableMem()
				injector, failed := failOnce(n, match)
				toggle := &errorfs.Toggle{Injector: injector}
				e := open(t, Options{FS: errorfs.Wrap(disk, toggle)})
				toggle.On()
				acked, refused := writeUntilFailure(e)
				if !failed.Load() || !errors.Is(refused, errorfs.ErrInjected) {
					t.Errorf("the disk failed: %v; Update returned %v", failed.Load(), refused)
				}
				if err := set(e, "later", "x"); !errors.Is(err, errorfs.ErrInjected) {
					t.Errorf("an Update after the failure returned %v", err)
				}
				for _, key := range acked {
					if get(t, e, key) == "" {
						t.Errorf("after the failure %s is not there", key)
					}
				}
				_ = e.Close() // it may report the failure again, but must return
				again := open(t, Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
				defer again.Close()
				for _, key := range acked {
					if get(t, again, key) == "" {
						t.Errorf("acknowledged %s is lost", key)
					}
				}
			})
		}
	}
}

// fatalDir names, in the environment of the child process of TestFatalFailure, the folder to open;
// fatalOp the operation that fails.
const (
	fatalDir = "CROSSGRANT_TEST_FATAL_DIR"
	fatalOp  = "CROSSGRANT_TEST_FATAL_OP"
)

// TestFatalFailure checks the failures that end the process: in a process of its own, which prints
// what was acknowledged until it dies.
func TestFatalFailure(t *testing.T) {
	matches := map[string]func(op errorfs.Op) bool{
		"make log": func(op errorfs.Op) bool {
			return isLog(op) && (op.Kind == errorfs.OpCreate || op.Kind == errorfs.OpReuseForWrite)
		},
		"write manifest": func(op errorfs.Op) bool {
			return strings.Contains(op.Path, "MANIFEST") && (isSync(op) || op.Kind == errorfs.OpFileWrite)
		},
	}
	if dir := os.Getenv(fatalDir); dir != "" {
		injector, _ := failOnce(2, matches[os.Getenv(fatalOp)])
		toggle := &errorfs.Toggle{Injector: injector}
		log := slog.New(slog.NewTextHandler(os.Stderr, nil))
		e, err := Open(dir, Options{FS: errorfs.Wrap(vfs.Default, toggle), Log: log, memTableBytes: 32 << 10})
		if err != nil {
			t.Fatal(err)
		}
		toggle.On()
		for i := 0; ; i++ {
			key := fmt.Sprintf("key%d", i)
			if err := set(e, key, strings.Repeat("v", 700)); err != nil {
				t.Fatal(err)
			}
			fmt.Println("acknowledged", key)
		}
	}
	t.Parallel()
	for name := range matches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			child := exec.Command(os.Args[0], "-test.run=^TestFatalFailure$")
			child.Env = append(os.Environ(), fatalDir+"="+dir, fatalOp+"="+name)
			out, err := child.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "injected error") {
				t.Errorf("the process ended with %v, and said\n%s", err, out)
			}
			e, err := Open(dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			acked := 0
			for line := range strings.Lines(string(out)) {
				key, ok := strings.CutPrefix(strings.TrimSpace(line), "acknowledged ")
				if ok && get(t, e, key) == "" {
					t.Errorf("acknowledged %s is lost", key)
				}
				if ok {
					acked++
				}
			}
			if acked == 0 {
				t.Errorf("nothing was acknowledged before the failure:\n%s", out)
			}
		})
	}
}

// TestFullDiskDoesNotFloodTheLog has no room for tables for a while, as a full disk does, with room left
// in the log. Pebble tries again and again; nothing is lost and little is said.
func TestFullDiskDoesNotFloodTheLog(t *testing.T) {
	t.Parallel()
	var tries atomic.Int64
	toggle := &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind != errorfs.OpCreate || !strings.HasSuffix(op.Path, ".sst") {
			return nil
		}
		tries.Add(1)
		return syscall.ENOSPC
	})}
	var out bytes.Buffer // a handler writes one line at a time
	log := slog.New(slog.NewTextHandler(&out, nil))
	e := open(t, Options{FS: errorfs.Wrap(vfs.NewMem(), toggle), Log: log, memTableBytes: 64 << 10})
	toggle.On()
	const writes = 100 // more than a memory table, less than where writes wait for a flush
	for i := range writes {
		if err := set(e, fmt.Sprintf("key%d", i), strings.Repeat("v", 700)); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); tries.Load() < 50 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	toggle.Off()
	if n := tries.Load(); n < 50 {
		t.Errorf("%d tables were begun, want 50 that fail", n)
	}
	for i := range writes {
		if key := fmt.Sprintf("key%d", i); get(t, e, key) == "" {
			t.Errorf("%s is lost", key)
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	said := strings.Count(out.String(), "background: ")
	if !strings.Contains(out.String(), syscall.ENOSPC.Error()) || said > 3 {
		t.Errorf("%d lines for %d errors, want one that says why, and few:\n%.1000s", said, tries.Load(), out.String())
	}
}

// writeUntilFailure writes from several goroutines until each has met an error or written enough. It
// returns the keys that were acknowledged and the last error.
func writeUntilFailure(e *Engine) (acked []string, refused error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	value := strings.Repeat("v", 700)
	for g := range 4 {
		wg.Go(func() {
			for i := range 60 {
				key := fmt.Sprintf("%d/%d", g, i)
				err := set(e, key, value)
				mu.Lock()
				if err != nil {
					refused = err
					mu.Unlock()
					return
				}
				acked = append(acked, key)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return acked, refused
}
