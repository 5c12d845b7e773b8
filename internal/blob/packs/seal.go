package packs

import (
	"context"
	"sync"
	"time"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// sealRetry is how long the sealer waits after a failure.
const sealRetry = 5 * time.Second

// sealer gives packs that nobody waits for their places, in the background.
type sealer struct {
	signal chan struct{} // holds a token when there may be something to do
	stop   context.CancelFunc
	done   sync.WaitGroup
	// failing says that the last attempt failed, which was told to the log. It is used by the background and Close.
	failing bool
}

func (r *sealer) start(s *Store) {
	ctx, stop := context.WithCancel(context.Background())
	r.signal, r.stop = make(chan struct{}, 1), stop
	r.done.Go(func() { r.run(ctx, s) })
}

func (r *sealer) close() {
	r.stop()
	r.done.Wait()
}

// wakeFor says that p has changed. The caller holds Store.mu.
func (r *sealer) wakeFor(p *pack) {
	if !p.sealable() {
		return
	}
	select {
	case r.signal <- struct{}{}:
	default:
	}
}

// run seals when woken, again after a failure, and at the end.
func (r *sealer) run(ctx context.Context, s *Store) {
	var retry <-chan time.Time // nil: no retry is due
	for {
		select {
		case <-ctx.Done():
		case <-r.signal:
		case <-retry:
		}
		retry = nil
		if err := s.sealAll(); err != nil {
			if !r.failing {
				s.log.Error("packs of blobs stay where they were written until they can be moved", "error", err)
			}
			retry = time.After(sealRetry)
		}
		r.failing = retry != nil
		if ctx.Err() != nil {
			return
		}
	}
}

// sealable tells whether nobody waits for the pack. One that failed, or where something is left, is for the next Recover
// unless it has no blobs. The caller holds Store.mu.
func (p *pack) sealable() bool {
	return p.full && len(p.waiting) == p.left && (p.live == 0 || !p.failed && p.left == 0)
}

// sealAll seals what can be, and returns the first error.
func (s *Store) sealAll() (failure error) {
	for _, p := range s.sealable() {
		if err := s.seal(p); err != nil && failure == nil {
			failure = err
		}
	}
	return failure
}

func (s *Store) sealable() []*pack {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*pack
	for _, p := range s.open {
		if p.sealable() {
			all = append(all, p)
		}
	}
	return all
}

// seal moves a pack to its place; one without blobs it removes.
func (s *Store) seal(p *pack) error {
	s.removals.Lock()
	defer s.removals.Unlock()
	if s.ended {
		return blob.ErrClosed
	}
	s.mu.Lock()
	sealed, empty := s.open[p.id] != p, p.live == 0
	s.mu.Unlock()
	if sealed { // by another call, which has let go of the file
		return nil
	}
	if !empty {
		// What was given up was made zeros without a sync.
		if err := p.synced.Wait(); err != nil {
			return err
		}
		if err := s.move(p.id); err != nil {
			return err
		}
	}
	s.mu.Lock()
	delete(s.open, p.id)
	s.mu.Unlock()
	p.file.release()
	// If it cannot be removed it is in two places, or one of zeros, which Recover puts right.
	if err := disk.Remove(s.fs, s.openName(p.id)); err != nil {
		s.log.Error("a pack of blobs that was moved keeps its first name", "pack", p.id.name(), "error", err)
	}
	return nil
}

// move gives a pack its name in its place, durably.
func (s *Store) move(id packID) error {
	if err := disk.Enter(s.fs, s.openName(id), s.place(id)); err != nil {
		return err
	}
	return disk.SyncDir(s.fs, s.folder(id))
}
