package usage

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// maxBatch is how many subjects one transaction writes. More than these are rarely used within an interval.
const maxBatch = 4096

// Flush writes the uses so far. If it fails they wait for the next time.
func (s *Service) Flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.Lock()
	taken := s.pending
	s.pending, s.writing, s.size = map[subject]*records.Usage{}, taken, 0
	s.mu.Unlock()
	var failure error
	for batch := range slices.Chunk(slices.Collect(maps.Keys(taken)), maxBatch) {
		if failure = s.add(ctx, batch, taken); failure != nil {
			break
		}
		s.mu.Lock()
		for _, of := range batch {
			delete(taken, of)
		}
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing = nil
	for of, u := range taken { // those that were not written
		s.putBackLocked(of, u)
	}
	return failure
}

// putBackLocked lets uses wait again, if there is room.
func (s *Service) putBackLocked(of subject, u *records.Usage) {
	waiting := s.pending[of]
	if waiting == nil {
		if s.size+count(u) > s.opts.Pending {
			s.lost += count(u)
			return
		}
		s.pending[of] = u
		s.size += count(u)
		return
	}
	before := count(waiting)
	merge(waiting, u)
	s.size += count(waiting) - before
}

// add adds the uses of some subjects to those that are stored. What does not exist any more has none.
func (s *Service) add(ctx context.Context, batch []subject, uses map[subject]*records.Usage) error {
	oldest := s.opts.Now().Add(-Period).UnixNano()
	names := make([][]byte, 0, 2*len(batch))
	for _, of := range batch {
		names = append(names, of.key(), of.owner())
	}
	return s.store.Update(ctx, func(tx meta.Tx) error {
		values, err := tx.GetMany(names)
		if err != nil {
			return err
		}
		for i, of := range batch {
			if stored, owner := values[2*i], values[2*i+1]; owner != nil {
				if err := put(tx, names[2*i], stored, uses[of], oldest); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// put writes the uses that are stored together with new ones.
func put(tx meta.Tx, key, stored []byte, add *records.Usage, oldest int64) error {
	u := new(records.Usage)
	if stored != nil {
		if err := records.Unmarshal(stored, u); err != nil {
			return fmt.Errorf("read data of real use: %w", err)
		}
	}
	merge(u, add)
	forgetBefore(u, oldest)
	return records.Put(tx, key, u)
}

// maxSwept is how many keys one sweep looks at.
const maxSwept = 512

// Sweep goes on looking through all that is stored about real use, and removes what belongs to something
// that was deleted, and what is too old. It looks at a few hundred keys; the next one goes on behind them.
func (s *Service) Sweep(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	now := s.opts.Now()
	var next []byte
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		looked, err := s.look(tx)
		if err != nil {
			return err
		}
		next = nil
		if len(looked) == maxSwept {
			next = append(looked[maxSwept-1].key, 0)
		}
		for _, l := range looked {
			gone, err := l.gone(tx, now)
			if err == nil && gone {
				err = tx.Delete(l.key)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.swept = next
	}
	return err
}

// look returns the keys that the sweep has come to.
func (s *Service) look(r meta.Reader) (found []stored, err error) {
	from, to := keys.AllUsage()
	if s.swept != nil {
		from = s.swept
	}
	it := r.Scan(from, to)
	for len(found) < maxSwept && it.Next() {
		found = append(found, stored{slices.Clone(it.Key()), slices.Clone(it.Value())})
	}
	return found, it.Close()
}
