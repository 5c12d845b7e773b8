package blob

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed says that a store was closed.
var ErrClosed = errors.New("blob: store is closed")

// Gate is what the calls of a store go through, so that its Close can wait for those that run. The zero value is open.
type Gate struct {
	calls sync.RWMutex // held for reading while a call runs, for writing by Close
	// closed is protected by calls.
	closed bool
}

// Enter checks that a call about these blobs may run. If it returns nil Leave has to follow.
func (g *Gate) Enter(ctx context.Context, ids ...ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, id := range ids {
		if err := id.Check(); err != nil {
			return err
		}
	}
	g.calls.RLock()
	if g.closed {
		g.calls.RUnlock()
		return ErrClosed
	}
	return nil
}

// Leave ends a call.
func (g *Gate) Leave() { g.calls.RUnlock() }

// Close waits for the calls that run, and lets no more in. It tells whether the gate was open.
func (g *Gate) Close() bool {
	g.calls.Lock()
	defer g.calls.Unlock()
	open := !g.closed
	g.closed = true
	return open
}
