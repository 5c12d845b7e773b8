package delivery

import (
	"context"

	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/ids"
	"crossgrant/internal/journal"
)

// read gathers the events of what the journal has, and reports whether it stopped because they are so many that they are
// to be delivered first.
func (s *Service) read(ctx context.Context) (much bool, err error) {
	if s.gathered == nil {
		at, err := s.journal.Position(ctx, Reader)
		if err != nil {
			return false, err
		}
		s.gathered = newGathered(at, &s.zips)
	}
	return s.journal.Follow(ctx, s.gathered.to, "a part of the events for trails is lost", func() bool { return !s.gathered.much() },
		func(batch *journal.Batch) error {
			err := s.gather(ctx, batch)
			if err != nil {
				s.gathered = nil // what it has of this segment must not come twice
			}
			return err
		})
}

// gather takes the events of a segment.
func (s *Service) gather(ctx context.Context, batch *journal.Batch) error {
	// After the segment was read: whoever changed a trail before a request of it ended, it is known.
	if err := s.trails.Refresh(ctx); err != nil {
		return err
	}
	for _, entry := range batch.Entries {
		s.gathered.passed += len(entry)
		if err := s.take(ctx, entry); err != nil {
			return err
		}
	}
	s.gathered.to = batch.Sequence
	return nil
}

// take takes the event of an entry. Entries that no trail selected when they were made are passed without being decoded.
func (s *Service) take(ctx context.Context, entry []byte) error {
	if !audit.IsFor(entry, audit.ForTrails) {
		return nil
	}
	r := &s.record
	if err := r.Decode(entry); err != nil {
		s.opts.Log.Error("an event for trails is lost", "fault", err.Error())
		return nil
	}
	f := event.FactsOf(r)
	if f.Category == event.Unlogged {
		return nil
	}
	var text []byte
	var of ids.AccountID
	return s.selecting(ctx, r, &f, r.Time, func(account ids.AccountID, t *cloudtrail.Trail) {
		if text == nil || of != account {
			text, of = event.Append(s.gathered.buffer[:0], r, account, s.opts.Region), account
			s.gathered.buffer = text
		}
		s.gathered.add(t, account, r.Time, text)
	})
}
