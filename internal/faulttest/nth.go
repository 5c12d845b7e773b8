package faulttest

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// Nth makes one operation on files fail, or all from there on, until it is repaired.
type Nth struct {
	// Skip tells which operations are not counted, and do not fail; nil: none.
	Skip func(op errorfs.Op) bool
	// Err is the error.
	Err error

	at       int64
	forever  bool
	calls    atomic.Int64
	repaired atomic.Bool
}

var _ errorfs.Injector = (*Nth)(nil)

func (f *Nth) String() string { return fmt.Sprintf("fault at %d", f.at) }

// MaybeError returns the error if it is the operation's turn.
func (f *Nth) MaybeError(op errorfs.Op) error {
	if f.repaired.Load() || op.Kind == errorfs.OpFileClose { // what a close reports is of no consequence
		return nil
	}
	if f.Skip != nil && f.Skip(op) {
		return nil
	}
	if n := f.calls.Add(1); n == f.at || f.forever && n > f.at {
		return f.Err
	}
	return nil
}

// Repair ends the fault.
func (f *Nth) Repair() { f.repaired.Store(true) }

// Each runs a test with a fault at each operation in turn, until one is not reached: once for an error of a disk, and
// until it is repaired for one that is full or read-only.
func Each(t *testing.T, skip func(op errorfs.Op) bool, run func(t *testing.T, f *Nth)) {
	for _, err := range []error{syscall.EIO, syscall.ENOSPC, syscall.EROFS} {
		t.Run(fmt.Sprint(err), func(t *testing.T) {
			t.Parallel()
			for at := int64(1); ; at++ {
				f := &Nth{Skip: skip, Err: err, at: at, forever: err != syscall.EIO}
				run(t, f)
				if t.Failed() {
					t.Fatalf("with a fault at operation %d", at)
				}
				if f.calls.Load() < at {
					return
				}
			}
		})
	}
}
