package accesslog

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/audit"
	"crossgrant/internal/journal"
)

// read gathers the lines of what the journal has, and reports whether it stopped because they are so many that they
// are to be delivered first.
func (s *Service) read(ctx context.Context) (much bool, err error) {
	if s.gathered == nil {
		at, err := s.journal.Position(ctx, Reader)
		if err != nil {
			return false, err
		}
		s.gathered = newGathered(at, s.most)
	}
	return s.journal.Follow(ctx, s.gathered.to, "a part of the access logs is lost", func() bool { return !s.gathered.much() },
		func(batch *journal.Batch) error { return s.gather(ctx, batch) })
}

// gather takes the lines of a segment: all of them, or none if it returns an error.
func (s *Service) gather(ctx context.Context, batch *journal.Batch) error {
	p := new(part)
	for _, entry := range batch.Entries {
		p.passed += len(entry)
		if err := s.take(ctx, p, entry); err != nil {
			return err
		}
	}
	if p.lost > 0 {
		s.drop(p.lost, "a segment of the journal becomes too many")
	}
	s.gathered.add(batch.Sequence, p)
	return nil
}

// take takes the lines of an entry. Those that are not for the access log are passed without being decoded.
func (s *Service) take(ctx context.Context, p *part, entry []byte) error {
	if !audit.IsFor(entry, audit.ForAccessLog) {
		return nil
	}
	r, err := audit.Decode(entry)
	if err != nil {
		s.opts.Log.Error("a record for the access logs is lost", "fault", err.Error())
		return nil
	}
	if !ofBuckets(r) {
		return nil
	}
	return s.lines(ctx, r, func(b *access.Bucket, text string) { p.add(b, r, text) })
}

// lines calls add with the lines of a request.
func (s *Service) lines(ctx context.Context, r *audit.Record, add func(b *access.Bucket, text string)) error {
	b, err := s.loggedFor(ctx, r, r.Bucket)
	if err != nil {
		return err
	}
	if b != nil {
		from := sourceOf(b)
		l := request(r, from)
		add(b, l.String())
		for i := range r.Deleted {
			l := deleted(r, from, &r.Deleted[i])
			add(b, l.String())
		}
	}
	if r.Source == nil {
		return nil
	}
	if b, err = s.loggedFor(ctx, r, r.Source.Bucket); b != nil {
		l := copied(r, sourceOf(b))
		add(b, l.String())
	}
	return err
}

func sourceOf(b *access.Bucket) *source {
	return &source{b.Record.Name, b.Owner, b.Canonical, b.Record.Region}
}
