package pebble

import (
	"context"
	"fmt"
	"sync"

	pebbledb "github.com/cockroachdb/pebble/v2"

	"crossgrant/internal/meta"
)

// errRetired says that another instance has taken the place of the one that was asked.
var errRetired = fmt.Errorf("retired: %w", meta.ErrClosed)

// instance is one opening of the folder: the database, and the transactions on it, until it fails.
type instance struct {
	db     *pebbledb.DB
	fence  *fence
	health *health
	// unsettled is called when a commit becomes visible whose Update had to return before its outcome was
	// known.
	unsettled func()
	space     *reserve

	// turn holds a token while fn of an Update runs and its batch is appended. It is a channel rather
	// than a mutex so that an Update can stop waiting, and need not pass it on itself.
	turn chan struct{}
	// last is the newest commit appended to the log; it belongs to the holder of turn.
	last *commit
	// toApply receives the commit of the holder of turn, and with it the turn: Pebble may keep the
	// goroutine that appends for as long as the disk fails. toSync receives the commits that were
	// applied, in order. ended is closed after the last.
	toApply chan *commit
	toSync  chan *commit
	ended   chan struct{}
	unused  *snapshots
	// background is what nobody waits for while the disk fails.
	background sync.WaitGroup
	// hot is what Updates read over and over; it belongs to the holder of turn.
	hot *hot

	mu      sync.Mutex     // protects the fields below
	over    error          // what calls that begin now return
	running sync.WaitGroup // calls that entered before over was set
	durable *version       // what a View that begins now reads
}

// View runs fn on the newest durable state.
func (e *instance) View(ctx context.Context, fn func(meta.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v, err := e.acquire()
	if err != nil {
		return err
	}
	defer e.release(v)
	return fn(reader{v.snapshot})
}

// Update runs fn and commits its writes.
func (e *instance) Update(ctx context.Context, fn func(tx meta.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer e.running.Done()
	m := e.health.now.Load()
	if err := m.refusal(); err != nil {
		return err
	}
	if err := e.takeTurn(ctx, m); err != nil {
		return err
	}
	own, seen, err := e.transact(ctx, fn)
	if own != nil {
		return own.wait(m)
	}
	if lost := seen.durable(m); lost != nil {
		return lost // whatever fn concluded, it read what may not be there
	}
	return err
}

// takeTurn waits for the turn.
func (e *instance) takeTurn(ctx context.Context, m *mood) error {
	select {
	case e.turn <- struct{}{}:
		return nil
	case <-m.alarm:
		return m.refusal()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// transact runs fn and appends its batch, with which the turn passes on; if there is nothing to append, it
// passes the turn on itself. It returns the commit of the batch if there is one, to be waited for; and
// the newest commit that fn saw.
func (e *instance) transact(ctx context.Context, fn func(tx meta.Tx) error) (own, seen *commit, err error) {
	seen = e.last
	batch := e.db.NewIndexedBatch()
	appended := false
	defer func() {
		if !appended {
			_ = batch.Close()
			<-e.turn
		}
	}()
	if err := fn(tx{reader{batch}, batch, e.hot}); err != nil {
		return nil, seen, err
	}
	if batch.Empty() {
		return nil, seen, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, seen, err
	}
	if !meta.IsFreeing(ctx) {
		if err := e.space.check(); err != nil {
			return nil, seen, err
		}
	}
	appended = true
	own = &commit{batch: batch}
	e.append(own)
	return own, seen, nil
}

// enter counts a call as running, until running.Done.
func (e *instance) enter() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over != nil {
		return e.over
	}
	e.running.Add(1)
	return nil
}
