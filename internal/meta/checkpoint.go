package meta

import (
	"context"
	"errors"
)

// ErrNoCheckpoint says that an engine keeps nothing that could be copied as files.
var ErrNoCheckpoint = errors.New("meta: the engine makes no checkpoints")

// Checkpointer is an Engine that can make a copy of itself as files while it is used.
type Checkpointer interface {
	Engine
	// Checkpoint makes the folder dir, which must not exist, and in it files, none in a folder below, from
	// which the engine opens in one state that it was in: every Update that returned before Checkpoint was
	// called is in it, and with any Update all that were committed before. An Update that was under way may be
	// in it. The files are durable. Those that are the same in two checkpoints of one engine may be links to one file, so
	// that nobody may write to them; with their names, sizes and times of modification, they are the same file.
	// If it fails, there is no dir. No other call waits for it.
	Checkpoint(ctx context.Context, dir string) error
}

// Checkpoint is that of the engine, or ErrNoCheckpoint.
func (s *Store) Checkpoint(ctx context.Context, dir string) error {
	c, ok := s.engine.(Checkpointer)
	if !ok {
		return ErrNoCheckpoint
	}
	return c.Checkpoint(ctx, dir)
}
