package files

import (
	"context"
	"errors"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
)

var _ blob.Sized = (*Store)(nil)

// OpenWhole returns a reader of the blob, and its size.
func (s *Store) OpenWhole(ctx context.Context, id blob.ID) (io.ReadCloser, int64, error) {
	if err := s.begin(ctx, id); err != nil {
		return nil, 0, err
	}
	defer s.calls.RUnlock()
	var f vfs.File
	err := s.find(id, func(name string) (err error) {
		f, err = s.fs.Open(name)
		return err
	})
	if err != nil {
		return nil, 0, translate(id, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(translate(id, err), f.Close())
	}
	return &reader{file: f, id: id, left: info.Size()}, info.Size(), nil
}
