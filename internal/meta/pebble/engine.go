// Package pebble is the embedded metadata engine: a log-structured merge tree in one folder, kept by
// one process.
//
// # Transactions
//
// Updates take turns: fn runs alone, on an indexed batch over the newest state, so any history is
// serializable and there are no conflicts. Its batch is then appended to the write-ahead log, and
// only the wait for the disk happens after the turn has passed on, so that Updates that run at the
// same time share one sync (group commit).
//
// # What a reader may see
//
// Between the append and the end of the sync a write exists in memory only. The next Update sees it,
// as it must to be serializable; that is safe, because a log is durable from its start: if the later
// write survives a power cut, so does what it was based on. But nothing may leave the engine that a
// power cut could still take back. So
//
//   - a View reads the newest state known to be durable, as a snapshot made right after an append and
//     published when the sync that covers it ends. A View therefore never waits for the disk, and
//     still sees every Update that returned before it began;
//   - an Update that ends without writing, because fn failed or only read, waits for the sync of the
//     last append if that is not over.
//
// # Failure
//
// When the log cannot be written or synced, nobody knows what is on the disk, and a second sync that
// succeeds would prove nothing. The engine then refuses every further Update until the folder is opened
// again; Views go on, on the last durable state. Two failures end the process instead, which loses
// nothing that was acknowledged: one that Pebble meets in the background and declares fatal (such as a
// manifest that cannot be written), and one to close a full log file or to make the next, from which
// Pebble panics in a way that nobody can recover.
package pebble

import (
	"context"
	"fmt"
	"sync"

	pebbledb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

// Engine is a meta.Engine in a folder. An Update that is called from within an Update waits for itself
// until its context ends; a View may be called from anywhere.
type Engine struct {
	db    *pebbledb.DB
	lock  *pebbledb.Lock
	files vfs.FS // with the folder dir
	dir   string

	// turn holds a token while fn of an Update runs and its batch is appended. It is a channel rather
	// than a mutex so that an Update can stop waiting when its context ends.
	turn chan struct{}
	// last is the newest commit appended to the log; it belongs to the holder of turn.
	last *commit
	// hot is what Updates read over and over; it belongs to the holder of turn.
	hot *hot

	mu      sync.Mutex // protects the fields below
	closed  bool
	running sync.WaitGroup // calls that entered before closed was set
	durable *version       // what a View that begins now reads
	failed  error          // the first failure of the log, nil while it works
	wedged  bool           // Pebble panicked in an append and may still hold its locks
}

var _ meta.Engine = (*Engine)(nil)

// Open opens the engine in the folder dir, making it (mode 0700) if there is none. What was committed
// before is durable when Open returns. The errors are ready for an operator: another process uses
// the folder, meta.ErrCorrupt, or what the file system said.
func Open(dir string, opts Options) (_ *Engine, err error) {
	e := &Engine{turn: make(chan struct{}, 1), last: durableCommit(), hot: newHot()}
	config := opts.config(e)
	e.files, e.dir = config.FS, dir
	if err := makeDir(config.FS, dir); err != nil {
		return nil, fmt.Errorf("make metadata folder: %w", err)
	}
	if e.lock, err = lockDir(config.FS, dir); err != nil {
		return nil, err
	}
	config.Lock = e.lock
	if e.db, err = openDB(dir, config); err != nil {
		_ = e.lock.Close()
		return nil, fmt.Errorf("open metadata folder %s: %w", dir, translate(err))
	}
	e.durable = &version{snapshot: e.db.NewSnapshot(), refs: 1}
	return e, nil
}

// openDB opens the database, making it if there is none, and returns what Pebble calls fatal as an
// error.
func openDB(dir string, config *pebbledb.Options) (db *pebbledb.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, asError(r)
		}
	}()
	if err := checkBefore(config.FS, dir); err != nil {
		return nil, err
	}
	if err := forgetSums(config.FS, dir); err != nil {
		return nil, err
	}
	found, err := pebbledb.Peek(dir, config.FS)
	if err != nil {
		return nil, err
	}
	if !found.Exists {
		// Pebble makes a database in its oldest format and upgrades it, which leaves the first log in
		// the format where damage in the middle looks like the end. It is replaced before it is used.
		first, err := pebbledb.Open(dir, config)
		if err != nil {
			return nil, err
		}
		if err := first.Close(); err != nil {
			return nil, err
		}
	}
	return pebbledb.Open(dir, config)
}

// View runs fn on the newest durable state.
func (e *Engine) View(ctx context.Context, fn func(meta.Reader) error) error {
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

// Update runs fn and commits its writes. It never returns meta.ErrConflict. The end of ctx stops the
// wait for the turn, not the wait for the disk.
func (e *Engine) Update(ctx context.Context, fn func(tx meta.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer e.running.Done()
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	own, seen, err := e.transact(ctx, fn)
	if own != nil {
		return e.settle(own)
	}
	if lost := seen.wait(); lost != nil {
		return lost // whatever fn concluded, it read what may not be there
	}
	return err
}

// transact runs fn and appends its batch, then passes the turn on. It returns the commit of the batch
// if there is one, to be settled; and the newest commit that fn saw.
func (e *Engine) transact(ctx context.Context, fn func(tx meta.Tx) error) (own, seen *commit, err error) {
	defer func() { <-e.turn }()
	seen = e.last
	if err := e.failure(); err != nil {
		return nil, seen, err
	}
	batch := e.db.NewIndexedBatch()
	appended := false
	defer func() {
		if !appended {
			_ = batch.Close()
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
	appended = true
	own, err = e.append(batch)
	return own, seen, err
}

// Close waits for running calls, syncs the log and releases the folder.
func (e *Engine) Close() error {
	e.mu.Lock()
	closed := e.closed
	e.closed = true
	e.mu.Unlock()
	if closed {
		return meta.ErrClosed
	}
	e.running.Wait()
	if e.wedged {
		// Closing the database would wait for the locks that Pebble died with. The end of the
		// process releases the folder.
		return e.failed
	}
	_ = e.durable.snapshot.Close()
	err := e.db.Close()
	if err == nil {
		// Without them, or with half of them, the folder is verified as after a crash.
		_ = writeSums(e.files, e.dir)
	}
	if lockErr := e.lock.Close(); err == nil {
		err = lockErr
	}
	if err != nil {
		return fmt.Errorf("close metadata: %w", translate(err))
	}
	return nil
}

// enter counts a call as running, until running.Done.
func (e *Engine) enter() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return meta.ErrClosed
	}
	e.running.Add(1)
	return nil
}
