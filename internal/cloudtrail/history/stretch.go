package history

import (
	"errors"
	"fmt"
	"slices"

	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// stretch is the entries of a value, from one index up to, and without, another, that are of one segment of the journal.
type stretch struct {
	sequence uint64
	from, to int
}

// stretches returns those of a value, in order. The error wraps meta.ErrCorrupt.
func stretches(sequence uint64, v *records.TrailEvents, entries int) ([]stretch, error) {
	if len(v.Sequences) == 0 {
		return []stretch{{sequence, 0, entries}}, nil
	}
	var all []stretch
	at := 0
	for i, of := range v.Sequences {
		if i >= len(v.Counts) || i > 0 && of <= v.Sequences[i-1] || int64(v.Counts[i]) > int64(entries-at) {
			return nil, errStretches
		}
		all = append(all, stretch{of, at, at + int(v.Counts[i])})
		at += int(v.Counts[i])
	}
	if at != entries || len(v.Counts) != len(v.Sequences) || v.Sequences[len(v.Sequences)-1] != sequence {
		return nil, errStretches
	}
	return all, nil
}

var errStretches = fmt.Errorf("read events: %w: %w", errors.New("what they were merged of is something else"), meta.ErrCorrupt)

// has reports whether a value is of a segment.
func has(v *records.TrailEvents, sequence uint64) bool {
	_, found := slices.BinarySearch(v.Sequences, sequence)
	return found
}
