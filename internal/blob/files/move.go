package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

const (
	// moveDelay is how long the mover collects what is settled. A blob that is deleted meanwhile is never moved, and
	// to move many together costs few syncs. After a crash Recover asks about what was not moved.
	moveDelay = 5 * time.Second
	// moveBatch is how many blobs are moved at once. While they are, none of them can be deleted.
	moveBatch = 512
)

// mover moves settled blobs to their places in the background.
type mover struct {
	signal chan struct{} // holds a token when something is settled
	stop   context.CancelFunc
	done   sync.WaitGroup
	// batch is held while blobs are moved, and while one that is settled is deleted.
	batch sync.Mutex

	mu sync.Mutex // protects the fields below
	// settled are the blobs to move.
	settled []blob.ID
	// failing says that the last attempt failed, which was told to the log.
	failing bool
}

func (m *mover) start(s *Store) {
	ctx, stop := context.WithCancel(context.Background())
	m.signal, m.stop = make(chan struct{}, 1), stop
	m.done.Go(func() { m.run(ctx, s) })
}

func (m *mover) close() {
	m.stop()
	m.done.Wait()
}

// add says that ids are settled.
func (m *mover) add(ids []blob.ID) {
	m.mu.Lock()
	m.settled = append(m.settled, ids...)
	m.mu.Unlock()
	select {
	case m.signal <- struct{}{}:
	default:
	}
}

// run moves what is settled each moveDelay, and at the end.
func (m *mover) run(ctx context.Context, s *Store) {
	for {
		select {
		case <-ctx.Done():
		case <-m.signal:
			select {
			case <-ctx.Done():
			case <-time.After(moveDelay):
			}
		}
		m.moveAll(s)
		if ctx.Err() != nil {
			return
		}
	}
}

// moveAll moves what is settled. What cannot be moved is left for the next time.
func (m *mover) moveAll(s *Store) {
	m.mu.Lock()
	ids := m.settled
	m.settled = nil
	m.mu.Unlock()
	slices.Sort(ids) // by their folders, each of which is then synced once
	var left []blob.ID
	var failure error
	for len(ids) > 0 {
		n := min(len(ids), moveBatch)
		l, err := s.move(ids[:n])
		left = append(left, l...)
		failure = errors.Join(failure, err)
		ids = ids[n:]
	}
	m.mu.Lock()
	told := m.failing
	m.failing = failure != nil
	m.mu.Unlock()
	if failure != nil && !told {
		s.log.Error("blobs stay where they were written until they can be moved", "blobs", len(left), "error", failure)
	}
	if len(left) > 0 {
		m.add(left)
	}
}

// Settle lets the blobs be moved to their places.
func (s *Store) Settle(ids ...blob.ID) {
	var now []blob.ID
	s.mu.Lock()
	for _, id := range ids {
		if e := s.staged[id]; e != nil && e.state == committed {
			e.state = settled
			now = append(now, id)
		}
	}
	s.mu.Unlock()
	if len(now) > 0 {
		s.mover.add(now)
	}
}

// move moves settled blobs to their places, and returns those that it could not move.
func (s *Store) move(ids []blob.ID) (left []blob.ID, failure error) {
	s.mover.batch.Lock()
	defer s.mover.batch.Unlock()
	byFolder := map[string][]blob.ID{}
	for _, id := range ids {
		if !s.entering(id) {
			continue // deleted since
		}
		if err := s.enter(id); err != nil {
			left, failure = append(left, id), errors.Join(failure, err)
			continue
		}
		byFolder[s.folder(id)] = append(byFolder[s.folder(id)], id)
	}
	for folder, moved := range byFolder {
		if err := s.leave(folder, moved); err != nil {
			left, failure = append(left, moved...), errors.Join(failure, err)
		}
	}
	return left, failure
}

// entering notes that a blob, if it is still settled, is given a name in its place.
func (s *Store) entering(id blob.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.staged[id]
	if e == nil || e.state != settled {
		return false
	}
	e.placed = true
	return true
}

// enter gives a blob its name in its place.
func (s *Store) enter(id blob.ID) error {
	if err := disk.Enter(s.fs, s.new(id), s.place(id)); err != nil {
		return fmt.Errorf("move blob %s: %w", id, err)
	}
	return nil
}

// leave syncs a folder that blobs were given names in, and then removes their names under new.
func (s *Store) leave(folder string, ids []blob.ID) error {
	if err := disk.SyncDir(s.fs, folder); err != nil {
		return err
	}
	for _, id := range ids {
		// If it cannot be removed it is in two places, which Recover puts right.
		if err := s.fs.Remove(s.new(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.log.Error("a blob that was moved keeps its first name", "blob", string(id), "error", err)
		}
		s.mu.Lock()
		delete(s.staged, id)
		s.mu.Unlock()
	}
	return nil
}
