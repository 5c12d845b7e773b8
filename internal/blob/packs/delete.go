package packs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// Delete removes blobs, and syncs the packs that they were in, also if they were not there: the sync of an earlier attempt
// may have failed.
func (s *Store) Delete(ctx context.Context, ids ...blob.ID) error {
	if err := s.gate.Enter(ctx, ids...); err != nil {
		return err
	}
	others, err := s.deleteAll(ids)
	s.gate.Leave()
	if len(others) > 0 {
		err = errors.Join(err, s.large.Delete(ctx, others...))
	}
	return err
}

// deleteAll deletes those in packs, and returns the others.
func (s *Store) deleteAll(ids []blob.ID) (others []blob.ID, err error) {
	byPack := map[packID][]location{}
	for _, id := range ids {
		if l := locate(id); !s.stop(l) {
			byPack[l.pack] = append(byPack[l.pack], l)
		}
	}
	var failed []error
	for id, locations := range byPack {
		err := s.deleteFrom(id, locations)
		if errors.Is(err, errNoPack) {
			for _, l := range locations {
				others = append(others, l.id())
			}
		} else if err != nil {
			failed = append(failed, fmt.Errorf("delete %d blobs from pack %s: %w", len(locations), id.name(), err))
		}
	}
	return others, errors.Join(failed...)
}

// stop deletes a blob that is being written, and tells whether it is. Its writer removes what there is. What was not
// committed has no header that was told to be durable.
func (s *Store) stop(l location) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.open[l.pack]
	if p == nil || p.waiting[l] != writing && p.waiting[l] != ended {
		return false
	}
	p.waiting[l] = ended
	return true
}

// deleteFrom deletes blobs that are not being written from a pack; errNoPack if there is none.
func (s *Store) deleteFrom(id packID, locations []location) error {
	s.removals.Lock()
	defer s.removals.Unlock()
	s.mu.Lock()
	p := s.open[id]
	s.mu.Unlock()
	if p != nil {
		return s.deleteFromOpen(p, locations) // it is not sealed meanwhile
	}
	return s.deleteFromSealed(id, locations)
}

func (s *Store) deleteFromOpen(p *pack, locations []location) error {
	live, given := s.whichLive(p, locations)
	n, err := s.erase(p.file, live, p.synced.Wait)
	if err != nil {
		return err
	}
	if len(given) > 0 {
		if _, err := s.erase(p.file, given, p.synced.Wait); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.live -= n
	p.left -= len(given)
	for _, l := range locations {
		s.leave(p, l)
	}
	return nil
}

// whichLive returns the blobs that may be live, and those that were given up and are left, each once.
func (s *Store) whichLive(p *pack, locations []location) (live, given []location) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range locations {
		switch {
		case p.waiting[l] != left:
			live = append(live, l)
		case !slices.Contains(given, l):
			given = append(given, l)
		}
	}
	return live, given
}

// deleteFromSealed deletes blobs from a sealed pack, and the pack if it has none left.
func (s *Store) deleteFromSealed(id packID, locations []location) error {
	f, err := s.forChange(id)
	if err != nil {
		return err
	}
	defer f.release()
	live, err := s.count(id, f)
	if err != nil {
		return err
	}
	delete(s.live, id) // if it fails half-way nobody knows
	n, err := s.erase(f, locations, f.SyncData)
	if err != nil {
		return err
	}
	if live -= n; live == 0 {
		return s.removePack(id)
	}
	s.keepCount(id, live)
	return nil
}

// erase removes headers, and the bytes of blobs that nobody reads, and syncs that. It returns how many blobs there were.
func (s *Store) erase(f *file, locations []location, sync func() error) (n int, err error) {
	s.setGoing(locations, true)
	defer s.setGoing(locations, false)
	for _, l := range locations {
		there, err := s.eraseOne(f, l)
		if err != nil {
			return n, err
		}
		if there {
			n++
		}
	}
	return n, sync()
}

// setGoing says that blobs are being deleted, or no longer are.
func (s *Store) setGoing(locations []location, going bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range locations {
		if going {
			s.going[l] = true
		} else {
			delete(s.going, l)
		}
	}
}

// eraseOne removes what there is of a blob that is going, and tells whether it was there. What an earlier attempt removed it
// removes again: its sync may have failed, and only what is written anew is certain to be synced.
func (s *Store) eraseOne(f *file, l location) (there bool, err error) {
	err = readHeader(f, l)
	if err != nil && !errors.Is(err, blob.ErrNotFound) && !errors.Is(err, blob.ErrCorrupt) {
		return false, err
	}
	there = !errors.Is(err, blob.ErrNotFound)
	if _, err := f.WriteAt(noHeader[:], l.offset()); err != nil {
		return there, err
	}
	if s.doom(l) {
		return there, nil
	}
	return there, f.zero(l.offset(), l.end())
}

// doom leaves the bytes of a blob to its readers, and tells whether there are any.
func (s *Store) doom(l location) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[l] == 0 {
		return false
	}
	s.doomed[l] = true
	return true
}

// removeBytes removes the bytes of a doomed blob, whose last reader has ended. If that fails, or the store is closed, they
// are removed when a later process first deletes something from the pack.
func (s *Store) removeBytes(l location) {
	err := s.tryRemoveBytes(l)
	if err != nil && !errors.Is(err, errNoPack) && !errors.Is(err, blob.ErrClosed) {
		s.log.Error("the space of a blob that was read while it was deleted is not given back", "blob", string(l.id()), "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.doomed, l)
}

// tryRemoveBytes does not wait for Close, which may wait for who calls it.
func (s *Store) tryRemoveBytes(l location) error {
	s.removals.Lock()
	defer s.removals.Unlock()
	if s.ended {
		return blob.ErrClosed
	}
	f, err := s.forChange(l.pack)
	if err != nil {
		return err
	}
	defer f.release()
	return f.zero(l.offset(), l.end())
}

// counted is how many packs' numbers of blobs are kept.
const counted = 4096

// count returns how many blobs a sealed pack has. The first time it reads the headers, and removes bytes that no blob has:
// those of blobs whose readers a crash ended. The caller holds removals.
func (s *Store) count(id packID, f *file) (int, error) {
	if n, ok := s.live[id]; ok {
		return n, nil
	}
	c, err := scan(f, id)
	if err != nil {
		return 0, err
	}
	if !s.hasDoomed(id) {
		if err := zeroRest(f, c, c.blobs); err != nil {
			return 0, err
		}
	}
	return len(c.blobs) + len(c.damaged), nil
}

func (s *Store) keepCount(id packID, n int) {
	if len(s.live) >= counted {
		clear(s.live)
	}
	s.live[id] = n
}

// hasDoomed tells whether a reader needs bytes of the pack that no blob has.
func (s *Store) hasDoomed(id packID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.doomed {
		if l.pack == id {
			return true
		}
	}
	return false
}

// removePack removes a sealed pack that has no blobs. If its name comes back it is one of zeros, and removed when somebody
// finds it. The caller holds removals.
func (s *Store) removePack(id packID) error {
	s.mu.Lock()
	s.cache.remove(id)
	s.mu.Unlock()
	return disk.Remove(s.fs, s.place(id))
}
