package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"crossgrant/internal/blob"
)

// Walk calls fn with each blob that is committed when Walk is called, and its stored size in bytes, in no order.
// Blobs that are committed or deleted meanwhile may or may not be among them.
func (s *Store) Walk(ctx context.Context, fn func(id blob.ID, size int64) error) error {
	for _, i := range digits {
		for _, d := range digits {
			if err := s.walkFolder(ctx, string(i)+string(d), fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// walkFolder calls fn with the blobs whose IDs begin with two digits.
func (s *Store) walkFolder(ctx context.Context, digits string, fn func(id blob.ID, size int64) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, digits[:1], digits[1:]))
	if err != nil {
		return fmt.Errorf("list blobs: %w", err)
	}
	for _, e := range entries {
		id := blob.ID(e.Name())
		if id.Check() != nil || e.Name()[:2] != digits {
			continue // it is not a blob, and nobody finds it as one
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("list blobs: %w", err)
		}
		if err := fn(id, info.Size()); err != nil {
			return err
		}
	}
	return nil
}
