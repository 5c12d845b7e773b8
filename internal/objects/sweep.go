package objects

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

const (
	// sweepBatch is the number of blobs whose keys one transaction removes.
	sweepBatch = 256
	// sweepDelay is how long garbage is collected before it is deleted: each sweep walks past all that was deleted
	// and not yet compacted, and what is deleted together shares transactions and syncs.
	sweepDelay = time.Second
	// The pause after a failure doubles from firstRetry to lastRetry.
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// Recover keeps the blobs that records name and deletes those that were being written when the server ended, and all
// other garbage. It is called before the first call of another method, and costs what was under way then.
//
// In stores that servers share it deletes nothing: others are writing.
func (s *Service) Recover(ctx context.Context) error {
	if s.store.Shared() {
		return s.blobs.Recover(ctx, s.named)
	}
	if err := s.recoverWriting(ctx); err != nil {
		return err
	}
	if err := s.blobs.Recover(ctx, s.named); err != nil {
		return fmt.Errorf("recover blobs: %w", err)
	}
	return s.sweep(ctx)
}

// recoverWriting turns what was being written when a program of format 3 or before ended into garbage. They kept a
// list of it.
func (s *Service) recoverWriting(ctx context.Context) error {
	from, to := keys.AllWriting()
	for {
		ids, next, err := s.blobIDs(ctx, from, to)
		if err != nil || len(ids) == 0 {
			return err
		}
		err = s.store.Update(ctx, func(tx meta.Tx) error {
			for _, id := range ids {
				if err := errors.Join(tx.Delete(keys.Writing(string(id))), tx.Put(keys.Garbage(string(id)), nil)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		from = next
	}
}

// sweep deletes the blobs that are garbage, then their keys; in this order, so that a crash in between
// leaves a key without a blob, which the next sweep removes. It goes on after a blob that cannot be
// deleted, and returns the errors of all of them.
func (s *Service) sweep(ctx context.Context) error {
	var failed []error
	from, to := keys.AllGarbage()
	for {
		ids, next, err := s.blobIDs(ctx, from, to)
		if err != nil || len(ids) == 0 {
			return errors.Join(append(failed, err)...)
		}
		if s.store.Shared() {
			if ids, err = s.due(ctx, ids); err != nil {
				return errors.Join(append(failed, err)...)
			}
		}
		gone, errs := s.deleteBlobs(ctx, s.sweeper.free(ids))
		failed = append(failed, errs...)
		if err := s.forget(ctx, gone); err != nil {
			return errors.Join(append(failed, err)...)
		}
		from = next
	}
}

// deleteBlobs deletes blobs, all at once if that can be done. It returns those that are gone, and the errors of the
// others.
func (s *Service) deleteBlobs(ctx context.Context, ids []blob.ID) (gone []blob.ID, failed []error) {
	err := s.blobs.Delete(ctx, ids...)
	switch {
	case err == nil:
		return ids, nil
	case len(ids) == 1:
		return nil, []error{fmt.Errorf("delete blob %s: %w", ids[0], err)}
	}
	for _, id := range ids {
		g, f := s.deleteBlobs(ctx, []blob.ID{id})
		gone, failed = append(gone, g...), append(failed, f...)
	}
	return gone, failed
}

// forget removes the keys of blobs that were deleted.
func (s *Service) forget(ctx context.Context, ids []blob.ID) error {
	if len(ids) == 0 {
		return nil
	}
	return s.store.Update(ctx, func(tx meta.Tx) error {
		for _, id := range ids {
			if err := tx.Delete(keys.Garbage(string(id))); err != nil {
				return err
			}
		}
		return nil
	})
}

// blobIDs returns the first IDs, at most sweepBatch, of a range of AllWriting or AllGarbage, and where
// to go on.
func (s *Service) blobIDs(ctx context.Context, from, to []byte) (ids []blob.ID, next []byte, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		ids, next = nil, from
		it := r.Scan(from, to)
		for len(ids) < sweepBatch && it.Next() {
			id, err := keys.ParseBlob(it.Key())
			if err != nil {
				return errors.Join(err, it.Close())
			}
			ids = append(ids, blob.ID(id))
			next = keys.After(it.Key())
		}
		return it.Close()
	})
	return ids, next, err
}

// sweeper runs sweeps in the background and knows which blobs readers still need.
type sweeper struct {
	signal chan struct{} // holds a token when there may be garbage
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex      // protects the fields below
	holders map[blob.ID]int // the number of readers that hold a blob, > 0
	spared  bool            // whether a sweep left out a blob that was held
	owed    []*unnamed      // blobs that could not be discarded because the stores failed
	pins    map[*pin]bool
	// sparedPinned says whether a sweep left out a blob that was pinned.
	sparedPinned bool
}

func (w *sweeper) init() {
	w.signal = make(chan struct{}, 1)
	w.holders = make(map[blob.ID]int)
	w.pins = make(map[*pin]bool)
}

// wake says that there may be garbage.
func (w *sweeper) wake() {
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

func (w *sweeper) start(s *Service) {
	ctx, stop := context.WithCancel(meta.Freeing(context.Background()))
	w.stop = stop
	if s.store.Shared() {
		w.done.Go(func() { w.run(ctx, s, func(context.Context) error { return w.discardOwed() }) })
		w.done.Go(func() { s.opts.Exclusive.Run(ctx, "garbage", s.sweepShared) })
		w.done.Go(func() { s.opts.Exclusive.Run(ctx, "orphans", s.sweepOrphans) })
		return
	}
	w.done.Go(func() {
		w.run(ctx, s, func(ctx context.Context) error {
			if err := w.discardOwed(); err != nil {
				return err
			}
			return s.sweep(ctx)
		})
	})
	w.wake()
}

func (w *sweeper) close() {
	if w.stop != nil {
		w.stop()
	}
	w.done.Wait()
}

// run sweeps when woken. After a failure it sweeps again on its own, after a pause, and after one that left out what
// is pinned not before a pause.
func (w *sweeper) run(ctx context.Context, s *Service, sweep func(ctx context.Context) error) {
	var retry <-chan time.Time // nil: no retry is due
	signal := w.signal         // nil: wakes are for later
	pause := firstRetry
	for {
		select {
		case <-ctx.Done():
			return
		case <-signal:
			if !background.Sleep(ctx, sweepDelay) {
				return
			}
		case <-retry:
		}
		signal = w.signal
		err := sweep(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.opts.Log.Error("deleting garbage", "error", err, "retry", pause)
			retry = time.After(pause)
			pause = min(2*pause, lastRetry)
		case w.hasSparedPinned():
			signal, retry = nil, time.After(pinnedPause)
		default:
			retry, pause = nil, firstRetry
		}
	}
}

// owe remembers blobs that have to be discarded when the stores work again, and wakes the sweeper.
func (w *sweeper) owe(u *unnamed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owed = append(w.owed, u)
	w.wake()
}

// discardOwed discards the blobs that are owed. If it returns an error the rest are owed still.
func (w *sweeper) discardOwed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.owed) > 0 {
		u := w.owed[0]
		w.mu.Unlock()
		err := u.tryDiscard()
		w.mu.Lock()
		if err != nil {
			return fmt.Errorf("discard blob %s: %w", u.ids[0], err)
		}
		w.owed = w.owed[1:]
	}
	return nil
}

// hold keeps the sweeper from deleting blobs until letGo.
func (w *sweeper) hold(ids []blob.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		w.holders[id]++
	}
}

// letGo ends hold.
func (w *sweeper) letGo(ids []blob.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		if w.holders[id]--; w.holders[id] == 0 {
			delete(w.holders, id)
		}
	}
	if w.spared && len(ids) > 0 {
		w.spared = false
		w.wake()
	}
}

// free returns those of ids that nobody holds.
func (w *sweeper) free(ids []blob.ID) []blob.ID {
	w.mu.Lock()
	defer w.mu.Unlock()
	var free []blob.ID
	for _, id := range ids {
		switch {
		case w.holders[id] > 0:
			w.spared = true
		case !w.pinned(id):
			free = append(free, id)
		}
	}
	return free
}
