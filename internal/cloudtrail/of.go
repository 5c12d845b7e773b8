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

// At returns the trails that logged the events of an account at a time that is not long ago, as they were: its
// own by ARN, and then those of its organization. It is empty for most accounts, and costs little then. Whether an account is in an
// organization is asked as of now.
//
// The trails of a closed account log nothing.
func (s *Service) At(ctx context.Context, account ids.AccountID, at time.Time) ([]*Trail, error) {
	place, err := s.Place(ctx, account)
	if err != nil || place == nil {
		return nil, err
	}
	return s.AtPlace(ctx, place, at)
}

// AtPlace is At for an account that stood there in its organization.
func (s *Service) AtPlace(ctx context.Context, place *Place, at time.Time) (then []*Trail, err error) {
	own, managements, err := s.candidates(ctx, place)
	if err != nil {
		return nil, err
	}
	for shared, all := range [...][]*Trail{own, managements} {
		for i, t := range all {
			if !answers(all, i, at) || !t.loggedAt(at) || t.Record.Region != s.Region && !t.Record.MultiRegion ||
				shared == 1 && t.Record.Organization != string(place.Organization) {
				continue
			}
			open, err := s.World.Open(ctx, ids.AccountID(t.Record.Account))
			if err != nil {
				return nil, err
			}
			if open {
				then = append(then, place.settled(t))
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
func (s *Service) Any(ctx context.Context, account ids.AccountID) (bool, error) {
	place, err := s.Place(ctx, account)
	if err != nil || place == nil {
		return false, err
	}
	own, managements, err := s.candidates(ctx, place)
	shared := slices.ContainsFunc(managements, func(t *Trail) bool { return t.Record.Organization == string(place.Organization) })
	return len(own) > 0 || shared, err
}

// Place is where an account stands in its organization.
type Place struct {
	Account      ids.AccountID
	Organization ids.OrganizationID // empty: none
	Management   ids.AccountID
	Trusts       bool // the organization trusts CloudTrail
}

// Place returns where an account stands now; nil if there are no trails.
func (s *Service) Place(ctx context.Context, account ids.AccountID) (*Place, error) {
	if s.index.none.Load() {
		return nil, nil
	}
	at := Place{Account: account}
	var err error
	at.Organization, at.Management, at.Trusts, err = s.World.Organization(ctx, account, ServicePrincipal)
	return &at, err
}

// settled is the function of the same name, from memory.
func (at *Place) settled(t *Trail) *Trail {
	if t.Record.Organization == "" || t.Record.Organization == string(at.Organization) && string(at.Management) == t.Record.Account {
		return t
	}
	own := *t
	own.Record = proto.CloneOf(t.Record)
	own.Record.Organization = ""
	return &own
}

// candidates returns the trails of an account, and those of another one that manages its organization, of which some may
// be the organization's; with the versions of each. Both must not be changed.
func (s *Service) candidates(ctx context.Context, at *Place) (own, managements []*Trail, err error) {
	x := &s.index
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
	if at.Trusts && at.Management != at.Account {
		managements = x.sorted[at.Management]
	}
	return x.sorted[at.Account], managements, nil
}
