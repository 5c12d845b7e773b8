package memory

import (
	"context"
	"io/fs"
	"maps"

	"crossgrant/internal/blob"
)

// Walk calls fn with each blob that is committed, and its size, in no order.
func (s *Store) Walk(ctx context.Context, fn func(id blob.ID, size int64) error) error {
	s.mu.Lock()
	all, closed := maps.Clone(s.blobs), s.closed
	s.mu.Unlock()
	if closed {
		return fs.ErrClosed
	}
	for id, data := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fn(id, int64(len(data))); err != nil {
			return err
		}
	}
	return nil
}
