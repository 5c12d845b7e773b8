package metatest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"crossgrant/internal/meta"
)

var errRefused = errors.New("refused")

func testFailedUpdate(t *testing.T, e meta.Engine) {
	put(t, e, "a", "1", "b", "1")
	got := tryUpdate(e, func(tx meta.Tx) error {
		return first(tx.Put([]byte("a"), []byte("2")), tx.Delete([]byte("b")), tx.Put([]byte("c"), []byte("2")), errRefused)
	})
	if got != errRefused {
		t.Errorf("Update = %v, want the very error of fn", got)
	}
	view(t, e, func(r meta.Reader) error {
		return first(wantValue(r, "a", "1"), wantValue(r, "b", "1"), wantMissing(r, "c"))
	})
	if got := e.View(context.Background(), func(meta.Reader) error { return errRefused }); got != errRefused {
		t.Errorf("View = %v, want the very error of fn", got)
	}
	put(t, e, "c", "3")
	view(t, e, func(r meta.Reader) error { return wantKeys(r, nil, nil, "a", "b", "c") })
}

// testPanickingUpdate checks that a panic in fn writes nothing and leaves the engine usable.
func testPanickingUpdate(t *testing.T, e meta.Engine) {
	func() {
		defer func() {
			if recover() == nil {
				t.Errorf("the panic of fn did not reach the caller")
			}
		}()
		_ = e.Update(context.Background(), func(tx meta.Tx) error {
			_ = tx.Put([]byte("a"), []byte("1"))
			panic("in fn")
		})
	}()
	put(t, e, "b", "1")
	view(t, e, func(r meta.Reader) error { return wantKeys(r, nil, nil, "b") })
}

func testCancelledContext(t *testing.T, e meta.Engine) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ran := false
	if err := e.View(ctx, func(meta.Reader) error { ran = true; return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("View = %v, want context.Canceled", err)
	}
	if err := e.Update(ctx, func(meta.Tx) error { ran = true; return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Update = %v, want context.Canceled", err)
	}
	if ran {
		t.Error("fn ran although the context was cancelled before")
	}
}

func testCloseWaits(t *testing.T, e meta.Engine) {
	put(t, e, "a", "1")
	var finished atomic.Int32
	started, release := make(chan struct{}), make(chan struct{})
	results := make(chan error, 2)
	go func() {
		results <- e.View(context.Background(), func(r meta.Reader) error {
			early := wantValue(r, "a", "1") // which takes the snapshot, if the engine has not yet
			started <- struct{}{}
			<-release
			err := first(early, wantValue(r, "a", "1"))
			finished.Add(1)
			return err
		})
	}()
	go func() {
		results <- tryUpdate(e, func(tx meta.Tx) error {
			started <- struct{}{}
			<-release
			finished.Add(1)
			return tx.Put([]byte("a"), []byte("2"))
		})
	}()
	<-started
	<-started
	closed := make(chan error)
	go func() { closed <- e.Close() }()
	close(release)
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	if n := finished.Load(); n != 2 {
		t.Errorf("Close returned when %d of 2 running calls had finished", n)
	}
	for range 2 {
		if err := <-results; err != nil {
			t.Errorf("a call that ran when Close began: %v", err)
		}
	}
	if err := e.View(context.Background(), func(meta.Reader) error { return nil }); !errors.Is(err, meta.ErrClosed) {
		t.Errorf("View after Close = %v, want ErrClosed", err)
	}
	if err := e.Update(context.Background(), func(meta.Tx) error { return nil }); !errors.Is(err, meta.ErrClosed) {
		t.Errorf("Update after Close = %v, want ErrClosed", err)
	}
	if err := e.Close(); !errors.Is(err, meta.ErrClosed) {
		t.Errorf("second Close = %v, want ErrClosed", err)
	}
}
