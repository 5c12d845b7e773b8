package decisions

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/explain"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Outcomes of a request as a Query names them.
const (
	Allowed = "allowed" // everything that it asked
	Denied  = "denied"  // anything of it, or whoever asked was not known
)

// MaxFound is how many requests one query finds at most.
const MaxFound = 1000

// Query says which requests are looked for: those that match everything that is not empty.
type Query struct {
	RequestID string
	// Principal is an ARN: of the caller, or of the role whose sessions called; or a service principal.
	Principal string
	// Account is that of the caller or of an owner of what was asked for.
	Account ids.AccountID
	Bucket  string
	// Action is an action of IAM, or a pattern such as "s3:Get*".
	Action string
	// Outcome is Allowed or Denied.
	Outcome string
	// From and To bound the time at which a request was accepted, both included; zero: no bound.
	From, To time.Time
	// Limit is how many are found at most, the latest; 0 means MaxFound.
	Limit int
}

// check refuses what finds nothing by mistake.
func (q *Query) check() error {
	if q.RequestID != "" {
		if _, ok := ids.RequestTime(q.RequestID); !ok {
			return invalid("%q is not a request ID: it has 16 upper-case letters and digits, as answers have it in x-amz-request-id.", q.RequestID)
		}
	}
	if q.Outcome != "" && q.Outcome != Allowed && q.Outcome != Denied {
		return invalid("%q is not an outcome: %s or %s.", q.Outcome, Allowed, Denied)
	}
	if q.Action != "" && len(policy.MatchingActions(q.Action)) == 0 {
		return invalid("%q matches no action.", q.Action)
	}
	if q.Principal != "" {
		if _, err := arn.Parse(q.Principal); err != nil && !strings.HasSuffix(q.Principal, ".amazonaws.com") {
			return invalid("%q is neither an ARN nor a service principal, such as cloudtrail.amazonaws.com.", q.Principal)
		}
	}
	if q.Limit < 0 || q.Limit > MaxFound {
		return invalid("The limit %d is not within 1 and %d.", q.Limit, MaxFound)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return apierr.New(http.StatusBadRequest, "ValidationError", format, args...)
}

// Page is what a query found, the latest first.
type Page struct {
	Requests []Request
	// More says that there may be others, before the last one.
	More bool `json:",omitempty"`
}

// Find returns the requests that match a query, as a viewer may see them: those that its account has nothing to
// do with are not found.
func (s *Service) Find(ctx context.Context, q Query, viewer Viewer) (Page, error) {
	page := Page{Requests: []Request{}}
	if q.Limit == 0 {
		q.Limit = MaxFound
	}
	more, err := s.each(ctx, q, viewer.most(), func(r *records.RequestRecord) (bool, error) {
		if !viewer.concerned(r) || !viewer.finds(r, q.Account) {
			return true, nil
		}
		if len(page.Requests) == q.Limit {
			page.More = true
			return false, nil
		}
		one, err := viewer.request(r)
		page.Requests = append(page.Requests, one)
		return q.RequestID == "", err
	})
	page.More = page.More || more
	return page, err
}

// Explain returns the request of an ID, with what would allow it if it was denied: NoSuchRequest if it was not kept, or
// is none of the viewer's.
func (s *Service) Explain(ctx context.Context, id string, viewer Viewer) (Request, error) {
	if id == "" {
		return Request{}, invalid("A request ID is missing.")
	}
	found, err := s.found(ctx, id, viewer)
	for wait := 10 * time.Millisecond; err == nil && found == nil && s.onItsWay(id) && wait < time.Second; wait *= 2 {
		select {
		case <-ctx.Done():
			return Request{}, ctx.Err()
		case <-time.After(wait):
		}
		found, err = s.found(ctx, id, viewer)
	}
	if err != nil {
		return Request{}, err
	}
	if found == nil {
		return Request{}, apierr.New(http.StatusNotFound, "NoSuchRequest",
			"No request %s is on record: it is another's, too old, or one of many that were allowed at the same time. Denials are always kept.", id)
	}
	out, err := viewer.request(found)
	if err == nil && out.Report != nil && !out.Report.Allowed {
		err = s.remedy(ctx, found, viewer, &out)
	}
	return out, err
}

// found returns the record of an ID; nil if there is none that is the viewer's.
func (s *Service) found(ctx context.Context, id string, viewer Viewer) (found *records.RequestRecord, err error) {
	_, err = s.each(ctx, Query{RequestID: id}, 0, func(r *records.RequestRecord) (bool, error) {
		if viewer.concerned(r) {
			found = r
		}
		return found == nil, nil
	})
	return found, err
}

// onItsWay reports whether a request is so recent that its record may not have been made: a request is recorded when its
// answer has been sent, and who got the answer may ask at once.
func (s *Service) onItsWay(id string) bool {
	at, ok := ids.RequestTime(id)
	return ok && s.opts.Now().Sub(at).Abs() < 5*time.Second
}

// remedy adds to a denied request what would allow it, with all policies and the object as they are now.
func (s *Service) remedy(ctx context.Context, r *records.RequestRecord, viewer Viewer, out *Request) error {
	checks, err := explanations(r)
	if err != nil {
		return err
	}
	allowed := true
	for i, d := range r.Decisions[:len(checks)] {
		if authz.Effect(d.Effect) == authz.Allow {
			continue
		}
		inputs, _, err := s.inputs(ctx, r, d, true)
		if err != nil {
			return err
		}
		if inputs == nil || slices.ContainsFunc(inputs, func(in *authz.Input) bool { return string(in.Owner) != d.Owner }) {
			// What has the name now may be another account's: what would allow it is not for the owner of then.
			allowed = false
			continue
		}
		now, _ := decide(inputs)
		allowed = allowed && now.Allowed()
		checks[i] = checks[i].Remedied(explain.Of(authz.Explain(inputs[0]), explain.Facts{Shown: s.opts.Shown}))
	}
	if viewer.operator {
		out.Now = Denied
		if allowed {
			out.Now = Allowed
		}
	}
	out.Report = explain.NewReport(checks).For(viewer.view)
	return nil
}

// longest is how long a request lasts at most whose record is found by its time or its ID: it is recorded when it
// ends. Most end within soon.
const (
	longest = 24 * time.Hour
	soon    = time.Minute
)

// maxLooked is how many records one query of an account looks at. What is before them is found by a query with an
// earlier end.
const maxLooked = 50_000

// each calls fn with the records that match a query, the latest first, until it returns false or an error. What was
// recorded before it is called is among them. most is how many records are looked at, whether they match or not; 0: all.
// It reports whether there were more.
func (s *Service) each(ctx context.Context, q Query, most int, fn func(*records.RequestRecord) (bool, error)) (more bool, err error) {
	if err := q.check(); err != nil {
		return false, err
	}
	written := s.journal.Settled
	if q.RequestID != "" {
		written = s.journal.Flush // who asks for one asks again: see Explain
	}
	if err := written(ctx); err != nil {
		return false, err
	}
	if q.From.IsZero() {
		q.From = time.Unix(0, 0)
	}
	if q.To.IsZero() {
		q.To = s.opts.Now().Add(time.Hour) // a clock may be ahead
	}
	ended := false
	look := func(m *matcher, looked int) func(entry []byte) (bool, error) {
		return func(entry []byte) (bool, error) {
			if looked++; most > 0 && looked > most {
				more = true
				return false, nil
			}
			r, err := decode(entry)
			if err != nil || !m.matches(r) {
				return err == nil, cmp.Or(err, ctx.Err())
			}
			on, err := fn(r)
			ended = !on
			return on, err
		}
	}
	if at, ok := ids.RequestTime(q.RequestID); ok {
		q.From, q.To = at, at.Add(time.Millisecond-1)
		if err := s.journal.Latest(ctx, q.From, q.To, soon, look(newMatcher(&q), 0)); err != nil || ended {
			return false, err
		}
	}
	return more, s.journal.Latest(ctx, q.From, q.To, longest, look(newMatcher(&q), 0))
}

// matcher is a query made ready to be compared with many records.
type matcher struct {
	Query
	from, to int64
	actions  map[string]bool
	sessions string // what the ARNs of sessions of the role begin with; empty if Principal is none
}

func newMatcher(q *Query) *matcher {
	m := &matcher{Query: *q, from: q.From.UnixNano(), to: q.To.UnixNano()}
	if q.Action != "" {
		m.actions = map[string]bool{}
		for _, name := range policy.MatchingActions(q.Action) {
			m.actions[name] = true
		}
	}
	if a, err := arn.Parse(q.Principal); err == nil && a.Service == "iam" && a.Type() == "role" {
		m.sessions = arn.AssumedRole(ids.AccountID(a.Account), a.Name(), "").String()
	}
	return m
}

func (m *matcher) matches(r *records.RequestRecord) bool {
	return r.Time >= m.from && r.Time <= m.to &&
		(m.RequestID == "" || r.RequestId == m.RequestID) &&
		(m.Principal == "" || r.CallerArn == m.Principal || m.sessions != "" && strings.HasPrefix(r.CallerArn, m.sessions)) &&
		(m.Account == "" || r.CallerAccount == string(m.Account) || r.ResourceOwner == string(m.Account) || partOf(r, m.Account)) &&
		(m.Bucket == "" || string(r.Bucket) == m.Bucket) &&
		(m.Outcome == "" || m.Outcome == outcome(r)) &&
		(m.actions == nil || m.asks(r))
}

func (m *matcher) asks(r *records.RequestRecord) bool {
	for _, d := range r.Decisions {
		if m.actions[d.Action] {
			return true
		}
	}
	return false
}

// outcome returns Allowed or Denied, as refused tells them apart.
func outcome(r *records.RequestRecord) string {
	for _, d := range r.Decisions {
		if authz.Effect(d.Effect) != authz.Allow {
			return Denied
		}
	}
	if r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden {
		return Denied
	}
	return Allowed
}
