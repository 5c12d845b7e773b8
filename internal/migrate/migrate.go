// Package migrate moves everything that is stored from one pair of engines to another pair: the keys in their order, and
// each blob before the record that names it is there.
//
// # What is written down
//
// Each of the two stores has a Mark, a fact about the store. It keeps servers away: from the source, so that nothing changes
// in it which was copied before, and from the target, which is not whole. The mark of the target says how far the copy has
// come, and is written in the transaction that writes what was copied; so a migration that ended anywhere goes on exactly
// there. Nobody but who has written the mark last can go on: a second process on the same target is refused.
//
// # The order
//
//	target: Filling -> source: Leaving -> copy -> compare -> target: Filled -> source: Moved, or no mark if it is kept
//
// The source is as it was but for its mark, and is usable again as soon as that is taken away (GiveUp). Blobs keep their IDs,
// so that records are copied as they are. A blob is durable, and its checksum was compared, before keys.Blob names it in the
// target: Recover of the target, at the begin of each run, removes those that had not come so far.
//
// # Damage
//
// What cannot be read from the source ends the migration, with an error that says so; it is not left out. Only blobs that
// were found damaged before, and are marked so in their records, are copied as far as they can be read, and counted.
package migrate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossgrant/internal/blob"
	"crossgrant/internal/limits"
	"crossgrant/internal/meta"
)

// End is one of the two stores.
type End struct {
	Name  string // how people are told of it; without passwords
	Store *meta.Store
	Blobs blob.Store // Recover was not called yet
}

// Options are what is migrated, and how. The zero values of numbers are good.
type Options struct {
	From, To End
	// Keep lets the source be used again at the end, beside the target: as a copy.
	Keep bool
	// Parallel is how many blobs are copied or compared at a time; 0 means 16.
	Parallel int
	// Keys and Bytes bound what one transaction copies; 0 means 1,000 keys and 1 MiB. A value may exceed Bytes.
	Keys  int
	Bytes int
	// Rate is how many bytes per second are copied at most; 0 sets no bound.
	Rate int64
	// Tell is called with how far the migration is, now and then, and at the begin and end of each stage; nil: never.
	Tell func(Progress)
	// Differs is called with each difference that a comparison finds; nil: never.
	Differs func(Difference)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Defaults of Options.
const (
	defaultParallel = 16
	defaultKeys     = 1000
	defaultBytes    = 1 << 20
)

// Report is what a migration or comparison has found.
type Report struct {
	Counts
	// Differences is how many differences there are; the ends are equal if there is none.
	Differences int64
}

// ErrDiffer says that the two ends are not equal.
var ErrDiffer = errors.New("the two ends differ")

// migration is a migration or comparison that is under way.
type migration struct {
	Options
	meter  meter
	limit  limits.Throughput
	buffer buffers
}

func newMigration(o Options) *migration {
	if o.Parallel == 0 {
		o.Parallel = defaultParallel
	}
	if o.Keys == 0 {
		o.Keys = defaultKeys
	}
	if o.Bytes == 0 {
		o.Bytes = defaultBytes
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	m := &migration{Options: o}
	m.meter.tell, m.meter.now = o.Tell, o.Now
	m.limit.Rate = o.Rate
	return m
}

// Run moves everything from one end to the other, or goes on with what an earlier run began, and compares both. It closes
// the blobs of the target. If it ends with an error everything is as it was but for the marks: it can be called again, or
// given up. An error that wraps ErrDiffer says that the copy was made, and is not equal.
func Run(ctx context.Context, o Options) (Report, error) {
	m := newMigration(o)
	mark, err := m.begin(ctx)
	if err != nil {
		return Report{}, err
	}
	if mark.State == Filled {
		return Report{Counts: mark.Compared}, m.letGo(ctx, mark)
	}
	if err := m.recover(ctx, m.From); err != nil {
		return Report{}, err
	}
	p := newPosition(m, mark)
	if err := p.count(ctx); err != nil {
		return Report{}, err
	}
	if err := p.copyAll(ctx); err != nil {
		return Report{}, fmt.Errorf("copy %s to %s: %w", o.From.Name, o.To.Name, err)
	}
	report, err := p.compareAll(ctx)
	if err != nil {
		return report, err
	}
	return report, m.end(ctx, p)
}

// Compare compares both ends, of which none may be in use or half filled. An error that wraps ErrDiffer says that they are
// not equal.
func Compare(ctx context.Context, o Options) (Report, error) {
	m := newMigration(o)
	for _, e := range []End{o.From, o.To} {
		mark, err := readMark(ctx, e)
		if err != nil {
			return Report{}, err
		}
		if mark != nil && mark.State == Filling && mark.Stage != comparing {
			return Report{}, fmt.Errorf("%s is not filled yet: run crossgrant migrate to its end first", e.Name)
		}
	}
	if err := m.recover(ctx, m.From, m.To); err != nil {
		return Report{}, err
	}
	return newPosition(m, nil).compareAll(ctx)
}

// recover makes the blobs of ends ready.
func (m *migration) recover(ctx context.Context, ends ...End) error {
	for _, e := range ends {
		if err := e.Blobs.Recover(ctx, namedIn(e.Store)); err != nil {
			return fmt.Errorf("recover blobs of %s: %w", e.Name, err)
		}
	}
	return nil
}
