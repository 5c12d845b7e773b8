package files

import (
	"context"
	"errors"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// Delete removes blobs, and syncs the folders of their places: the caller forgets that there was something to
// delete when Delete has returned, so that nobody would find a file that power loss brought back there.
func (s *Store) Delete(ctx context.Context, ids ...blob.ID) error {
	if err := s.gate.Enter(ctx, ids...); err != nil {
		return err
	}
	defer s.gate.Leave()
	var failed []error
	folders := map[string]bool{}
	for _, id := range ids {
		placed, err := s.remove(id)
		if err != nil {
			failed = append(failed, disk.Translate(id, err))
		}
		if placed {
			folders[s.folder(id)] = true
		}
	}
	for folder := range folders {
		if err := disk.SyncDir(s.fs, folder); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// remove removes the names of a blob. It tells whether it may have had one in its place: also if there is none now,
// since the sync of an earlier attempt may have failed.
func (s *Store) remove(id blob.ID) (placed bool, err error) {
	for {
		e, state := s.stageOf(id)
		if e == nil {
			return true, disk.Remove(s.fs, s.place(id))
		}
		if placed, done, err := s.removeStaged(id, e, state); done || err != nil {
			return placed, err
		}
	}
}

// removeStaged removes the names of a blob that has one under new. It does nothing, and done is false, if the blob is
// in another state meanwhile.
func (s *Store) removeStaged(id blob.ID, e *entry, in state) (placed, done bool, err error) {
	if in == settled { // it must not be given a name while those that it has are removed
		s.mover.batch.Lock()
		defer s.mover.batch.Unlock()
	}
	if !s.end(id, e, in) {
		return false, in == ended, nil // who ended it removes it
	}
	if err = disk.Remove(s.fs, s.new(id)); err == nil && e.placed { // the mover failed half-way
		placed, err = true, disk.Remove(s.fs, s.place(id))
	}
	if err != nil {
		s.revive(e, in)
		return placed, true, err
	}
	s.unstage(id, e)
	return placed, true, nil
}
