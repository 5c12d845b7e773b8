package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Keep writes the entry of a request, as far as it is known, in the transaction of the change that the request makes. It
// is to be settled when the request has ended. If it is not, because the server ended before, it is taken into the
// journal as it is.
func Keep(tx meta.Tx, request string, at time.Time, entry []byte) error {
	if len(entry) > MaxEntry {
		return fmt.Errorf("journal: an entry of %d bytes is larger than %d", len(entry), MaxEntry)
	}
	return records.Put(tx, keys.JournalKept(request), &records.JournalKept{Time: at.UnixNano(), Entry: entry})
}

// IsKept reports whether an entry is kept for a request, by this transaction or by one before it.
func IsKept(r meta.Reader, request string) (bool, error) {
	_, err := r.Get(keys.JournalKept(request))
	if errors.Is(err, meta.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Settle is Append of the entry of a request in place of what was kept for it. If there is no room for it, what was kept
// comes into the journal later.
func (j *Journal) Settle(request string, at time.Time, entry []byte) bool {
	return j.append(at, entry, request)
}

// Recover takes into the journal what was kept by a server that ended before it was settled. It is to be called before
// requests are served. In a store that servers share it does nothing: what it would find is what others are about to
// settle. What one has left that is gone is collected within half a minute, by whoever does that.
func (j *Journal) Recover(ctx context.Context) error {
	if j.store.Shared() {
		return nil
	}
	return j.take(ctx, func(string) bool { return true })
}

// collect takes into the journal what was kept, was there at the last look already, and is in no segment that waits:
// there was no room for its settled form, or the server that was to settle it is gone. A request that takes longer than that from its
// change to its end is in the journal twice, under one ID, and so is one whose server could not write for so long: readers tell at
// least once, not exactly once.
func (j *Journal) collect(ctx context.Context) error {
	before := j.unsettled
	j.unsettled = nil
	return j.take(ctx, func(request string) bool {
		if before[request] {
			return true
		}
		if j.unsettled == nil {
			j.unsettled = map[string]bool{}
		}
		j.unsettled[request] = true
		return false
	})
}

// take takes into the journal the kept entries that wanted chooses, but for those in a segment that waits.
func (j *Journal) take(ctx context.Context, wanted func(request string) bool) error {
	j.flushing.Lock()
	defer j.flushing.Unlock()
	waiting := j.waiting()
	from, to := keys.AllJournalKept()
	for {
		s, next, err := j.gather(ctx, from, to, func(request string) bool { return !waiting[request] && wanted(request) })
		if err == nil && s.entries > 0 {
			err = j.write(ctx, s)
		}
		if err != nil || next == nil {
			return err
		}
		from = next
	}
}

// waiting returns the requests whose entries were kept and are in a segment that waits.
func (j *Journal) waiting() map[string]bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := map[string]bool{}
	for _, s := range j.pending {
		for _, request := range s.kept {
			all[request] = true
		}
	}
	return all
}

// gather returns a segment of kept entries, and the key to go on at; nil if there are no more.
func (j *Journal) gather(ctx context.Context, from, to []byte, wanted func(request string) bool) (s *segment, next []byte, err error) {
	s = new(segment)
	err = j.store.View(ctx, func(r meta.Reader) (err error) {
		it := r.Scan(from, to)
		defer func() {
			if closeErr := it.Close(); err == nil {
				err = closeErr
			}
		}()
		for it.Next() {
			if s.entries > 0 && len(s.text)+len(it.Value()) > maxSegment {
				next = slices.Clone(it.Key())
				return nil
			}
			request, err := keys.ParseJournalKept(it.Key())
			if err != nil {
				return err
			}
			if !wanted(request) {
				continue
			}
			kept := new(records.JournalKept)
			if err := records.Unmarshal(it.Value(), kept); err != nil {
				// It stays for fsck to tell of, and does not hold up the others.
				j.opts.Log.Error("a kept entry of the journal cannot be read", "request_id", request, "fault", err.Error())
				continue
			}
			s.add(kept.Time, kept.Entry)
			s.kept = append(s.kept, request)
		}
		return nil
	})
	return s, next, err
}
