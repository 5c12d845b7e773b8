package meta

import (
	"context"
	"sync"
)

// StampWrites makes each Update that writes a key of which stamp returns another one, its stamp, write that as well, so that the
// revision of the stamp tells whether any key that it stands for was written. A store that is not Shared does nothing. It must be called before
// the Store is used, and by every program that writes to it.
func (s *Store) StampWrites(stamp func(key []byte) []byte) {
	if s.Shared() {
		s.stamp = stamp
	}
}

// Stamped reports whether StampWrites was called for a store that is Shared.
func (s *Store) Stamped() bool { return s.stamp != nil }

// stampWrites writes the stamps of what a transaction has written.
func (s *Store) stampWrites(t *limitedTx) error {
	var done map[string]bool
	for _, key := range t.written {
		stamp := s.stamp(key)
		if stamp == nil || done[string(stamp)] {
			continue
		}
		if err := t.tx.Put(stamp, nil); err != nil {
			return err
		}
		if done == nil {
			done = map[string]bool{}
		}
		done[string(stamp)] = true
	}
	return nil
}

// followed is a key that others may write, and who wants to know.
type followed struct {
	key     []byte
	changed func()

	mu       sync.Mutex
	known    bool
	revision int64
}

// Follow registers changed to be called when the store is Shared and a request that reads ahead finds that key was
// written since the last one did: before Ahead returns. Requests that run at the same time may have it called once more
// than it was written. It must be called before the Store is used.
func (s *Store) Follow(key []byte, changed func()) {
	if s.Shared() {
		s.follows = append(s.follows, &followed{key: key, changed: changed})
	}
}

// Refresh looks whether any key that is followed was written, for work that belongs to no request.
func (s *Store) Refresh(ctx context.Context) error {
	_, err := s.Ahead(ctx, nil)
	return err
}

// note compares a revision with the last one.
func (f *followed) note(revision int64) {
	f.mu.Lock()
	same := f.known && f.revision == revision
	f.known, f.revision = true, revision
	f.mu.Unlock()
	if !same {
		f.changed()
	}
}
