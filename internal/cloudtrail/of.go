package cloudtrail

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
)

// LogsData reports whether any trail that logs chooses data events. It is true as long as that is not known.
func (s *Service) LogsData() bool { return s.index.data.Load() }

// Of returns the trails that log the events of an account now, by ARN: its own, and those of its organization. It is
// empty for most accounts, and costs little then.
//
// The trails of a closed account log nothing.
func (s *Service) Of(ctx context.Context, account ids.AccountID) ([]*Trail, error) {
	return s.of(ctx, account, func(t *Trail) bool { return t.Record.Logging })
}

// At is Of for a time that is not long ago: it returns the trails that logged the account then, as far as LoggedAt
// knows. Whether an account is in an organization is asked as of now.
func (s *Service) At(ctx context.Context, account ids.AccountID, at time.Time) ([]*Trail, error) {
	return s.of(ctx, account, func(t *Trail) bool { return t.LoggedAt(at) })
}

func (s *Service) of(ctx context.Context, account ids.AccountID, logging func(*Trail) bool) ([]*Trail, error) {
	if s.index.none.Load() {
		return nil, nil
	}
	at := standing{account: account}
	var err error
	if at.organization, at.management, at.trusts, err = s.World.Organization(ctx, account, ServicePrincipal); err != nil {
		return nil, err
	}
	all, err := s.candidates(ctx, at, logging)
	if err != nil {
		return nil, err
	}
	open := map[string]bool{}
	for _, t := range all {
		if _, asked := open[t.Record.Account]; !asked {
			if open[t.Record.Account], err = s.World.Open(ctx, ids.AccountID(t.Record.Account)); err != nil {
				return nil, err
			}
		}
	}
	return slices.DeleteFunc(all, func(t *Trail) bool { return !open[t.Record.Account] }), nil
}

// standing is where an account stands in its organization.
type standing struct {
	account      ids.AccountID
	organization ids.OrganizationID // empty: none
	management   ids.AccountID
	trusts       bool
}

// settled is the function of the same name, from memory.
func (at *standing) settled(t *Trail) *Trail {
	if t.Record.Organization == "" || t.Record.Organization == string(at.organization) && at.management == at.account {
		return t
	}
	own := *t
	own.Record = proto.CloneOf(t.Record)
	own.Record.Organization = ""
	return &own
}

// candidates returns the trails that log an account if their own accounts are open.
func (s *Service) candidates(ctx context.Context, at standing, logging func(*Trail) bool) (all []*Trail, err error) {
	x := &s.index
	x.mu.RLock()
	defer x.mu.RUnlock()
	for x.stale {
		x.mu.RUnlock()
		err := s.Load(ctx)
		x.mu.RLock()
		if err != nil {
			return nil, err
		}
	}
	keep := func(t *Trail) {
		if logging(t) && (t.Record.Region == s.Region || t.Record.MultiRegion) {
			all = append(all, t)
		}
	}
	for _, t := range x.trails[at.account] {
		keep(at.settled(t))
	}
	if at.trusts && at.management != at.account {
		for _, t := range x.shared[at.organization] {
			if t.Record.Account == string(at.management) {
				keep(t)
			}
		}
	}
	slices.SortFunc(all, func(a, b *Trail) int { return strings.Compare(a.ARN, b.ARN) })
	return all, nil
}
