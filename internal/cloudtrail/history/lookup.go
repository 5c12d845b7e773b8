package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Event is an event as LookupEvents tells it.
type Event struct {
	ID, Name, Source, Username, AccessKeyID string
	ReadOnly                                bool
	Time                                    time.Time // whole seconds, UTC
	Resources                               []event.Resource
	Text                                    string // the JSON
}

// Page is what a lookup found, the latest first.
type Page struct {
	Events []Event
	// Token is for the next page; empty: there is none.
	Token string
}

// maxWork is how many bytes one Lookup reads, about: those of values, and again those of what is decompressed.
const maxWork = 8 << 20

// Lookup returns a page of the events that match a query, as the account sees them, of the last 90 days. A page may
// have fewer events than asked for, or none, and a token all the same: what one call reads is bounded. Errors are
// InvalidLookupAttributesException, InvalidTimeRangeException, InvalidMaxResultsException and InvalidNextTokenException.
//
// Events of one page are in the order of their times. A page may have an event that is later than one of the page before,
// if its request took longer.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
func (s *Service) Lookup(ctx context.Context, q Query) (*Page, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	l := &lookup{Service: s, q: &q, least: inSeconds(s.opts.Now().Add(-Age))}
	if l.least.Before(q.From) {
		l.least = q.From
	}
	at := position{s.end(&q), 0}
	if q.Token != "" {
		var err error
		if at, err = s.position(&q); err != nil {
			return nil, err
		}
	}
	// On one snapshot, so that nothing is merged or removed meanwhile.
	err := s.store.View(ctx, func(r meta.Reader) error {
		l.reader, l.found, l.read, l.next = r, nil, 0, nil
		return l.run(at)
	})
	if err != nil {
		return nil, fmt.Errorf("look up events of account %s: %w", q.Account, err)
	}
	return l.page()
}

// lookup is one Lookup.
type lookup struct {
	*Service
	q      *Query
	least  time.Time // the least that an event may have
	reader meta.Reader
	found  []*audit.Record
	read   int       // bytes
	next   *position // where to go on, if it ended early; nil: there is nothing more
}

// run finds events from a position on, the latest first.
func (l *lookup) run(at position) error {
	if at.index > 0 {
		// The value that the page before ended in comes first.
		if err := l.value(at.sequence, at.index); err != nil || l.next != nil {
			return err
		}
	}
	return l.backwards(sequenceAt(l.least.Add(-slack)), at.sequence, func(sequence uint64) (bool, error) {
		if l.read >= l.work {
			l.next = &position{sequence, whole}
			return false, nil
		}
		err := l.value(sequence, whole)
		return l.next == nil, err
	})
}

// value finds events among the entries of the segment of a sequence with indexes below one, and those of earlier segments
// that are merged with it. A value that cannot be read is logged, and passed: fsck tells of it.
func (l *lookup) value(sequence uint64, below uint32) error {
	at, v, size, err := l.load(sequence)
	if err != nil || v == nil {
		return err
	}
	l.read += size
	if !l.covers(time.Unix(0, v.First), time.Unix(0, v.Last)) {
		return nil
	}
	entries, size, err := l.unpack(v.Zstd)
	var of []stretch
	if err == nil {
		of, err = stretches(at, v, len(entries))
	}
	if err != nil {
		l.unreadable(at, err)
		return nil
	}
	l.read += size
	l.entries(entries, of, sequence, below)
	return nil
}

// entries is value for entries and the segments that they are of.
func (l *lookup) entries(entries [][]byte, of []stretch, sequence uint64, below uint32) {
	for _, part := range slices.Backward(of) {
		if part.sequence > sequence {
			continue
		}
		end := part.to
		if part.sequence == sequence {
			end = min(end, part.from+int(below))
		}
		for i := end - 1; i >= part.from; i-- {
			if len(l.found) == l.q.Max {
				l.next = &position{part.sequence, uint32(i-part.from) + 1}
				return
			}
			r, err := audit.Decode(entries[i])
			if err != nil {
				l.unreadable(part.sequence, err)
				continue
			}
			if l.covers(r.Time, r.Time) && l.q.matches(r) && !l.has(r) {
				l.found = append(l.found, r)
			}
		}
	}
}

// unreadable logs what cannot be read.
func (l *lookup) unreadable(sequence uint64, err error) {
	l.opts.Log.Error("events of the event history cannot be read", "account", string(l.q.Account), "sequence", sequence, "fault", err.Error())
}

// has reports whether the request of a record was found: the journal may have a request twice, as it was when its change
// was committed and, later, as it ended. That of another page is told again, under the same ID.
func (l *lookup) has(r *audit.Record) bool {
	return slices.ContainsFunc(l.found, func(f *audit.Record) bool { return f.RequestID == r.RequestID && f.HostID == r.HostID })
}

// covers reports whether events between two times may be within the query's.
func (l *lookup) covers(first, last time.Time) bool {
	return !inSeconds(last).Before(l.least) && (l.q.To.IsZero() || !inSeconds(first).After(l.q.To))
}

// load returns the value with the events of a segment, its own sequence, and its size; nil if it was removed since the
// page before, or cannot be read.
func (l *lookup) load(sequence uint64) (at uint64, v *records.TrailEvents, size int, err error) {
	_, to := keys.TrailEventsOf(l.q.Account)
	it := l.reader.Scan(keys.TrailEvents(l.q.Account, sequence), to)
	if it.Next() {
		v, size = new(records.TrailEvents), len(it.Value())
		if _, at, err = keys.ParseTrailEvents(it.Key()); err == nil {
			err = records.Unmarshal(it.Value(), v)
		}
	}
	if err = errors.Join(err, it.Close()); errors.Is(err, meta.ErrCorrupt) {
		l.unreadable(at, err)
		return 0, nil, 0, nil
	}
	if err != nil || v == nil || at != sequence && !has(v, sequence) {
		// The one that comes next is neither of that sequence nor merged of it and others.
		return 0, nil, 0, err
	}
	return at, v, size, nil
}

// page returns what was found.
func (l *lookup) page() (*Page, error) {
	slices.SortStableFunc(l.found, func(a, b *audit.Record) int { return cmp.Compare(b.Time.UnixNano(), a.Time.UnixNano()) })
	p := new(Page)
	for _, r := range l.found {
		p.Events = append(p.Events, l.event(r))
	}
	if l.next == nil {
		return p, nil
	}
	var err error
	p.Token, err = l.token(l.q, *l.next)
	return p, err
}

// event returns the event of a record as the account of the query sees it.
func (l *lookup) event(r *audit.Record) Event {
	account, facts := l.q.Account, event.FactsOf(r)
	return Event{
		ID: event.ID(r, account), Name: facts.Name, Source: facts.Source, Username: event.Username(r, account), AccessKeyID: accessKey(r, account),
		ReadOnly: facts.ReadOnly, Time: inSeconds(r.Time), Resources: event.Resources(r, account),
		Text: string(event.Append(nil, r, account, l.opts.Region)),
	}
}
