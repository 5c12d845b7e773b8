package cloudtrail

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Get returns a trail that the account may see.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrail.html
func (s *Service) Get(ctx context.Context, account ids.AccountID, text string) (t *Trail, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		found, err := s.find(r, account, text, reading)
		if err == nil {
			t, err = newTrail(found)
		}
		return err
	})
	return t, err
}

// List returns the trails that the account may see: its own by name, and then, if shadows is set, those of its
// organization. Shadows are as well its own whose home is another Region.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
func (s *Service) List(ctx context.Context, account ids.AccountID, shadows bool) (all []*Trail, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		all = nil
		own, err := trailsOf(r, account)
		if err != nil {
			return err
		}
		if shadows {
			shared, err := sharedWith(r, account)
			if err != nil {
				return err
			}
			own = append(own, shared...)
		}
		for _, record := range own {
			if record.Region != s.Region && (!shadows || !record.MultiRegion) {
				continue
			}
			if record, err = settled(r, record); err != nil {
				return err
			}
			t, err := newTrail(record)
			if err != nil {
				return err
			}
			all = append(all, t)
		}
		return nil
	})
	return all, err
}

// sharedWith returns the trails of the organization of a member account.
func sharedWith(r meta.Reader, account ids.AccountID) (shared []*records.Trail, err error) {
	p, err := placeOf(r, account)
	if err != nil || p.trust() == nil || p.management() == account {
		return nil, err
	}
	all, err := trailsOf(r, p.management())
	for _, t := range all {
		if t.Organization == p.organization.Id {
			shared = append(shared, t)
		}
	}
	return shared, err
}

// Describe returns those of the trails that are there, in the order in which they are asked for. What cannot be the
// name or the ARN of a trail of theirs is an error, as it is for Get.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
func (s *Service) Describe(ctx context.Context, account ids.AccountID, names []string) (all []*Trail, err error) {
	for _, name := range names {
		t, err := s.Get(ctx, account, name)
		switch {
		case isMissing(err):
		case err != nil:
			return nil, err
		default:
			all = append(all, t)
		}
	}
	return all, nil
}
