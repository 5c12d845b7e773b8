package querytest

import (
	"context"
	"time"

	"crossgrant/internal/cloudtrail/history"
	"crossgrant/internal/cloudtrail/signing"
	"crossgrant/internal/ids"
)

// trailDoubles stands in the place of what CloudTrail's API is given beside the trails.
type trailDoubles struct{ w *World }

// Probe implements cloudtrail.Destination.
func (d trailDoubles) Probe(_ context.Context, account ids.AccountID, trailARN, bucket, prefix, organization string) error {
	if d.w.Buckets == nil {
		return nil
	}
	return d.w.Buckets(account, trailARN, bucket, prefix, organization)
}

// Lookup implements cloudtrailapi.History.
func (d trailDoubles) Lookup(_ context.Context, q history.Query) (*history.Page, error) {
	if d.w.History == nil {
		return new(history.Page), nil
	}
	return d.w.History(q)
}

// Public implements cloudtrailapi.Keys.
func (d trailDoubles) Public(_ context.Context, from, to time.Time) ([]signing.PublicKey, error) {
	if d.w.Keys == nil {
		return nil, nil
	}
	return d.w.Keys(from, to)
}
