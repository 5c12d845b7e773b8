package packs

import (
	"crypto/rand"
	"encoding/binary"
	"errors"

	"crossgrant/internal/blob/disk"
)

// pack is a pack under open.
type pack struct {
	id   packID
	file *file
	// synced makes durable what was written to the file. See Store.syncPack.
	synced disk.SharedSync
	// next is the first page that was not given out. It is protected by Store.turn.
	next uint32

	// The fields below are protected by Store.mu.

	// waiting are the blobs whose writers have not ended, those that are committed and not settled, and those that are
	// left.
	waiting map[location]state
	// live is how many blobs are committed and not deleted.
	live int
	// full says that no more space is given out, and failed that a sync failed, which implies it.
	full, failed bool
	// left is how many blobs are left.
	left int
}

// state is how far a blob has come.
type state int

const (
	absent state = iota // it never was there, or is settled, or was removed
	writing
	ended // it was deleted while it was written: it cannot be committed, and its writer removes what there is
	left  // it was given up, and what there is of it could not be removed
	committed
)

// reserve gives out the extent of a blob of size bytes, which is being written from then on.
func (s *Store) reserve(size uint32) (*pack, location, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	l := location{size: size}
	p, err := s.packFor(l.pages())
	if err != nil {
		return nil, l, err
	}
	l.pack, l.page = p.id, p.next
	p.next += l.pages()
	s.mu.Lock()
	defer s.mu.Unlock()
	p.waiting[l] = writing
	return p, l, nil
}

// packFor returns the current pack, or a new one if that has no room. A pack has room for one blob in any case.
func (s *Store) packFor(pages uint32) (*pack, error) {
	if p := s.current; p != nil && p.next+pages <= s.most && !s.isFull(p) {
		return p, nil
	}
	s.retireCurrent()
	p, err := s.makePack()
	if err != nil {
		return nil, err
	}
	s.current = p
	return p, nil
}

func (s *Store) isFull(p *pack) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.full
}

// retire ends that space is given out of the current pack.
func (s *Store) retire() {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.retireCurrent()
}

func (s *Store) retireCurrent() {
	p := s.current
	if p == nil {
		return
	}
	s.current = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	p.full = true
	s.sealer.wakeFor(p)
}

// makePack makes a pack whose entry is durable.
func (s *Store) makePack() (*pack, error) {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails, by its contract
	id := packID(binary.BigEndian.Uint64(raw[:]))
	f, err := s.fs.Create(s.openName(id), category)
	if err != nil {
		return nil, err
	}
	if err := disk.SyncDir(s.fs, s.dir+"/"+openDir); err != nil {
		return nil, errors.Join(err, f.Close(), s.fs.Remove(s.openName(id)))
	}
	p := &pack{id: id, file: newFile(f), waiting: map[location]state{}}
	p.synced.Sync = func() error { return s.syncPack(p) }
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[id] = p
	return p, nil
}

// syncPack makes durable what was written to p before.
func (s *Store) syncPack(p *pack) error {
	err := p.file.SyncData()
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		p.full, p.failed = true, true
	}
	return err
}

// leave notes that nobody waits for a blob any more. The caller holds mu.
func (s *Store) leave(p *pack, l location) {
	delete(p.waiting, l)
	s.sealer.wakeFor(p)
}
