package objects

import (
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// ErrNotShared says that the blob store is not one that servers share, which leaves no orphans.
var ErrNotShared = errors.New("objects: the blob store is not shared")

// SweepOrphans has a blob store that servers share delete what servers that ended have left. One server at a time does it, now and
// then. What is garbage is not touched: the sweeper deletes it in its own time, since readers and backups may need it. A blob counts as
// named by its entry under keys.Blob, which those written by format 3 and before lack: a store that holds such blobs must not be shared.
func (s *Service) SweepOrphans(ctx context.Context) (blob.Swept, error) {
	shared, ok := s.blobs.(blob.Sweeper)
	if !ok {
		return blob.Swept{}, ErrNotShared
	}
	swept, err := shared.SweepOrphans(ctx, s.accounted)
	if err != nil {
		return swept, fmt.Errorf("sweep orphans: %w", err)
	}
	return swept, nil
}

// accounted tells which of ids a record names, or are garbage, or are being written by a program of format 3 or before.
func (s *Service) accounted(ctx context.Context, ids []blob.ID) (known []bool, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		want := make([][]byte, 0, 3*len(ids))
		for _, id := range ids {
			want = append(want, keys.Blob(string(id)), keys.Garbage(string(id)), keys.Writing(string(id)))
		}
		got, err := r.GetMany(want)
		if err != nil {
			return err
		}
		known = make([]bool, len(ids))
		for i, value := range got {
			known[i/3] = known[i/3] || value != nil
		}
		return nil
	})
	return known, err
}
