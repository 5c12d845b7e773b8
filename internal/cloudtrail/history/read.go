package history

import (
	"cmp"
	"context"
	"slices"

	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/ids"
	"crossgrant/internal/journal"
)

// maxGathered is how many bytes of entries are committed at once, but for the last segment.
const maxGathered = 4 << 20

// gathered is the events of the segments of the journal after one sequence, up to and with another, that are to be
// committed at once.
type gathered struct {
	from, to uint64
	parts    []*part
	size     int // of the entries, in bytes
}

// part is the events of one account in one segment.
type part struct {
	account  ids.AccountID
	sequence uint64
	events   []taken
}

// taken is one event and when its request began, in nanoseconds since 1970.
type taken struct {
	at    int64
	entry []byte
}

// Read adds to the histories what the journal has: each segment once, on however many servers. The worker does it.
func (s *Service) Read(ctx context.Context) error {
	for {
		much, err := s.gather(ctx)
		if err != nil {
			return err
		}
		if err := s.commit(ctx); err != nil || !much {
			return err
		}
	}
}

// gather reads segments of the journal, and reports whether it stopped because there is much to commit.
func (s *Service) gather(ctx context.Context) (much bool, err error) {
	if s.gathered == nil {
		at, err := s.journal.Position(ctx, Reader)
		if err != nil {
			return false, err
		}
		s.gathered = &gathered{from: at, to: at}
	}
	g := s.gathered
	return s.journal.Follow(ctx, g.to, "a part of the event history is lost", func() bool { return g.size < s.most },
		func(batch *journal.Batch) error {
			s.take(g, batch)
			return nil
		})
}

// take takes the events of a segment. Nothing of it is kept longer than the segment but copies.
func (s *Service) take(g *gathered, batch *journal.Batch) {
	open := map[ids.AccountID]*part{}
	for _, entry := range batch.Entries {
		g.size += len(entry)
		// With trails, most entries are of data events: they are passed without being decoded.
		if !audit.IsFor(entry, audit.ForHistory) {
			continue
		}
		r, err := audit.Decode(entry)
		if err != nil {
			s.drop(1, "the record cannot be read", "fault", err.Error())
			continue
		}
		if !s.Wants(r) {
			continue
		}
		kept, err := undecided(nil, entry)
		if err != nil {
			s.drop(1, "the record cannot be read", "fault", err.Error())
			continue
		}
		for _, account := range event.Recipients(r) {
			p := open[account]
			if p == nil {
				p = &part{account: account, sequence: batch.Sequence}
				open[account], g.parts = p, append(g.parts, p)
			}
			p.events = append(p.events, taken{r.Time.UnixNano(), kept})
		}
	}
	for _, p := range open {
		slices.SortStableFunc(p.events, func(a, b taken) int { return cmp.Compare(a.at, b.at) })
	}
	g.to = batch.Sequence
}
