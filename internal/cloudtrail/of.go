package cloudtrail

import (
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
)

// LogsData reports whether any trail that logs, or did of late, chooses data events. It is true as long as that is not
// known.
func (s *Service) LogsData() bool { return s.index.data.Load() }

// Place is where an account stands in its organization, as far as any has trails; else it is empty.
type Place struct {
	Organization ids.OrganizationID // empty: none
	Management   ids.AccountID
	Trusts       bool // the organization trusts CloudTrail
}

// Place returns that of an account now. It costs little where no organization has trails.
func (s *Service) Place(ctx context.Context, account ids.AccountID) (p Place, err error) {
	if !s.index.organized.Load() {
		return p, nil
	}
	p.Organization, p.Management, p.Trusts, err = s.World.Organization(ctx, account, ServicePrincipal)
	return p, err
}

// At returns the trails that logged the events of an account at a time that is not long ago, as they were: its own by ARN,
// and then those of the organization that it was in. It is empty for most accounts, and costs little then.
//
// The trails of a closed account log nothing.
func (s *Service) At(ctx context.Context, account ids.AccountID, in Place, at time.Time) (then []*Trail, err error) {
	own, managements, err := s.candidates(ctx, account, in)
	if err != nil {
		return nil, err
	}
	for shared, all := range [...][]*Trail{own, managements} {
		for i, t := range all {
			if !answers(all, i, at) || !t.loggedAt(at) || t.Record.Region != s.Region && !t.Record.MultiRegion || shared == 1 && !in.shares(t) {
				continue
			}
			open, err := s.World.Open(ctx, ids.AccountID(t.Record.Account))
			if err != nil {
				return nil, err
			}
			if open {
				then = append(then, in.settled(t))
			}
		}
	}
	return then, nil
}

// answers reports whether, of a trail and its versions, the one with index i says what was so at a time: it is the one that
// ended first after it, or else the trail as it is now. The trail is first of them, and the latest version next.
func answers(all []*Trail, i int, at time.Time) bool {
	t := all[i]
	if !t.until.IsZero() && at.After(t.until) {
		return false
	}
	return i+1 == len(all) || all[i+1].ARN != t.ARN || at.After(all[i+1].until)
}

// Any reports whether an account has a trail, or had one of late, of its own or of its organization.
func (s *Service) Any(ctx context.Context, account ids.AccountID, in Place) (bool, error) {
	own, managements, err := s.candidates(ctx, account, in)
	return len(own) > 0 || slices.ContainsFunc(managements, in.shares), err
}

// shares reports whether a trail of the management account is one of the organization.
func (in Place) shares(t *Trail) bool { return t.Record.Organization == string(in.Organization) }

// settled is the function of the same name, from memory.
func (in Place) settled(t *Trail) *Trail {
	if t.Record.Organization == "" || in.shares(t) && string(in.Management) == t.Record.Account {
		return t
	}
	own := *t
	own.Record = proto.CloneOf(t.Record)
	own.Record.Organization = ""
	return &own
}

// candidates returns the trails of an account, and those of another one that manages its organization, of which some may
// be the organization's; with the versions of each. Both must not be changed.
func (s *Service) candidates(ctx context.Context, account ids.AccountID, in Place) (own, managements []*Trail, err error) {
	x := &s.index
	if x.none.Load() {
		return nil, nil, nil
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	for x.stale {
		x.mu.RUnlock()
		err := s.Load(ctx)
		x.mu.RLock()
		if err != nil {
			return nil, nil, err
		}
	}
	if in.Trusts && in.Management != account {
		managements = x.sorted[in.Management]
	}
	return x.sorted[account], managements, nil
}
