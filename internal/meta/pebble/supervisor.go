package pebble

import (
	"context"
	"sync/atomic"

	"crossgrant/internal/meta"
)

// Engine is a meta.Engine in a folder. An Update that is called from within an Update waits for itself
// until its context ends; a View may be called from anywhere.
type Engine struct {
	// current is the instance that calls which begin now go to.
	current atomic.Pointer[instance]
}

var _ meta.Engine = (*Engine)(nil)

// Open opens the engine in the folder dir, making it (mode 0700) if there is none. What was committed
// before is durable when Open returns. The errors are ready for an operator: another process uses
// the folder, meta.ErrCorrupt, or what the file system said.
func Open(dir string, opts Options) (*Engine, error) {
	first, err := openInstance(dir, opts)
	if err != nil {
		return nil, err
	}
	e := &Engine{}
	e.current.Store(first)
	return e, nil
}

// View runs fn on the newest durable state.
func (e *Engine) View(ctx context.Context, fn func(meta.Reader) error) error {
	return e.current.Load().View(ctx, fn)
}

// Update runs fn and commits its writes. It never returns meta.ErrConflict. The end of ctx stops the
// wait for the turn, not the wait for the disk.
func (e *Engine) Update(ctx context.Context, fn func(tx meta.Tx) error) error {
	return e.current.Load().Update(ctx, fn)
}

// Close waits for running calls, syncs the log and releases the folder.
func (e *Engine) Close() error {
	return e.current.Load().Close()
}
