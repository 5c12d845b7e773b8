// Package blobtest defines by test what package blob's Store means. Every engine runs it with nothing
// but a constructor.
package blobtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"crossgrant/internal/blob"
)

// Crasher is what the suite tests: a store, and the crashes between its lives.
type Crasher struct {
	// Open returns the store, not recovered: new and empty the first time, and later as it was.
	Open func() blob.Store
	// Crash ends the store without closing it, as the end of its process does.
	Crash func()
}

// Run runs what every engine has to pass, whether or not servers share what it keeps. start returns a Crasher of an empty
// store; the suite closes what it opens. start may register clean-ups with t, and is called from parallel tests.
func Run(t *testing.T, start func(t *testing.T) Crasher) {
	tests := []struct {
		name string
		run  func(t *testing.T, s blob.Store)
	}{
		{"WriteRead", testWriteRead},
		{"Ranges", testRanges},
		{"RangeBeyond", testRangeBeyond},
		{"Whole", testWhole},
		{"WriteTo", testWriteTo},
		{"Chunks", testChunks},
		{"Buffers", testBuffers},
		{"NotVisibleBeforeCommit", testNotVisibleBeforeCommit},
		{"Abort", testAbort},
		{"EndTwice", testEndTwice},
		{"Exists", testExists},
		{"InvalidID", testInvalidID},
		{"Delete", testDelete},
		{"DeleteStaged", testDeleteStaged},
		{"DeleteWhileReading", testDeleteWhileReading},
		{"DeleteMany", testDeleteMany},
		{"RecoverLater", testRecoverLater},
		{"Link", testLink},
		{"Concurrent", testConcurrent},
		{"ReadersAndDeletes", testReadersAndDeletes},
		{"NewSize", testNewSize},
		{"NewEnds", testNewEnds},
		{"NewDeleteWhileReading", testNewDeleteWhileReading},
		{"NewReadersAndDeletes", testNewReadersAndDeletes},
		{"CancelledContext", testCancelledContext},
		{"Closed", testClosed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, start(t), none)
			test.run(t, s)
		})
	}
	// Those that walk settle blobs, and what is settled is named.
	for name, run := range map[string]func(t *testing.T, s blob.Store, r *named){
		"Walk": testWalk, "WalkEnds": testWalkEnds, "New": testNew,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &named{}
			run(t, open(t, start(t), r.answer), r)
		})
	}
}

// RunRecover runs what an engine has to pass, beside Run, whose blobs one process alone uses: after a crash its Recover removes
// what was not committed or is not named. Where servers share blobs Recover removes nothing, since what is not committed
// or named may be another server's work (blob.Sweeper); what is left there is found in other ways, with tests of their own.
func RunRecover(t *testing.T, start func(t *testing.T) Crasher) {
	for name, run := range map[string]func(t *testing.T, c Crasher){
		"Recover": testRecover, "RecoverFails": testRecoverFails, "RecoverLinks": testRecoverLinks,
		"RecoverNew": testRecoverNew,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, start(t))
		})
	}
}

// none names no blob.
func none(_ context.Context, ids []blob.ID) ([]bool, error) { return make([]bool, len(ids)), nil }

// open opens and recovers a store, and closes it at the end of the test.
func open(t *testing.T, c Crasher, named blob.Named) blob.Store {
	t.Helper()
	s := c.Open()
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Recover(t.Context(), named); err != nil {
		t.Fatalf("Recover: %v", err)
	}
	return s
}

// id returns the n-th of the IDs that the suite uses. They differ in their first digits for small n,
// and not for n that differ by 4096.
func id(n int) blob.ID {
	return blob.ID(fmt.Sprintf("%03x%029x", n%4096, n))
}

// content returns n bytes that differ by seed.
func content(n, seed int) []byte {
	b := make([]byte, n)
	x := uint32(seed)*2654435761 + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// create begins a blob.
func create(t *testing.T, s blob.Store, id blob.ID) blob.Writer {
	t.Helper()
	w, err := s.Create(t.Context(), id)
	if err != nil {
		t.Fatalf("Create(%s): %v", id, err)
	}
	return w
}

// write commits a blob. It may be called from any goroutine.
func write(s blob.Store, id blob.ID, data []byte) error {
	w, err := s.Create(context.Background(), id)
	if err != nil {
		return fmt.Errorf("Create(%s): %w", id, err)
	}
	defer w.Abort()
	if n, err := w.Write(data); err != nil || n != len(data) {
		return fmt.Errorf("write of %d bytes to %s = %d, %w", len(data), id, n, err)
	}
	if err := w.Commit(); err != nil {
		return fmt.Errorf("Commit(%s): %w", id, err)
	}
	return nil
}

func mustWrite(t *testing.T, s blob.Store, id blob.ID, data []byte) {
	t.Helper()
	if err := write(s, id, data); err != nil {
		t.Fatal(err)
	}
}

// read returns the bytes of a range. It may be called from any goroutine.
func read(s blob.Store, id blob.ID, offset, length int) ([]byte, error) {
	r, err := s.Open(context.Background(), id, int64(offset), int64(length))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	return data, err
}

// wantBlob fails the test unless id holds exactly want.
func wantBlob(t *testing.T, s blob.Store, id blob.ID, want []byte) {
	t.Helper()
	got, err := read(s, id, 0, len(want))
	if err != nil {
		t.Fatalf("read %s: %v", id, err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s holds %d bytes that differ from the %d written", id, len(got), len(want))
	}
}
