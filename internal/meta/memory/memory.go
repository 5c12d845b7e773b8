// Package memory is a metadata engine that keeps everything in memory and forgets it on Close. It is
// the engine of tests, and the plainest reading of the contract in package meta.
//
// The map is a copy-on-write B-tree: a reader holds a version of the tree that never changes, and one
// writer at a time changes its own version and publishes a copy. Since writers take turns, there are
// no conflicts.
package memory

import (
	"bytes"
	"context"
	"sync"

	"github.com/tidwall/btree"

	"crossgrant/internal/meta"
)

// entry is a key and its value; both are immutable once in a tree.
type entry struct {
	key, value []byte
}

type tree = btree.BTreeG[entry]

// Engine is a meta.Engine in memory. An Update that is called from within an Update waits for itself
// until its context ends; a View may be called from anywhere.
type Engine struct {
	// turn holds a token while an Update runs. It is a channel rather than a mutex so that an Update
	// can stop waiting when its context ends.
	turn chan struct{}
	// base is the newest version and belongs to the holder of turn. No reader sees it: making a copy
	// of a tree writes to the tree.
	base *tree

	mu        sync.Mutex // protects the fields below
	closed    bool
	published *tree // a copy of base that nobody writes to
	running   sync.WaitGroup
}

var _ meta.Engine = (*Engine)(nil)

// New returns an empty engine.
func New() *Engine {
	base := btree.NewBTreeGOptions(func(a, b entry) bool { return bytes.Compare(a.key, b.key) < 0 },
		btree.Options{NoLocks: true})
	return &Engine{turn: make(chan struct{}, 1), base: base, published: base.Copy()}
}

// View runs fn on the newest version.
func (e *Engine) View(ctx context.Context, fn func(meta.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	version, err := e.enter()
	if err != nil {
		return err
	}
	defer e.running.Done()
	return fn(reader{version})
}

// Update runs fn when no other Update runs. It never returns meta.ErrConflict.
func (e *Engine) Update(ctx context.Context, fn func(tx meta.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := e.enter(); err != nil {
		return err
	}
	defer e.running.Done()
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-e.turn }()

	t := tx{reader{e.base.Copy()}}
	if err := fn(t); err != nil {
		return err
	}
	e.base = t.tree
	published := t.tree.Copy()
	e.mu.Lock()
	e.published = published
	e.mu.Unlock()
	return nil
}

// Close waits for running calls and drops the data.
func (e *Engine) Close() error {
	e.mu.Lock()
	closed := e.closed
	e.closed = true
	e.mu.Unlock()
	if closed {
		return meta.ErrClosed
	}
	e.running.Wait()
	e.base, e.published = nil, nil
	return nil
}

// enter counts a call as running, until running.Done, and returns the version it may read.
func (e *Engine) enter() (*tree, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, meta.ErrClosed
	}
	e.running.Add(1)
	return e.published, nil
}
