package pebble

import (
	"fmt"

	pebbledb "github.com/cockroachdb/pebble/v2"

	"crossgrant/internal/meta"
)

// commit is a batch that was appended to the log and is waiting for, or past, its sync.
type commit struct {
	batch *pebbledb.Batch
	// seq numbers the commits in the order of the log, from 1.
	seq uint64
	// snapshot is the state right after this batch.
	snapshot *pebbledb.Snapshot
	// done is closed when the sync is over and, if it succeeded, this state or a later one is what a
	// View reads. Commits become durable in the order of seq, so that the end of one is the end of
	// all before it.
	done chan struct{}
	err  error // set before done is closed
}

// durableCommit returns the commit that stands for what was there when the engine was opened.
func durableCommit() *commit {
	c := &commit{done: make(chan struct{})}
	close(c.done)
	return c
}

// wait waits until c and all before it are durable.
func (c *commit) wait() error {
	<-c.done
	return c.err
}

// append applies batch and puts it on its way to the disk. The caller holds the turn and must settle
// the commit after passing the turn on. An error means that the outcome is unknown.
func (e *instance) append(batch *pebbledb.Batch) (c *commit, err error) {
	defer func() {
		// Pebble panics, holding its commit lock, when the log failed under an earlier batch or when
		// a new log file cannot be made.
		if r := recover(); r != nil {
			c, err = nil, e.fail(asError(r), true)
		}
	}()
	// ApplyNoSyncWait also because of what Apply does with a sync that fails: it calls Logger.Fatalf
	// and, should that return, reports success.
	if err := e.db.ApplyNoSyncWait(batch, pebbledb.Sync); err != nil {
		return nil, fmt.Errorf("append to the log: %w", translate(err))
	}
	c = &commit{
		batch:    batch,
		seq:      e.last.seq + 1,
		snapshot: e.db.NewSnapshot(),
		done:     make(chan struct{}),
	}
	e.last = c
	return c, nil
}

// settle waits for the sync of c and publishes its state.
func (e *instance) settle(c *commit) error {
	defer close(c.done)
	if err := c.batch.SyncWait(); err != nil {
		c.err = e.fail(err, false)
		_ = c.snapshot.Close()
		return c.err
	}
	_ = c.batch.Close()
	e.publish(c)
	return nil
}

// fail records the first failure of the log, after which no Update runs, and returns it.
func (e *instance) fail(err error, wedged bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failed == nil {
		e.failed = fmt.Errorf("metadata log failed, restart to recover: %w", translate(err))
	}
	e.wedged = e.wedged || wedged
	return e.failed
}

// failure returns the failure of the log, nil while it works.
func (e *instance) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failed
}

// version is a durable state that Views share. The newest one has a reference of its own.
type version struct {
	seq      uint64
	snapshot *pebbledb.Snapshot
	refs     int // protected by instance.mu
}

// publish makes the state of c what Views read, unless a later one already is.
func (e *instance) publish(c *commit) {
	unused := c.snapshot
	e.mu.Lock()
	if old := e.durable; c.seq > old.seq {
		e.durable = &version{seq: c.seq, snapshot: c.snapshot, refs: 1}
		unused = old.drop()
	}
	e.mu.Unlock()
	closeSnapshot(unused)
}

// acquire counts a call as running and returns the version it reads, until release.
func (e *instance) acquire() (*version, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, meta.ErrClosed
	}
	e.running.Add(1)
	e.durable.refs++
	return e.durable, nil
}

func (e *instance) release(v *version) {
	e.mu.Lock()
	unused := v.drop()
	e.mu.Unlock()
	closeSnapshot(unused)
	e.running.Done()
}

// drop gives up one reference and returns the snapshot if that was the last. instance.mu must be held.
func (v *version) drop() *pebbledb.Snapshot {
	v.refs--
	if v.refs > 0 {
		return nil
	}
	return v.snapshot
}

// closeSnapshot closes s, which may be nil. It takes Pebble's lock, so it is not for the holder of
// instance.mu.
func closeSnapshot(s *pebbledb.Snapshot) {
	if s != nil {
		_ = s.Close() // always nil
	}
}
