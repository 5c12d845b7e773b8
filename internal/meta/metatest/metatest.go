// Package metatest defines by test what package meta's Engine means. Every engine runs it with nothing
// but a constructor.
package metatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"crossgrant/internal/meta"
)

// Run runs the suite. open returns a new empty engine, which the suite closes; it may register
// clean-ups with t, and is called from parallel tests.
func Run(t *testing.T, open func(t *testing.T) meta.Engine) {
	tests := []struct {
		name string
		run  func(t *testing.T, e meta.Engine)
	}{
		{"GetPutDelete", testGetPutDelete},
		{"GetMany", testGetMany},
		{"Buffers", testBuffers},
		{"Limits", testLimits},
		{"Order", testOrder},
		{"Ranges", testRanges},
		{"Seek", testSeek},
		{"OwnWrites", testOwnWrites},
		{"WriteWhileScanning", testWriteWhileScanning},
		{"SnapshotIsolation", testSnapshotIsolation},
		{"ReadYourCommits", testReadYourCommits},
		{"Counters", testCounters},
		{"WriteSkew", testWriteSkew},
		{"Phantoms", testPhantoms},
		{"TornReads", testTornReads},
		{"FailedUpdate", testFailedUpdate},
		{"PanickingUpdate", testPanickingUpdate},
		{"CancelledContext", testCancelledContext},
		{"CloseWaits", testCloseWaits},
		{"Model", testModel},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := open(t)
			t.Cleanup(func() {
				if err := e.Close(); err != nil && !errors.Is(err, meta.ErrClosed) {
					t.Errorf("Close: %v", err)
				}
			})
			test.run(t, e)
		})
	}
}

// update runs fn until it commits without a conflict and fails the test on any other error. It may be
// called from any goroutine.
func update(t *testing.T, e meta.Engine, fn func(tx meta.Tx) error) {
	t.Helper()
	if err := tryUpdate(e, fn); err != nil {
		t.Errorf("Update: %v", err)
	}
}

// tryUpdate runs fn until the result is not a conflict.
func tryUpdate(e meta.Engine, fn func(tx meta.Tx) error) error {
	for {
		err := e.Update(context.Background(), fn)
		if !errors.Is(err, meta.ErrConflict) {
			return err
		}
	}
}

// view runs fn and fails the test if it fails.
func view(t *testing.T, e meta.Engine, fn func(r meta.Reader) error) {
	t.Helper()
	if err := e.View(context.Background(), fn); err != nil {
		t.Errorf("View: %v", err)
	}
}

// put commits pairs, alternately keys and values.
func put(t *testing.T, e meta.Engine, pairs ...string) {
	t.Helper()
	update(t, e, func(tx meta.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
}

// wantValue reports unless key has the value want.
func wantValue(r meta.Reader, key, want string) error {
	got, err := r.Get([]byte(key))
	if err != nil {
		return fmt.Errorf("Get(%q): %w", key, err)
	}
	if string(got) != want {
		return fmt.Errorf("Get(%q) = %q, want %q", key, got, want)
	}
	return nil
}

// wantMissing reports unless key has no value.
func wantMissing(r meta.Reader, key string) error {
	if got, err := r.Get([]byte(key)); !errors.Is(err, meta.ErrNotFound) {
		return fmt.Errorf("Get(%q) = %q, %v, want ErrNotFound", key, got, err)
	}
	return nil
}

// pair is an entry as read.
type pair struct {
	key, value string
}

// scan returns the entries of [from, to).
func scan(r meta.Reader, from, to []byte) ([]pair, error) {
	it := r.Scan(from, to)
	var got []pair
	for it.Next() {
		got = append(got, pair{string(it.Key()), string(it.Value())})
	}
	if it.Next() {
		got = append(got, pair{"an entry after the end", ""})
	}
	return got, it.Close()
}

// keysOf returns the keys of pairs, in their order.
func keysOf(pairs []pair) []string {
	keys := make([]string, len(pairs))
	for i, p := range pairs {
		keys[i] = p.key
	}
	return keys
}

// wantKeys reports unless [from, to) holds exactly the keys want.
func wantKeys(r meta.Reader, from, to []byte, want ...string) error {
	pairs, err := scan(r, from, to)
	if err != nil {
		return fmt.Errorf("Scan(%q, %q): %w", from, to, err)
	}
	if got := keysOf(pairs); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		return fmt.Errorf("Scan(%q, %q) = %q, want %q", from, to, got, want)
	}
	return nil
}

// first returns the first error that is not nil.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// fill returns n bytes that differ by seed and compress badly.
func fill(n int, seed byte) []byte {
	b := make([]byte, n)
	x := uint32(seed) + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// scribble overwrites b, as a caller does who reuses a buffer.
func scribble(b []byte) {
	copy(b, bytes.Repeat([]byte{'!'}, len(b)))
}
