package packs

import (
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// recoverBatch is how many blobs are asked about at once.
const recoverBatch = 1024

// Recover seals the packs that were left under open, with those of their blobs that are named, and then recovers the other
// store. What is under open since the store was opened is left alone.
func (s *Store) Recover(ctx context.Context, named blob.Named) error {
	if err := s.gate.Enter(ctx); err != nil {
		return err
	}
	err := s.recoverAll(ctx, named)
	s.gate.Leave()
	if err != nil {
		return fmt.Errorf("recover packs of blobs: %w", err)
	}
	return s.large.Recover(ctx, named)
}

func (s *Store) recoverAll(ctx context.Context, named blob.Named) error {
	s.removals.Lock() // nothing is sealed meanwhile, which would look like one that was left
	defer s.removals.Unlock()
	left, err := s.list(openDir)
	if err != nil {
		return err
	}
	for _, id := range left {
		s.mu.Lock()
		known := s.open[id] != nil
		s.mu.Unlock()
		if known {
			continue
		}
		if err := s.recoverPack(ctx, id, named); err != nil {
			return err
		}
	}
	return nil
}

// recoverPack seals a pack that was left under open. The crash may have come while it was sealed.
func (s *Store) recoverPack(ctx context.Context, id packID, named blob.Named) error {
	opened, err := s.fs.OpenReadWrite(s.openName(id), category)
	if err != nil {
		return err
	}
	f := newFile(opened)
	defer f.release()
	c, err := scan(f, id)
	if err != nil {
		return err
	}
	if c.blobs, err = keep(ctx, c.blobs, named); err != nil {
		return err
	}
	if err := zeroRest(f, c, c.blobs); err != nil {
		return err
	}
	if err := f.SyncData(); err != nil {
		return err
	}
	if c.empty() {
		err = s.removePack(id)
	} else {
		err = s.move(id)
	}
	if err != nil {
		return err
	}
	return disk.Remove(s.fs, s.openName(id))
}

// keep returns those of locations whose blobs are named.
func keep(ctx context.Context, locations []location, named blob.Named) ([]location, error) {
	var kept []location
	for len(locations) > 0 {
		some := locations[:min(len(locations), recoverBatch)]
		locations = locations[len(some):]
		ids := make([]blob.ID, len(some))
		for i, l := range some {
			ids[i] = l.id()
		}
		is, err := named(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("ask which blobs are named: %w", err)
		}
		for i, l := range some {
			if is[i] {
				kept = append(kept, l)
			}
		}
	}
	return kept, nil
}

// list returns the packs in a folder.
func (s *Store) list(folder string) ([]packID, error) {
	names, err := s.fs.List(s.dir + "/" + folder)
	if err != nil {
		return nil, fmt.Errorf("list packs of blobs: %w", err)
	}
	var ids []packID
	for _, name := range names {
		if id, ok := parsePack(name); ok {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Walk tells of the settled blobs in packs, and then of those of the other store. fn may call the store.
func (s *Store) Walk(ctx context.Context, fn func(id blob.ID, size int64) error) error {
	told := map[packID]bool{} // they may be sealed, and then be in a folder that is listed later
	for _, id := range s.openPacks() {
		told[id] = true
		if err := s.walkPack(ctx, id, fn); err != nil {
			return err
		}
	}
	for _, folder := range folders() {
		ids, err := s.list(folder)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if told[id] {
				continue
			}
			if err := s.walkPack(ctx, id, fn); err != nil {
				return err
			}
		}
	}
	return s.large.Walk(ctx, fn)
}

func (s *Store) openPacks() []packID {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []packID
	for id := range s.open {
		ids = append(ids, id)
	}
	return ids
}

// walkPack tells of the settled blobs of a pack. It removes one that is sealed and has none.
func (s *Store) walkPack(ctx context.Context, id packID, fn func(id blob.ID, size int64) error) error {
	s.mu.Lock()
	p := s.open[id] // which knows what is settled also when it is no longer there
	s.mu.Unlock()
	f, c, err := s.blobsOf(ctx, id)
	if errors.Is(err, errNoPack) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.release()
	for _, l := range c.blobs {
		there, err := s.isSettled(p, f, l)
		if err == nil && there {
			err = fn(l.id(), int64(l.size))
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

// blobsOf returns what a pack has, settled or not, and its file.
func (s *Store) blobsOf(ctx context.Context, id packID) (*file, *contents, error) {
	if err := s.gate.Enter(ctx); err != nil {
		return nil, nil, err
	}
	defer s.gate.Leave()
	f, err := s.forReading(id)
	if err != nil {
		return nil, nil, err
	}
	c, err := scan(f, id)
	if err == nil && c.empty() {
		err = s.removeEmpty(id)
	}
	if err != nil {
		f.release()
	}
	return f, c, err
}

// removeEmpty removes a pack, which has no blobs, if it is sealed, so that it will never have any.
func (s *Store) removeEmpty(id packID) error {
	s.removals.Lock()
	defer s.removals.Unlock()
	s.mu.Lock()
	open := s.open[id] != nil
	s.mu.Unlock()
	if open {
		return nil
	}
	f, err := s.forChange(id)
	if errors.Is(err, errNoPack) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.release()
	// Headers may have been removed by a delete that failed before its sync. Without a pack nobody would try it again.
	if err := f.SyncData(); err != nil {
		return err
	}
	return s.removePack(id)
}

// isSettled tells whether a blob that was found in p, which is nil if the pack is sealed, is settled, and not deleted since.
func (s *Store) isSettled(p *pack, f *file, l location) (bool, error) {
	s.mu.Lock()
	settled := (p == nil || p.waiting[l] == absent) && !s.going[l]
	s.mu.Unlock()
	if !settled {
		return false, nil
	}
	err := readHeader(f, l)
	if errors.Is(err, blob.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
