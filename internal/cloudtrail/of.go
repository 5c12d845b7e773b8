package cloudtrail

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/ids"
)

// LogsData reports whether any trail that logs, or did of late, chooses data events. It is true as long as that is not
// known.
func (s *Service) LogsData() bool { return s.index.data.Load() }

// Place is where an account stands in its organization, as far as that has trails; else it is empty.
type Place struct {
	Organization ids.OrganizationID
	Management   ids.AccountID
}

// Place returns that of an account now. It costs little where no organization has trails.
func (s *Service) Place(ctx context.Context, account ids.AccountID) (p Place, err error) {
	if !s.index.organized.Load() {
		return p, nil
	}
	p.Organization, p.Management, err = s.World.Trusting(ctx, account, ServicePrincipal)
	return p, err
}

// At returns the trails that logged the events of an account at a time that is not long ago, as they were, by ARN: its
// own, and those of the organization that it was in. It is empty for most accounts, and costs little then.
//
// The trails of a closed account log nothing.
func (s *Service) At(ctx context.Context, account ids.AccountID, in Place, at time.Time) ([]*Trail, error) {
	if s.index.none.Load() {
		return nil, nil
	}
	all, err := s.candidates(ctx, account, in)
	if err != nil {
		return nil, err
	}
	all = asOf(all, at)
	if len(all) == 0 {
		return nil, nil
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

// asOf returns, of trails and their versions, those that logged at a time, by ARN: the version that ended first after
// it, or else the trail as it is now.
func asOf(all []*Trail, at time.Time) (then []*Trail) {
	slices.SortFunc(all, func(a, b *Trail) int {
		return cmp.Or(strings.Compare(a.ARN, b.ARN), a.isVersion()-b.isVersion(), b.until.Compare(a.until))
	})
	// Of each ARN there is now first what is so at present, and then the versions, the latest first.
	for i, t := range all {
		last := i+1 == len(all) || all[i+1].ARN != t.ARN || at.After(all[i+1].until)
		first := t.until.IsZero() || !at.After(t.until)
		if first && last && t.loggedAt(at) {
			then = append(then, t)
		}
	}
	return then
}

// Any reports whether an account has a trail, or had one of late, of its own or of its organization.
func (s *Service) Any(ctx context.Context, account ids.AccountID, in Place) (bool, error) {
	if s.index.none.Load() {
		return false, nil
	}
	all, err := s.candidates(ctx, account, in)
	return len(all) > 0, err
}

// candidates returns the trails that log an account of an organization if their own accounts are open, and their
// versions.
func (s *Service) candidates(ctx context.Context, account ids.AccountID, in Place) (all []*Trail, err error) {
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
		if t.Record.Region == s.Region || t.Record.MultiRegion {
			all = append(all, t)
		}
	}
	for _, t := range x.trails[account] {
		keep(t)
	}
	if in.Organization != "" && in.Management != account {
		for _, t := range x.shared[in.Organization] {
			if t.Record.Account == string(in.Management) {
				keep(t)
			}
		}
	}
	return all, nil
}
