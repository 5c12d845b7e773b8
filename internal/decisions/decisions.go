// Package decisions keeps the records of requests with the decisions that were made, and answers questions about
// them: why was this request denied, what was denied to this principal, what would a changed policy have done.
//
// It is the one reader of the stream of request records that writes them to the journal, from which explanations,
// access logs and whatever else reads requests are made. Every denial is kept, and every record that another reader
// of the journal wants; of what was allowed so many a second as Options.Allows says. What a record says of a
// decision is what package explain makes of it when the request ends: policies that change later change
// nothing in it.
//
// Whoever is no operator sees what its own account has to do with: of a request across accounts the caller's account
// sees the half of the identity, the owner's the half of the resource (see View).
package decisions

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/journal"
	"crossgrant/internal/limits"
	"crossgrant/internal/meta"
	"crossgrant/internal/questions"
)

// Options adjusts a Service.
type Options struct {
	// Allows is how many allowed requests a second are kept.
	Allows int
	// Readers are the other readers of the journal.
	Readers []Reader
	// Organizations returns what records say of the accounts that get the event of a request; nil: nothing.
	Organizations func(ctx context.Context, r *audit.Record) ([]audit.Organization, error)
	// Shown returns the name by which a principal of a stored policy is shown, the ARN of a unique ID; nil: as it is
	// stored.
	Shown func(stored string) string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives what could not be kept; nil means slog.Default.
	Log *slog.Logger
}

// Reader is a reader of the journal.
type Reader struct {
	ID audit.Readers
	// Wants reports whether the reader needs a record. It is asked of every request.
	Wants func(*audit.Record) bool
	// Lasting says that it must not miss a change that was acknowledged, whatever happens to the server: see Keep.
	Lasting bool
}

// Asker puts questions; package questions does.
type Asker interface {
	Ask(ctx context.Context, q questions.Question) (*questions.Asked, error)
}

// Service keeps records and finds them. It is safe for concurrent use.
type Service struct {
	journal *journal.Journal
	asker   Asker
	opts    Options
	allows  *limits.Rates[struct{}]
	buffers sync.Pool // of *[]byte
}

// maxBuffer is the size of the largest buffer that is used again, in bytes.
const maxBuffer = 64 << 10

var _ audit.Reader = (*Service)(nil)

// New returns a Service that keeps records in a journal.
func New(j *journal.Journal, asker Asker, opts Options) *Service {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Service{journal: j, asker: asker, opts: opts, allows: limits.NewRates[struct{}](1)}
}

// Record keeps a record, or does not.
func (s *Service) Record(r *audit.Record) {
	explained := refused(r) || s.sampled(r)
	readers := r.Kept
	if readers == 0 {
		readers, _ = s.readers(r)
	}
	if !explained && readers == 0 {
		return
	}
	if r.Kept == 0 {
		r = with(r, s.organizations(r))
	}
	buffer := s.buffer()
	text, err := encode(audit.AppendReaders((*buffer)[:0], readers), r, explained, len(r.Decisions), s.opts.Shown)
	if err == nil && len(text) > journal.MaxEntry {
		// One with a thousand long keys: who asked for what, and what came of it, is told all the same.
		text, err = encode(audit.AppendReaders(text[:0], readers), r, false, maxExplained, s.opts.Shown)
	}
	if err != nil {
		s.opts.Log.Error("keep the record of a request", "request_id", r.RequestID, "fault", err.Error())
		return
	}
	if r.Kept != 0 {
		s.journal.Settle(r.RequestID, r.Time, text)
	} else {
		s.journal.Append(r.Time, text)
	}
	s.release(buffer, text)
}

// buffer returns a buffer of its own, which is to be released.
func (s *Service) buffer() *[]byte {
	if b, ok := s.buffers.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

// release gives a buffer back that has become text, which must not be used any more.
func (s *Service) release(b *[]byte, text []byte) {
	if *b = text; cap(text) <= maxBuffer {
		s.buffers.Put(b)
	}
}

// Keep keeps the record of a request, as far as it is known, in the transaction of a change that the request makes, if
// a reader must not miss it. What the request is answered with is not known yet: the record has no status. It is
// settled by Record. An error fails the change.
//
// A request of many transactions is kept by the first that commits: its record grows with each, and what is kept of it
// says who asked for what already.
func (s *Service) Keep(tx meta.Tx, r *audit.Record) error {
	readers, lasting := s.readers(r)
	if !lasting {
		return nil
	}
	if r.Kept != 0 { // by a transaction that has committed, or one that has not
		if there, err := journal.IsKept(tx, r.RequestID); err != nil || there {
			return err
		}
	}
	r.Organizations = s.organizations(r)
	buffer := s.buffer()
	text, err := encode(audit.AppendReaders((*buffer)[:0], readers), r, false, maxExplained, s.opts.Shown)
	if err != nil {
		return err
	}
	defer s.release(buffer, text)
	r.Kept |= readers
	return journal.Keep(tx, r.RequestID, r.Time, text)
}

// with returns a record with organizations. The record itself is not changed.
func with(r *audit.Record, organizations []audit.Organization) *audit.Record {
	if len(organizations) == 0 {
		return r
	}
	whole := *r
	whole.Organizations = organizations
	return &whole
}

// organizations returns the organizations that a record is to have. What cannot be told is left to whoever reads it.
func (s *Service) organizations(r *audit.Record) []audit.Organization {
	if s.opts.Organizations == nil {
		return nil
	}
	all, err := s.opts.Organizations(access.Remembered(), r)
	if err != nil {
		s.opts.Log.Error("find the organizations that are told of a request", "request_id", r.RequestID, "fault", err.Error())
		return nil
	}
	return all
}

// refused reports whether anything that the request asked was denied, or whoever asked was not known.
func refused(r *audit.Record) bool {
	for i := range r.Decisions {
		if r.Decisions[i].Effect != authz.Allow {
			return true
		}
	}
	return r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden
}

// sampled reports whether a record is among the allowed ones that are kept. One that was turned away was not judged.
func (s *Service) sampled(r *audit.Record) bool {
	if s.opts.Allows == 0 || r.Shed != "" {
		return false
	}
	return s.allows.Take(struct{}{}, s.opts.Allows, s.opts.Allows, r.Time.Add(r.Duration)) == 0
}

// readers returns the readers that need a record, and whether one of them must not miss it.
func (s *Service) readers(r *audit.Record) (all audit.Readers, lasting bool) {
	for i := range s.opts.Readers {
		if reader := &s.opts.Readers[i]; reader.Wants(r) {
			all |= reader.ID
			lasting = lasting || reader.Lasting
		}
	}
	return all, lasting
}
