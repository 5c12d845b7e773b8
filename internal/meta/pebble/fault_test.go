package pebble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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
				for set(e, "b", "1") != nil { // until the folder is opened again
					time.Sleep(time.Millisecond)
				}
				if err := e.Close(); err != nil {
					t.Error(err)
				}
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
	for deadline := time.Now().Add(10 * time.Second); tries.Load() < 20 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if n := tries.Load(); n < 20 {
		t.Errorf("%d tables were begun, want 20 that fail", n)
	}
	toggle.Off()
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
