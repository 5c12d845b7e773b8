package analyzer

import (
	"context"
	"slices"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
)

// Analyzed is a resource of the zone with what its findings say together.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_AnalyzedResource.html
type Analyzed struct {
	ARN, Type string
	Owner     ids.AccountID
	// Created is when its first finding was made, Updated when the last one changed, and At when it was analyzed.
	Created, At, Updated time.Time
	Public               bool
	Actions, SharedVia   []string
	// Status is Active if one of its findings is, else that of one of them; empty if there are none.
	Status string
	Error  string
}

// Resources returns the resources of the zone, by account and type, without their findings; kind is a type, or empty
// for all.
func (s *Service) Resources(ctx context.Context, account ids.AccountID, analyzer, kind string) (all []Analyzed, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		all = nil
		z, err := enabled(r, account, analyzer)
		if err != nil {
			return err
		}
		list, err := resourcesOf(r, z)
		for _, r := range list {
			if kind == "" || kind == r.Type {
				all = append(all, Analyzed{ARN: r.ARN, Type: r.Type, Owner: r.Owner})
			}
		}
		return err
	})
	return all, err
}

// Resource analyzes a resource of the zone and returns it. The error is a ResourceNotFoundException if it is none.
func (s *Service) Resource(ctx context.Context, account ids.AccountID, analyzer, resourceARN string) (a Analyzed, err error) {
	all, err := s.Resources(ctx, account, analyzer, "")
	if err != nil {
		return a, err
	}
	i := slices.IndexFunc(all, func(a Analyzed) bool { return a.ARN == resourceARN })
	if i < 0 {
		return a, noAnalyzedResource(resourceARN)
	}
	if err := s.Scan(ctx, account, analyzer, resourceARN); err != nil {
		return a, err
	}
	found, err := s.findings(ctx, account, analyzer)
	if err != nil {
		return a, err
	}
	return all[i].with(found, s.Now()), nil
}

// with returns the resource with what its findings say; now is when it was analyzed.
func (a Analyzed) with(found []Finding, now time.Time) Analyzed {
	a.Created, a.At, a.Updated = now, now, now
	first := true
	for i := range found {
		f := &found[i]
		if f.Resource != a.ARN {
			continue
		}
		if first {
			a.Created, a.Updated, a.Status = f.Created, f.Updated, f.Status
		}
		first = false
		if f.Created.Before(a.Created) {
			a.Created = f.Created
		}
		if f.Updated.After(a.Updated) {
			a.Updated = f.Updated
		}
		if f.Status == Resolved {
			continue
		}
		if a.Status != Active {
			a.Status = f.Status
		}
		a.Public = a.Public || f.Public
		a.Error = f.Error
		a.Actions, a.SharedVia = append(a.Actions, f.Actions...), append(a.SharedVia, f.Sources...)
	}
	slices.Sort(a.Actions)
	slices.Sort(a.SharedVia)
	a.Actions, a.SharedVia = slices.Compact(a.Actions), slices.Compact(a.SharedVia)
	return a
}
