package delivery

import (
	"context"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/cloudtrail/selector"
	"crossgrant/internal/ids"
)

// Wants reports whether a trail may select the event of a request. It is asked of every request, and looks up in memory
// what the trails say now; if that cannot be told, one may.
//
// In a store that servers share, another one may have changed a trail of which this one learns with its next request, or within a
// second. So all management events are wanted, which the event history has anyway.
func (s *Service) Wants(r *audit.Record) bool {
	c := event.CategoryOf(r)
	if c == event.Unlogged || c == event.Data && !s.trails.LogsData() {
		return false
	}
	if c == event.Management && s.store.Shared() {
		return true
	}
	f := event.FactsOf(r)
	wanted := false
	err := s.selecting(access.Remembered(), r, &f, r.Time, func(ids.AccountID, *cloudtrail.Trail) { wanted = true })
	return wanted || err != nil
}

// selecting calls fn with each trail that selects the event of a request, and the account whose copy it gets.
func (s *Service) selecting(ctx context.Context, r *audit.Record, f *event.Facts, at time.Time, fn func(ids.AccountID, *cloudtrail.Trail)) error {
	e := selector.Event{
		Management: f.Category == event.Management, ReadOnly: f.ReadOnly, Name: f.Name, Source: f.Source,
		ResourceType: f.ResourceType, ResourceARN: f.ResourceARN, UserARN: r.CallerARN,
		FromConsole: r.Session != nil && r.Session.Console,
	}
	var two [2]ids.AccountID
	for _, account := range event.AppendRecipients(two[:0], r) {
		in, err := s.place(ctx, r, account)
		if err != nil {
			return err
		}
		all, err := s.trails.At(ctx, account, in, at)
		if err != nil {
			return err
		}
		for _, t := range all {
			if t.Logs(&e) {
				fn(account, t)
			}
		}
	}
	return nil
}

// place returns where an account stands in its organization: as its record says, or else now.
func (s *Service) place(ctx context.Context, r *audit.Record, account ids.AccountID) (cloudtrail.Place, error) {
	for _, o := range r.Organizations {
		if o.Account == account {
			return cloudtrail.Place{Organization: o.ID, Management: o.Management, Trusts: true}, nil
		}
	}
	return s.trails.Place(ctx, account)
}

// Organizations returns those of the accounts that get the event of a request, as they are now, where they have trails.
func (s *Service) Organizations(ctx context.Context, r *audit.Record) (all []audit.Organization, err error) {
	var two [2]ids.AccountID
	for _, account := range event.AppendRecipients(two[:0], r) {
		in, err := s.trails.Place(ctx, account)
		if err != nil {
			return nil, err
		}
		if in.Trusts {
			all = append(all, audit.Organization{Account: account, ID: in.Organization, Management: in.Management})
		}
	}
	return all, nil
}
