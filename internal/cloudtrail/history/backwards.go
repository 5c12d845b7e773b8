package history

import (
	"context"
	"math"
	"slices"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

const (
	// slack is how much the clocks of servers may differ: that much later than its segment of the journal a request may
	// have begun.
	slack = time.Minute
	// late is how much earlier than its segment: one that was interrupted is in the journal when a server starts again. An
	// event that was later than that is found by its time only if the query has no end.
	late = 7 * 24 * time.Hour
	// firstWindow is how far back the first look of a lookup goes.
	firstWindow = 10 * time.Minute
	// maxKeys is how many keys are looked at at once.
	maxKeys = 1024
)

// end returns a sequence that is greater than those of all values that a query may find.
func (s *Service) end(q *Query) uint64 {
	if q.To.IsZero() || q.To.Add(late).After(s.opts.Now()) {
		return math.MaxUint64
	}
	return sequenceAt(q.To.Add(late + slack))
}

// backwards calls fn with the sequences of the values of an account's history within a range, the last first, until fn
// returns false or an error. Those of the store come in ascending order: so it looks at windows, which are twice as
// wide each time, and half as wide where there is much.
func (s *Service) backwards(ctx context.Context, account ids.AccountID, from, end uint64, fn func(sequence uint64) (more bool, err error)) error {
	// Most that is asked for was just now. Nothing is expected to be later, but it may be there.
	width := end - min(end, sequenceAt(s.opts.Now().Add(-firstWindow)))
	width = max(width, uint64(firstWindow))
	for end > from {
		begin := max(from, end-min(end, width))
		found, all, err := s.window(ctx, account, begin, end)
		if err != nil {
			return err
		}
		if !all {
			width = (end - begin) / 2
			continue
		}
		for _, sequence := range slices.Backward(found) {
			if more, err := fn(sequence); err != nil || !more {
				return err
			}
		}
		if width = end - begin; width < math.MaxUint64/2 {
			width *= 2
		}
		end = begin
	}
	return nil
}

// window returns the sequences of the values of a history from one up to, and without, another, unless they are more than
// maxKeys.
func (s *Service) window(ctx context.Context, account ids.AccountID, begin, end uint64) (found []uint64, all bool, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		found = nil
		some, err := meta.Keys(r, keys.TrailEvents(account, begin), keys.TrailEvents(account, end), maxKeys+1)
		for _, key := range some {
			_, sequence, parseErr := keys.ParseTrailEvents(key)
			if parseErr != nil {
				return parseErr
			}
			found = append(found, sequence)
		}
		return err
	})
	return found, len(found) <= maxKeys, err
}
