package pebble

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	pebbledb "github.com/cockroachdb/pebble/v2"
)

// commit is a batch that is on its way into the log and to the disk, or past it.
type commit struct {
	batch *pebbledb.Batch
	// flushed is given, and no batch, to have the memory table written out, and closed when it is.
	flushed chan struct{}
	// seq numbers the commits in the order of the log, from 1.
	seq uint64
	// snapshot is the state right after this batch.
	snapshot *pebbledb.Snapshot
	// done is closed when the sync is over and, if it succeeded, this state or a later one is what a
	// View reads. Commits become durable in the order of seq, so that the end of one is the end of
	// all before it.
	done chan struct{}
	err  error // set before done is closed
	// claimed is set by whoever is first: the end of the sync, or an Update that returns before it.
	claimed atomic.Bool
}

// durableCommit returns the commit that stands for what was there when the folder was opened.
func durableCommit() *commit {
	c := &commit{done: make(chan struct{})}
	close(c.done)
	return c
}

// durable waits until c and all before it are durable, or until the alarm of m.
func (c *commit) durable(m *mood) error {
	select {
	case <-c.done:
		return c.err
	case <-m.alarm:
		return m.refusal()
	}
}

// wait is durable for the Update whose commit c is. An error means that the outcome is unknown.
func (c *commit) wait(m *mood) error {
	err := c.durable(m)
	if err == nil || c.claimed.CompareAndSwap(false, true) {
		return err
	}
	<-c.done // it ended at the same time
	return c.err
}

// append puts c on its way to the disk. The caller holds the turn, which passes on when Pebble has taken the batch.
func (e *instance) append(c *commit) {
	c.seq, c.done = e.last.seq+1, make(chan struct{})
	e.toApply <- c
}

// applyAll applies what comes, and passes on the turn of who appended it, until toApply is closed.
func (e *instance) applyAll() {
	defer close(e.toSync)
	for c := range e.toApply {
		if err := e.apply(c); err != nil {
			e.end(c, err)
		} else {
			e.toSync <- c
		}
		e.last = c
		<-e.turn
	}
}

// apply gives a batch to Pebble unless the log has failed: Pebble would panic and keep its commit lock.
func (e *instance) apply(c *commit) (err error) {
	defer func() {
		if r := recover(); r != nil { // a batch that Pebble cannot take: its commit lock is lost
			e.health.parked.Add(1)
			err = e.health.fail(asError(r))
		}
	}()
	select {
	case e.fence.gate <- struct{}{}:
		defer func() { <-e.fence.gate }()
	case <-e.health.dead:
	}
	if err := e.health.failure(); err != nil {
		if c.batch != nil {
			_ = c.batch.Close()
		}
		return err
	}
	e.health.begin()
	defer e.health.end()
	if c.batch == nil {
		return e.startFlush(c)
	}
	// ApplyNoSyncWait also because of what Apply does with a sync that fails: it calls Logger.Fatalf
	// and, should that return, reports success.
	if err := e.db.ApplyNoSyncWait(c.batch, pebbledb.Sync); err != nil {
		return e.health.fail(fmt.Errorf("append to the log: %w", translate(err)))
	}
	if err := e.health.failure(); err != nil {
		return err // Pebble may have reported success after a fatal error
	}
	c.snapshot = e.db.NewSnapshot()
	return nil
}

// startFlush has the memory table written out, in the background.
func (e *instance) startFlush(c *commit) error {
	done, err := e.db.AsyncFlush()
	if err != nil {
		return err
	}
	e.background.Go(func() {
		select {
		case <-done:
			close(c.flushed)
		case <-e.health.dead:
		}
	})
	return nil
}

// syncAll waits for the syncs of what was applied and publishes it, until toSync is closed.
func (e *instance) syncAll() {
	defer close(e.ended)
	for c := range e.toSync {
		if c.batch == nil {
			e.end(c, nil)
			continue
		}
		if err := c.batch.SyncWait(); err != nil {
			e.unused.add(c.snapshot)
			e.end(c, e.health.fail(fmt.Errorf("sync the log: %w", translate(err))))
			continue
		}
		_ = c.batch.Close()
		e.publish(c)
		e.end(c, nil)
	}
}

// end tells whoever waits for c.
func (e *instance) end(c *commit, err error) {
	c.err = unavailable(err)
	if !c.claimed.CompareAndSwap(false, true) && err == nil {
		e.unsettled()
	}
	close(c.done)
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
	e.unused.add(unused)
}

// acquire counts a call as running and returns the version it reads, until release.
func (e *instance) acquire() (*version, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over != nil {
		return nil, e.over
	}
	e.running.Add(1)
	e.durable.refs++
	return e.durable, nil
}

func (e *instance) release(v *version) {
	e.mu.Lock()
	unused := v.drop()
	e.mu.Unlock()
	e.unused.add(unused)
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

// snapshots are those that nobody reads any more. Closing one may start a compaction, and for that waits while
// the manifest is written, which a disk that fails may keep up for as long as it likes: no caller may
// wait for that.
type snapshots struct {
	mu    sync.Mutex // protects list
	list  []*pebbledb.Snapshot
	some  chan struct{} // holds a token when list may not be empty
	ended chan struct{} // closed when all are closed, after end
}

func newSnapshots() *snapshots {
	return &snapshots{some: make(chan struct{}, 1), ended: make(chan struct{})}
}

// add puts s, which may be nil, among them.
func (u *snapshots) add(s *pebbledb.Snapshot) {
	if s == nil {
		return
	}
	u.mu.Lock()
	u.list = append(u.list, s)
	u.mu.Unlock()
	select {
	case u.some <- struct{}{}:
	default:
	}
}

// closeAll closes what is added, until end: the latest first, for Pebble looks for what to compact whenever the earliest
// one that is open is closed.
func (u *snapshots) closeAll() {
	defer close(u.ended)
	for range u.some {
		u.mu.Lock()
		list := u.list
		u.list = nil
		u.mu.Unlock()
		for _, s := range slices.Backward(list) {
			_ = s.Close() // always nil
		}
	}
}

// end waits until all are closed. Nothing is added any more.
func (u *snapshots) end() {
	close(u.some)
	<-u.ended
}
