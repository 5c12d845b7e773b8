package files

import "crossgrant/internal/blob"

// state is how far a blob under new has come.
type state int

const (
	writing state = iota
	committed
	settled
	ended // being removed: it is not visible, and cannot be committed
)

// entry is a blob under new. Its fields are protected by Store.mu.
type entry struct {
	state state
	// busy says that somebody removes the file.
	busy bool
	// placed says that the blob may have a name in its place too. It changes while mover.batch is held.
	placed bool
	// failures is Store.failures when the entry was made. The entry is not known to be durable if the folder could
	// not be synced since.
	failures int
}

// stage makes the entry of a blob that begins, or returns nil if the ID is taken by another one under new.
func (s *Store) stage(id blob.ID) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.staged[id] != nil {
		return nil
	}
	e := &entry{failures: s.failures}
	s.staged[id] = e
	return e
}

// stageOf returns the entry and state of a blob under new; nil if there is none.
func (s *Store) stageOf(id blob.ID) (*entry, state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.staged[id]
	if e == nil {
		return nil, 0
	}
	return e, e.state
}

// end takes the entry, if it is still that of the blob and in this state, for who is going to remove the file. The
// entry stays until unstage, so that the ID is not used meanwhile.
func (s *Store) end(id blob.ID, e *entry, in state) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.staged[id] != e || e.busy || e.state != in {
		return false
	}
	e.state, e.busy = ended, true
	return true
}

// revive undoes end, because the file could not be removed. What was being written is never committed.
func (s *Store) revive(e *entry, before state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.busy = false
	if before != writing {
		e.state = before
	}
}

// unstage removes the entry.
func (s *Store) unstage(id blob.ID, e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.staged[id] == e {
		delete(s.staged, id)
	}
}

// commit makes the entry, whose blob and name are durable unless the folder failed, visible.
func (s *Store) commit(id blob.ID, e *entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.staged[id] != e || e.state != writing || e.failures != s.failures {
		return false
	}
	e.state = committed
	return true
}

// syncNew makes the names under new durable that were made before it began.
func (s *Store) syncNew() error {
	err := s.newFolder.Sync()
	if err != nil {
		s.mu.Lock()
		s.failures++
		s.mu.Unlock()
	}
	return err
}
