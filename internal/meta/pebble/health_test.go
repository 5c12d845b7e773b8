package pebble

import (
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestStallOfEndedWork: who finds that Pebble was busy for too long, and is late to say so, refuses nothing.
func TestStallOfEndedWork(t *testing.T) {
	t.Parallel()
	h := newHealth(time.Minute)
	h.begin()
	since := h.busy.Load()
	h.end()
	h.stallSince(since, syscall.EIO)
	if err := h.now.Load().refusal(); err != nil {
		t.Errorf("Updates are refused for good: %v", err)
	}
	h.begin()
	h.stallSince(h.busy.Load(), syscall.EIO)
	if err := h.now.Load().refusal(); !errors.Is(err, syscall.EIO) {
		t.Errorf("while Pebble is kept from its work, Updates are told %v", err)
	}
	h.end()
	if err := h.now.Load().refusal(); err != nil {
		t.Errorf("the work has ended, and Updates are told %v", err)
	}
}

// TestPatiently: an alarm that is over does not end the wait, one that goes on does.
func TestPatiently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHealth(time.Second)
		done := make(chan error, 1)
		h.hold()
		h.warn(syscall.EIO)
		go func() {
			time.Sleep(time.Second / 2)
			h.release()
			time.Sleep(time.Hour)
			done <- nil
		}()
		if err, in := h.patiently(done); !in || err != nil {
			t.Errorf("after an alarm that is over = %v, %t", err, in)
		}
		h.hold()
		h.warn(syscall.EIO)
		if err, in := h.patiently(done); in || !errors.Is(err, syscall.EIO) {
			t.Errorf("in an alarm that goes on = %v, %t", err, in)
		}
	})
}
