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
	f, size, err := s.open(id)
	if err != nil {
		return nil, 0, err
	}
	return &reader{file: f, id: id, left: size}, size, nil
}

// open opens the file of a blob, and returns its size.
func (s *Store) open(id blob.ID) (vfs.File, int64, error) {
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
	return f, info.Size(), nil
}
