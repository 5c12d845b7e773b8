package files

import (
	"context"
	"errors"
	"io"
	"os"

	"crossgrant/internal/blob"
)

var _ blob.Sized = (*Store)(nil)

// OpenWhole returns a reader of the blob, and its size.
func (s *Store) OpenWhole(ctx context.Context, id blob.ID) (io.ReadCloser, int64, error) {
	if err := s.begin(ctx, id); err != nil {
		return nil, 0, err
	}
	defer s.mu.RUnlock()
	f, err := os.Open(s.place(id))
	if err != nil {
		return nil, 0, translate(id, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(translate(id, err), f.Close())
	}
	return &reader{io.LimitedReader{R: f, N: info.Size()}, f, id}, info.Size(), nil
}
