package pebble

import (
	"errors"
	"fmt"
	"time"

	pebbledb "github.com/cockroachdb/pebble/v2"
)

// openInstance opens the folder dir, whose lock the caller holds, on a fence of its own. It gives up when
// the instance has failed before it was open; the goroutine that opens is then left behind. It also
// gives up when that takes longer than the patience because the disk fails, unless wait is set: then it
// waits until stop.
func openInstance(dir string, opts Options, cache *pebbledb.Cache, wait bool, stop <-chan struct{}) (*instance, error) {
	e := &instance{
		health: newHealth(opts.patience), unsettled: func() {},
		turn: make(chan struct{}, 1), last: durableCommit(), hot: newHot(),
		toApply: make(chan *commit, 1), toSync: make(chan *commit, 64), ended: make(chan struct{}),
		unused: newSnapshots(),
	}
	log := opts.logger(e.health)
	e.fence = newFence(opts.FS, e.health, log.background)
	config := opts.config(e.fence, log)
	config.Cache = cache
	config.FileCache = opts.fileCache()
	opened := make(chan error, 1)
	e.health.begin()
	m := e.health.now.Load()
	go func() {
		var err error
		e.db, err = guarded(func() (*pebbledb.DB, error) { return openDB(dir, config) })
		opened <- err
	}()
	alarm := m.alarm
	if wait {
		alarm = nil
	}
	var err error
	select {
	case err = <-opened:
	case <-e.health.dead:
		// The failure may be what opening ends in, or what keeps it from ending.
		select {
		case err = <-opened:
		case <-time.After(opts.patience):
			err = e.health.failure()
		}
		err = errors.Join(err, e.health.failure())
	case <-alarm:
		err = m.refusal()
	case <-stop:
		err = errRetired
	}
	if err != nil {
		e.fence.Shut()
		e.fence.CloseFiles()
		return nil, fmt.Errorf("open metadata folder %s: %w", dir, translate(err))
	}
	e.health.end()
	e.durable = &version{snapshot: e.db.NewSnapshot(), refs: 1}
	go e.applyAll()
	go e.syncAll()
	go e.unused.closeAll()
	return e, nil
}

// guarded returns what open does, and what Pebble calls fatal as an error.
func guarded(open func() (*pebbledb.DB, error)) (db *pebbledb.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, asError(r)
		}
	}()
	return open()
}

// openDB opens the database, making it if there is none.
func openDB(dir string, config *pebbledb.Options) (db *pebbledb.DB, err error) {
	defer config.FileCache.Unref() // the database has a reference of its own
	found, err := pebbledb.Peek(dir, config.FS)
	if err != nil {
		return nil, err
	}
	if found.Exists {
		if err := checkBefore(config.FS, dir, config.FS.PathBase(found.ManifestFilename)); err != nil {
			return nil, err
		}
	}
	if err := forgetSums(config.FS, dir); err != nil {
		return nil, err
	}
	if !found.Exists {
		// Pebble makes a database in its oldest format and upgrades it, which leaves the first log in
		// the format where damage in the middle looks like the end. It is replaced before it is used.
		config.Experimental.CompactionScheduler = newScheduler()
		first, err := pebbledb.Open(dir, config)
		if err != nil {
			return nil, err
		}
		if err := first.Close(); err != nil {
			return nil, err
		}
	}
	compactions := newScheduler()
	config.Experimental.CompactionScheduler = compactions
	if db, err = pebbledb.Open(dir, config); err == nil {
		compactions.Start()
	}
	return db, err
}

// retire lets calls that begin now return over. Before the first does, next is called.
func (e *instance) retire(over error, next func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = over
	next()
}

// shutDown waits for the calls that run on a retired instance and closes what it uses; for that it waits
// while the disk does not fail, or for the patience if it does. It reports whether that came to an end; if not, what Pebble holds is lost.
func (e *instance) shutDown() (ended bool, err error) {
	e.running.Wait()
	closed := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				closed <- asError(r)
			}
		}()
		close(e.toApply)
		<-e.ended
		e.background.Wait()
		e.fence.setClosing()
		e.unused.add(e.durable.snapshot)
		e.unused.end()
		closed <- e.db.Close()
	}()
	err, in := e.health.patiently(closed)
	ended = in && e.health.parked.Load() == 0
	e.fence.Shut()
	e.fence.CloseFiles()
	return ended, err
}
