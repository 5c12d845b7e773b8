package pebble

import (
	"context"
	"errors"
	"fmt"

	pebbledb "github.com/cockroachdb/pebble/v2"

	"crossgrant/internal/meta"
)

var _ meta.Checkpointer = (*Engine)(nil)

// Checkpoint makes dir a copy of the metadata. Tables, which are never written again, are linked where the file
// system can; the rest is copied.
//
// The memory table is written out first, so that little of the copy is log: a log is different in each
// checkpoint, and is read into memory by who opens it. What is in the log was synced if its Update returned,
// so that no sync is needed here; what is not yet synced may be in the copy, as that of an Update under way.
func (e *Engine) Checkpoint(ctx context.Context, dir string) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	return e.with(func(in *instance) error {
		if err := in.flush(ctx); err != nil {
			return fmt.Errorf("write out the memory table: %w", err)
		}
		if err := in.checkpoint(dir); err != nil {
			return fmt.Errorf("make checkpoint: %w", translate(err))
		}
		return nil
	})
}

// flush writes out the memory table, and waits for it until ctx ends or the disk fails.
func (e *instance) flush(ctx context.Context) error {
	m := e.health.now.Load()
	if err := e.takeTurn(ctx, m); err != nil {
		return err
	}
	c := &commit{flushed: make(chan struct{})}
	e.append(c)
	if err := c.wait(m); err != nil {
		return err
	}
	select {
	case <-c.flushed:
		return nil
	case <-m.alarm:
		return m.refusal()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// checkpoint makes the copy. It waits for the manifest, so that it is left behind if the disk fails.
func (e *instance) checkpoint(dir string) error {
	m := e.health.now.Load()
	done := make(chan error, 1)
	e.background.Go(func() { done <- e.db.Checkpoint(dir) })
	select {
	case err := <-done:
		return err
	case <-m.alarm:
		return m.refusal()
	}
}

// Snapshot reads the metadata of a folder that nobody writes to. It is a checkpoint, or a copy of one.
type Snapshot struct {
	db   *pebbledb.DB
	lock *pebbledb.Lock
}

// snapshotCache is the cache of a Snapshot in bytes: it is read once, from beginning to end.
const snapshotCache = 4 << 20

// OpenSnapshot opens the metadata in the folder dir for reading. No file of it is changed; the lock file is made if it is
// missing. The cache is small.
func OpenSnapshot(dir string, opts Options) (*Snapshot, error) {
	opts.CacheBytes = snapshotCache
	opts = opts.withDefaults()
	config := opts.config(opts.FS, opts.logger(newHealth(opts.patience)))
	config.CacheSize = opts.CacheBytes
	lock, err := lockDir(config.FS, dir)
	if err != nil {
		return nil, err
	}
	config.ReadOnly, config.Lock = true, lock
	config.FileCache = opts.fileCache()
	defer config.FileCache.Unref() // the database has a reference of its own
	db, err := guarded(func() (*pebbledb.DB, error) { return pebbledb.Open(dir, config) })
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open metadata folder %s: %w", dir, translate(err)), lock.Close())
	}
	return &Snapshot{db, lock}, nil
}

// View runs fn on the metadata.
func (s *Snapshot) View(ctx context.Context, fn func(meta.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return fn(reader{s.db})
}

// Close releases the folder.
func (s *Snapshot) Close() error { return errors.Join(s.db.Close(), s.lock.Close()) }
