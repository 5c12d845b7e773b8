package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Values are merged, because an event alone takes six times the room that it takes among others. Each is merged once:
// when there are as many as become one, or when the first of them is old.
const (
	// mergeAfter is how old a value is at least that is merged.
	mergeAfter = time.Hour
	// mergeSpan is how far apart values are at most that become one, in time.
	mergeSpan = 24 * time.Hour
	// mergeText is how many bytes of entries one has at most, unless it is of one segment.
	mergeText = 1 << 20
	// mergeMost is how many values become one at most, mergeRuns how many times that is done for one account in a row.
	mergeMost = 1024
	mergeRuns = 32
)

// run is values of a history, one after the other, that become one.
type run struct {
	after  uint64 // the sequence that everything up to is merged
	keys   [][]byte
	merged records.TrailEvents
	text   [][]byte
	size   int   // of the entries
	bytes  int64 // of the values
	// full says that no more values belong to the run.
	full bool
}

// Merge makes one of many small values. The worker does it.
func (s *Service) Merge(ctx context.Context) error {
	accounts, err := s.histories(ctx)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		for n, more := 0, true; more && n < mergeRuns; n++ {
			if more, err = s.merge(ctx, account); err != nil {
				return fmt.Errorf("merge the event history of account %s: %w", account, err)
			}
		}
	}
	return nil
}

// merge makes one of the first values that are to be merged, and reports whether there were as many as become one. What
// another server has changed meanwhile is left as it is.
func (s *Service) merge(ctx context.Context, account ids.AccountID) (more bool, err error) {
	r, err := s.nextRun(ctx, account)
	if err != nil || !r.full {
		return false, err
	}
	last := r.merged.Sequences[len(r.merged.Sequences)-1]
	r.merged.Zstd = s.pack(r.text)
	value, err := records.Marshal(&r.merged)
	if err != nil {
		return false, err
	}
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		more = false
		c, err := count(tx, account)
		if err != nil || c.Merged != r.after {
			return err
		}
		there, err := tx.GetMany(r.keys)
		if err != nil || slices.ContainsFunc(there, func(v []byte) bool { return v == nil }) {
			return err
		}
		more, c.Merged = true, last
		if len(r.keys) > 1 {
			c.Bytes = max(c.Bytes+int64(len(value))-r.bytes, 0)
			err = errors.Join(meta.DeleteAll(tx, r.keys), tx.Put(keys.TrailEvents(account, last), value))
		}
		return errors.Join(err, records.Put(tx, keys.TrailHistory(account), c))
	})
	return more, err
}

// nextRun returns the first values that are to be merged.
func (s *Service) nextRun(ctx context.Context, account ids.AccountID) (r *run, err error) {
	now := s.opts.Now()
	err = s.store.View(ctx, func(reader meta.Reader) error {
		c, err := count(reader, account)
		if err != nil {
			return err
		}
		r = &run{after: c.Merged}
		it := reader.Scan(keys.TrailEvents(account, c.Merged+1), keys.TrailEvents(account, sequenceAt(now.Add(-mergeAfter))))
		for !r.full && it.Next() {
			_, sequence, err := keys.ParseTrailEvents(it.Key())
			if err != nil {
				return errors.Join(err, it.Close())
			}
			s.add(r, sequence, it.Key(), it.Value())
		}
		return it.Close()
	})
	if err == nil && len(r.keys) > 0 && r.merged.Sequences[0] < sequenceAt(now.Add(-mergeAfter-mergeSpan)) {
		r.full = true
	}
	return r, err
}

// add takes a value into a run, or finds that the run is full. One that cannot be read is a run of its own, which stays as
// it is.
func (s *Service) add(r *run, sequence uint64, key, value []byte) {
	v := new(records.TrailEvents)
	err := records.Unmarshal(value, v)
	var entries [][]byte
	size := 0
	if err == nil {
		entries, size, err = s.unpack(v.Zstd)
	}
	var of []stretch
	if err == nil {
		of, err = stretches(sequence, v, len(entries))
	}
	first := len(r.keys) == 0
	if !first && (err != nil || r.size+size > mergeText || len(r.keys) == mergeMost || sequence-r.merged.Sequences[0] > uint64(mergeSpan)) {
		r.full = true
		return
	}
	if err != nil {
		of, v.First, v.Last = []stretch{{sequence: sequence}}, 0, 0
		r.full = true
	}
	for _, part := range of {
		r.merged.Sequences = append(r.merged.Sequences, part.sequence)
		r.merged.Counts = append(r.merged.Counts, uint32(part.to-part.from))
	}
	if first || v.First < r.merged.First {
		r.merged.First = v.First
	}
	r.merged.Last = max(r.merged.Last, v.Last)
	r.merged.Events += int64(len(entries))
	r.keys, r.text = append(r.keys, slices.Clone(key)), append(r.text, entries...)
	r.size, r.bytes = r.size+size, r.bytes+int64(len(value))
}
