package delivery

import (
	"context"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/cloudtrail/selector"
	"crossgrant/internal/ids"
)

// Wants reports whether a trail may select the event of a request. It is asked of every request, and looks up in memory
// what the trails say now; if that cannot be told, one may.
func (s *Service) Wants(r *audit.Record) bool {
	f := event.FactsOf(r)
	if f.Category == event.Unlogged || f.Category == event.Data && !s.trails.LogsData() {
		return false
	}
	wanted := false
	err := s.selecting(context.Background(), r, &f, r.Time, func(ids.AccountID, *cloudtrail.Trail) { wanted = true })
	return wanted || err != nil
}

// selecting calls fn with each trail that selects the event of a request, and the account whose copy it gets.
func (s *Service) selecting(ctx context.Context, r *audit.Record, f *event.Facts, at time.Time, fn func(ids.AccountID, *cloudtrail.Trail)) error {
	e := selector.Event{
		Management: f.Category == event.Management, ReadOnly: f.ReadOnly, Name: f.Name, Source: f.Source,
		ResourceType: f.ResourceType, ResourceARN: f.ResourceARN, UserARN: r.CallerARN,
	}
	var two [2]ids.AccountID
	for _, account := range event.AppendRecipients(two[:0], r) {
		all, err := s.trails.At(ctx, account, at)
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
