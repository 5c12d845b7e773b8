package files

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// recoverBatch is how many blobs are asked about at once.
const recoverBatch = 1024

// Recover settles what is left in the folder new and named, and removes the rest. It lists no other folder. What is in
// it since the store was opened is left alone.
func (s *Store) Recover(ctx context.Context, named blob.Named) error {
	if err := s.gate.Enter(ctx); err != nil {
		return err
	}
	defer s.gate.Leave()
	ids, err := s.unknown()
	if err != nil {
		return err
	}
	for len(ids) > 0 {
		n := min(len(ids), recoverBatch)
		if err := s.recover(ctx, ids[:n], named); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// unknown returns the blobs in the folder new that were there before the store was opened. None is moved meanwhile,
// which would look like one of them.
func (s *Store) unknown() ([]blob.ID, error) {
	s.mover.batch.Lock()
	defer s.mover.batch.Unlock()
	ids, err := s.list(s.path(newDir))
	return slices.DeleteFunc(ids, func(id blob.ID) bool { e, _ := s.stageOf(id); return e != nil }), err
}

func (s *Store) recover(ctx context.Context, ids []blob.ID, named blob.Named) error {
	keep, err := named(ctx, ids)
	if err != nil {
		return fmt.Errorf("ask which blobs are named: %w", err)
	}
	for i, id := range ids {
		if !keep[i] {
			// If power loss brings it back it is found again.
			if err := disk.Remove(s.fs, s.new(id)); err != nil {
				return disk.Translate(id, err)
			}
			continue
		}
		if e := s.stage(id); e != nil {
			e.placed = true // the crash may have come half-way
			s.commit(id, e)
			s.Settle(id)
		}
	}
	return nil
}

// list returns the blobs that have a name in a folder.
func (s *Store) list(folder string) ([]blob.ID, error) {
	names, err := s.fs.List(folder)
	if err != nil {
		return nil, fmt.Errorf("list blobs: %w", err)
	}
	var ids []blob.ID
	for _, name := range names {
		if id := blob.ID(name); id.Check() == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Walk tells of the blobs in their places, and of those that are settled and were not yet moved. fn may call the
// store.
func (s *Store) Walk(ctx context.Context, fn func(id blob.ID, size int64) error) error {
	moving := s.settledBlobs()
	if err := s.tell(ctx, moving, fn); err != nil {
		return err
	}
	told := make(map[blob.ID]bool, len(moving)) // they may be moved to a place that is listed later
	for _, id := range moving {
		told[id] = true
	}
	for _, i := range disk.Digits {
		for _, d := range disk.Digits {
			if err := s.gate.Enter(ctx); err != nil {
				return err
			}
			ids, err := s.list(s.path(string(i) + "/" + string(d)))
			s.gate.Leave()
			if err != nil {
				return err
			}
			ids = slices.DeleteFunc(ids, func(id blob.ID) bool { return told[id] })
			if err := s.tell(ctx, ids, fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// settledBlobs returns the settled blobs under new.
func (s *Store) settledBlobs() []blob.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []blob.ID
	for id, e := range s.staged {
		if e.state == settled {
			ids = append(ids, id)
		}
	}
	return ids
}

// tell calls fn with blobs, but for those that were deleted.
func (s *Store) tell(ctx context.Context, ids []blob.ID, fn func(id blob.ID, size int64) error) error {
	for _, id := range ids {
		size, err := s.size(ctx, id)
		if errors.Is(err, blob.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := fn(id, size); err != nil {
			return err
		}
	}
	return nil
}

// size returns the size of a blob in bytes.
func (s *Store) size(ctx context.Context, id blob.ID) (size int64, err error) {
	if err := s.gate.Enter(ctx, id); err != nil {
		return 0, err
	}
	defer s.gate.Leave()
	err = s.find(id, func(name string) error {
		info, err := s.fs.Stat(name)
		if err == nil {
			size = info.Size()
		}
		return err
	})
	if err != nil {
		return 0, disk.Translate(id, err)
	}
	return size, nil
}
