package pebble

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"crossgrant/internal/meta"
)

// patience is how long what waits for the disk waits on while the disk fails, before it is told.
const patience = 2 * time.Second

// mood is whether an instance carries out Updates. The alarm is closed when it does not; err says why, and
// is set before. A mood that is over does not come back: the next one is a new value.
type mood struct {
	alarm chan struct{}
	err   error
}

// refusal returns the error of an Update that the mood does not let run, nil if it may.
func (m *mood) refusal() error {
	select {
	case <-m.alarm:
		return unavailable(m.err)
	default:
		return nil
	}
}

// health is what the fence and the goroutines of an instance know of its disk. It is well; or something
// that an Update needs is tried again and again, and Updates are refused until it succeeds; or it has
// failed for good, and another instance has to take its place.
type health struct {
	patience time.Duration
	now      atomic.Pointer[mood]
	dead     chan struct{} // closed when it has failed for good
	// busy is when Pebble was given what it has not yet finished, in nanoseconds since 1970; 0 if nothing.
	busy atomic.Int64
	// parked are the goroutines of Pebble that were stopped for ever.
	parked atomic.Int32

	mu      sync.Mutex // protects the fields below
	failed  error
	held    int  // operations that are being tried again
	stalled bool // the alarm was raised by stall
}

func newHealth(patience time.Duration) *health {
	h := &health{patience: patience, dead: make(chan struct{})}
	h.now.Store(&mood{alarm: make(chan struct{})})
	return h
}

// fail records the first failure for good and returns it.
func (h *health) fail(err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed == nil {
		h.failed = err
		close(h.dead)
		h.raise(err)
	}
	return h.failed
}

// failure returns the failure for good, nil if there is none.
func (h *health) failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed
}

// hold begins the time in which an operation is tried again.
func (h *health) hold() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held++
}

// warn raises the alarm because an operation that is held still fails.
func (h *health) warn(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.raise(err)
}

// release ends the time of an operation.
func (h *health) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held--
	h.calm()
}

// stall raises the alarm if Pebble has been busy for longer than patience: what it waits for is an
// operation that failed with err.
func (h *health) stall(err error) {
	since := h.busy.Load()
	if since != 0 && time.Since(time.Unix(0, since)) >= h.patience {
		h.stallSince(since, err)
	}
}

// stallSince raises the alarm if Pebble is still busy with what it was given at since: an alarm about work that
// has ended meanwhile would be over only with the next, which it would refuse.
func (h *health) stallSince(since int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy.Load() == since {
		h.stalled = true
		h.raise(err)
	}
}

func (h *health) begin() { h.busy.Store(time.Now().UnixNano()) }

// end says that Pebble has finished what it was given.
func (h *health) end() {
	h.busy.Store(0)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stalled {
		h.stalled = false
		h.calm()
	}
}

// raise refuses Updates from now on and wakes those that wait. h.mu must be held.
func (h *health) raise(err error) {
	m := h.now.Load()
	select {
	case <-m.alarm:
	default:
		m.err = err
		close(m.alarm)
	}
}

// calm lets Updates run again if nothing speaks against it. h.mu must be held.
func (h *health) calm() {
	if h.failed == nil && h.held == 0 && !h.stalled && h.now.Load().refusal() != nil {
		h.now.Store(&mood{alarm: make(chan struct{})})
	}
}

// patiently returns what comes from done, and true. It waits while the disk does not fail; when that has failed
// for the patience, without being well in between, it returns why, and false.
func (h *health) patiently(done <-chan error) (_ error, in bool) {
	for {
		m := h.now.Load()
		select {
		case err := <-done:
			return err, true
		case <-m.alarm:
		}
		select {
		case err := <-done:
			return err, true
		case <-time.After(h.patience):
			if h.now.Load() == m {
				return m.refusal(), false
			}
		}
	}
}

// unavailable returns err as what a caller can tell from other errors: meta.ErrNoSpace if the disk is
// full, else meta.ErrUnavailable.
func unavailable(err error) error {
	switch {
	case err == nil, errors.Is(err, meta.ErrUnavailable), errors.Is(err, meta.ErrNoSpace):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %w", meta.ErrNoSpace, err)
	}
	return fmt.Errorf("%w: %w", meta.ErrUnavailable, err)
}
