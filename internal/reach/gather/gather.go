// Package gather reads from the store what package reach computes an answer from: the principals, buckets and roles
// that can have to do with a question, as they are in one snapshot. Accounts that nothing on the side of a bucket or
// role lets in are not read at all.
//
// Errors that whoever asks is meant to see are *apierr.Error: ValidationError for what makes no sense,
// NoSuchEntity and NoSuchBucket for what is not there.
package gather

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/reach"
)

// Limits bound what is read for one question. What they leave out is told in the result.
type Limits struct {
	Principals int // users and roles
	Buckets    int
	Records    int // of objects, looked through for those with an owner or ACL of their own
	Objects    int // of those that are found
	Paths      int // that are told; 0: all
	// Time is how long may be thought about what was read; 0: as long as it takes.
	Time time.Duration
}

// Default are limits that let the largest deployments of one server through, but for their objects.
var Default = Limits{Principals: 20_000, Buckets: 20_000, Records: 200_000, Objects: 10_000}

// Service answers questions. It is safe for concurrent use.
type Service struct {
	store  *meta.Store
	limits Limits
}

// New returns a Service that reads store.
func New(store *meta.Store, limits Limits) *Service { return &Service{store, limits} }

// Answer answers a question, as things are in one snapshot.
func (s *Service) Answer(ctx context.Context, q reach.Question) (*reach.Result, error) {
	if err := check(&q); err != nil {
		return nil, err
	}
	var out *reach.Result
	err := s.store.View(ctx, func(r meta.Reader) error {
		g := newGathering(ctx, r, s.limits)
		var err error
		out, err = g.answer(q)
		return err
	})
	return out, err
}

// check refuses a question that makes no sense.
func check(q *reach.Question) error {
	n := 0
	for _, s := range []string{q.Bucket, q.Principal, q.Outside} {
		if s != "" {
			n++
		}
	}
	switch {
	case n > 1:
		return invalid("Ask about one of a bucket, a principal, and what is outside an account or organization.")
	case q.Bucket == "" && (q.Key != "" || q.Prefix != "") || q.Key != "" && q.Prefix != "":
		return invalid("A key or a prefix belongs to a bucket.")
	case q.Action != "" && len(policy.MatchingActions(q.Action)) == 0:
		return invalid("No action is like %q.", q.Action)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return apierr.New(http.StatusBadRequest, "ValidationError", "%s", fmt.Sprintf(format, args...))
}

// snapshot is an engine of one snapshot, so that what package access reads is of it, too.
type snapshot struct{ meta.Reader }

var _ meta.Engine = snapshot{}

// View runs fn on the snapshot.
func (s snapshot) View(_ context.Context, fn func(meta.Reader) error) error { return fn(s.Reader) }

// Update refuses.
func (s snapshot) Update(context.Context, func(meta.Tx) error) error {
	return errors.New("gather: a snapshot cannot be written to")
}

// Close does nothing.
func (s snapshot) Close() error { return nil }

// gathering is the reading for one question.
type gathering struct {
	ctx    context.Context
	r      meta.Reader
	access *access.Access
	limits Limits

	world     *reach.World
	accounts  map[ids.AccountID]*account
	order     []ids.AccountID
	canonical map[ids.CanonicalUserID]ids.AccountID
	callers   map[string]*reach.Caller // by ID
	roles     map[string]*reach.AssumedRole
	own       map[string]bool // the buckets of the account that the world is for
	records   int
	objects   int
}

func newGathering(ctx context.Context, r meta.Reader, limits Limits) *gathering {
	return &gathering{
		ctx: ctx, r: r, access: access.New(meta.New(snapshot{r}), nil, nil), limits: limits, world: new(reach.World),
		accounts: map[ids.AccountID]*account{}, canonical: map[ids.CanonicalUserID]ids.AccountID{},
		callers: map[string]*reach.Caller{}, roles: map[string]*reach.AssumedRole{},
	}
}

func (g *gathering) answer(q reach.Question) (*reach.Result, error) {
	if err := g.readAccounts(); err != nil {
		return nil, err
	}
	switch {
	case q.Bucket != "":
		return g.to(q)
	case q.Principal != "":
		return g.of(q)
	case q.Outside != "":
		return g.into(q)
	default:
		return g.within(q, func(ids.AccountID) bool { return true }, func(n *names) *names { return n })
	}
}

// cut tells in the result that something was left out.
func (g *gathering) cut(format string, args ...any) {
	sentence := fmt.Sprintf(format, args...)
	for _, c := range g.world.Cut {
		if c == sentence {
			return
		}
	}
	g.world.Cut = append(g.world.Cut, sentence)
}

// to answers who reaches a bucket.
func (g *gathering) to(q reach.Question) (*reach.Result, error) {
	b, err := g.bucket(q.Bucket, &q)
	if err != nil {
		return nil, err
	}
	g.world.Buckets = append(g.world.Buckets, b)
	var n names
	n.ofBucket(b)
	if err := g.let(&n, b, nil); err != nil {
		return nil, err
	}
	return g.closed(q, func(r *reach.Result) error { return g.trusted(r) })
}

// closed answers q, and again after more has read what the answer turned out to need, until it needs nothing more.
func (g *gathering) closed(q reach.Question, more func(*reach.Result) error) (*reach.Result, error) {
	for {
		known := len(g.world.Callers) + len(g.world.Roles)
		r := reach.Answer(g.world, q)
		if err := more(r); err != nil {
			return nil, err
		}
		if len(g.world.Callers)+len(g.world.Roles) == known {
			return r, nil
		}
	}
}

// trusted reads who may assume the roles that an answer begins at.
func (g *gathering) trusted(r *reach.Result) error {
	for _, p := range r.Principals {
		if p.Kind != reach.Role && p.Kind != reach.Session {
			continue
		}
		role, err := g.role(g.callers[p.ID].As.EntityARN)
		if err != nil {
			return err
		}
		if role != nil {
			var n names
			n.ofRole(role)
			if err := g.let(&n, nil, role); err != nil {
				return err
			}
		}
	}
	return nil
}

// of answers what a principal reaches.
func (g *gathering) of(q reach.Question) (*reach.Result, error) {
	c, err := g.principal(q.Principal)
	if err != nil {
		return nil, err
	}
	q.Principal = c.ID
	if err := g.allBuckets(&q, func(ids.AccountID) bool { return true }); err != nil {
		return nil, err
	}
	if err := g.allRoles(func(ids.AccountID) bool { return true }); err != nil {
		return nil, err
	}
	return g.closed(q, g.assumed)
}

// assumed reads as principals the roles that an answer leads to.
func (g *gathering) assumed(r *reach.Result) error {
	for _, t := range r.Targets {
		if t.Kind == reach.RoleTarget {
			if _, err := g.principal(t.ARN); err != nil {
				return err
			}
		}
	}
	return nil
}

// into answers what anyone outside an account or organization reaches in it.
func (g *gathering) into(q reach.Question) (*reach.Result, error) {
	inside := map[ids.AccountID]bool{}
	for _, a := range g.world.Accounts {
		if string(a.ID) == q.Outside || string(a.Organization) == q.Outside {
			inside[a.ID] = true
		}
	}
	if len(inside) == 0 || strings.TrimSpace(q.Outside) == "" {
		return nil, apierr.New(http.StatusNotFound, "NoSuchEntity", "There is no account or organization %s.", q.Outside)
	}
	within := func(id ids.AccountID) bool { return inside[id] }
	return g.within(q, within, func(n *names) *names { return n.without(within) })
}

// within answers who of those that are asked about reaches what accounts have.
func (g *gathering) within(q reach.Question, within func(ids.AccountID) bool, asked func(*names) *names) (*reach.Result, error) {
	if err := g.allBuckets(&q, within); err != nil {
		return nil, err
	}
	if err := g.allRoles(within); err != nil {
		return nil, err
	}
	for _, b := range g.world.Buckets {
		var n names
		n.ofBucket(b)
		if err := g.let(asked(&n), b, nil); err != nil {
			return nil, err
		}
	}
	for _, role := range g.world.Roles {
		var n names
		n.ofRole(role)
		if err := g.let(asked(&n), nil, role); err != nil {
			return nil, err
		}
	}
	return g.closed(q, g.assumed)
}
