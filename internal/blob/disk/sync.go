package disk

import "sync"

// SharedSync runs one sync for all who ask at the same time.
type SharedSync struct {
	// Sync is what makes durable what was done before it began.
	Sync func() error
	// turn is held while sync runs.
	turn sync.Mutex

	mu sync.Mutex // protects next
	// next is the sync that has not begun, for which those who come now wait; nil if nobody waits.
	next *round
}

// round is one sync.
type round struct {
	done chan struct{}
	err  error // set before done is closed
}

// Wait returns when a sync has ended that began after the call.
func (f *SharedSync) Wait() error {
	r, first := f.join()
	if !first {
		<-r.done
		return r.err
	}
	defer close(r.done)
	f.turn.Lock()
	defer f.turn.Unlock()
	f.mu.Lock()
	f.next = nil // who comes from now on is not covered
	f.mu.Unlock()
	r.err = f.Sync()
	return r.err
}

// join returns the round to wait for, and whether the caller is the first in it, who runs it.
func (f *SharedSync) join() (_ *round, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next != nil {
		return f.next, false
	}
	f.next = &round{done: make(chan struct{})}
	return f.next, true
}
