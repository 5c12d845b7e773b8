package history

import (
	"math"
	"slices"
	"time"

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
	if q.To.IsZero() || q.To.Add(late+mergeSpan).After(s.opts.Now()) {
		return math.MaxUint64
	}
	return sequenceAt(q.To.Add(late + mergeSpan + slack))
}

// backwards calls fn with the sequences of the values of the account's history within a range, the last first, until fn
// returns false or an error. Those of the store come in ascending order: so it looks at windows, which are twice as
// wide each time, and half as wide where there is much.
func (l *lookup) backwards(from, end uint64, fn func(sequence uint64) (more bool, err error)) error {
	// Most that is asked for was just now. Nothing is expected to be later, but it may be there.
	width := end - min(end, sequenceAt(l.opts.Now().Add(-firstWindow)))
	width = max(width, uint64(firstWindow))
	for end > from {
		begin := max(from, end-min(end, width))
		found, all, err := l.window(begin, end)
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

// window returns the sequences of the values of the account's history from one up to, and without, another, unless they
// are more than maxKeys.
func (l *lookup) window(begin, end uint64) (found []uint64, all bool, err error) {
	some, err := meta.Keys(l.reader, keys.TrailEvents(l.q.Account, begin), keys.TrailEvents(l.q.Account, end), maxKeys+1)
	if err != nil {
		return nil, false, err
	}
	for _, key := range some {
		_, sequence, err := keys.ParseTrailEvents(key)
		if err != nil {
			return nil, false, err
		}
		found = append(found, sequence)
	}
	return found, len(found) <= maxKeys, nil
}
