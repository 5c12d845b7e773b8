package memory

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"crossgrant/internal/blob"
)

var _ blob.Sized = (*Store)(nil)

// OpenWhole returns a reader of the blob, and its size.
func (s *Store) OpenWhole(ctx context.Context, id blob.ID) (io.ReadCloser, int64, error) {
	if err := s.enter(ctx, id); err != nil {
		return nil, 0, err
	}
	defer s.mu.Unlock()
	data, ok := s.blobs[id]
	if !ok {
		return nil, 0, fmt.Errorf("open blob %s: %w", id, blob.ErrNotFound)
	}
	return reader{bytes.NewReader(data)}, int64(len(data)), nil
}
