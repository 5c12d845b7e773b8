package cloudtrail

import (
	"context"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// maxTrails is how many trails an account may have in a Region. AWS raises it for nobody.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
const maxTrails = 5

// Settings are those of a trail that a request gives; nil: it does not say.
type Settings struct {
	Bucket, Prefix *string
	GlobalEvents   *bool // of services that have no Region; a new trail has them
	MultiRegion    *bool
	Validation     *bool // digest files are delivered
	Organization   *bool // the accounts of the organization are logged
}

// apply changes the settings of a trail to those that are given.
func (set *Settings) apply(t *records.Trail) error {
	give(&t.Bucket, set.Bucket)
	give(&t.Prefix, set.Prefix)
	give(&t.GlobalEvents, set.GlobalEvents)
	give(&t.MultiRegion, set.MultiRegion)
	give(&t.Validation, set.Validation)
	if err := checkBucket(t.Bucket); err != nil {
		return err
	}
	if err := checkPrefix(t.Prefix); err != nil {
		return err
	}
	if t.MultiRegion && !t.GlobalEvents {
		return errGlobal
	}
	return nil
}

func give[T any](to, value *T) {
	if value != nil {
		*to = *value
	}
}

// Owner returns the account that a new trail will belong to: the management account if it is to be an organization
// trail and account may make one, else account itself.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
func (s *Service) Owner(ctx context.Context, account ids.AccountID, organization bool) (owner ids.AccountID, err error) {
	if !organization {
		return account, nil
	}
	err = s.store.View(ctx, func(r meta.Reader) error {
		p, err := placeOf(r, account)
		if owner = account; err == nil && p.mayHaveTrails() == nil {
			owner = p.management()
		}
		return err
	})
	return owner, err
}

// Create makes a trail, which does not log yet, and whose log files its bucket was found to take. Errors are those of
// the API's CreateTrail.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
func (s *Service) Create(ctx context.Context, account ids.AccountID, name string, set Settings, tags []Tag) (*Trail, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	return s.write(ctx, func(r meta.Reader) (*records.Trail, error) {
		t := &records.Trail{Account: string(account), Name: name, Region: s.Region, GlobalEvents: true, Created: s.Now().UnixNano()}
		err := set.apply(t)
		if err == nil && set.Organization != nil && *set.Organization {
			err = organize(r, account, t)
		}
		if err == nil {
			t.Tags, err = withTags(nil, tags)
		}
		if err != nil {
			return nil, err
		}
		return t, s.room(r, t)
	})
}

// organize makes a trail one of the organization of account.
func organize(r meta.Reader, account ids.AccountID, t *records.Trail) error {
	p, err := placeOf(r, account)
	if err == nil {
		err = p.mayHaveTrails()
	}
	if err != nil {
		return err
	}
	t.Account, t.Organization = string(p.management()), p.organization.Id
	return nil
}

// room refuses a new trail if there is one of its name, or if its account has as many as it may have.
func (s *Service) room(r meta.Reader, t *records.Trail) error {
	all, err := trailsOf(r, ids.AccountID(t.Account))
	if err != nil {
		return err
	}
	here := 0
	for _, other := range all {
		if other.Name == t.Name {
			return errExists(t.Name, ids.AccountID(t.Account))
		}
		if other.Region == t.Region {
			here++
		}
	}
	if here >= maxTrails {
		return errTooMany(ids.AccountID(t.Account), t.Region)
	}
	return nil
}

// Update changes the settings of a trail, whose bucket is asked again. Errors are those of the API's UpdateTrail.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
func (s *Service) Update(ctx context.Context, account ids.AccountID, text string, set Settings) (*Trail, error) {
	return s.write(ctx, func(r meta.Reader) (*records.Trail, error) {
		t, err := s.find(r, account, text, changing)
		if err != nil {
			return nil, err
		}
		t = proto.CloneOf(t)
		if err := set.apply(t); err != nil {
			return nil, err
		}
		return t, convert(r, account, t, set.Organization)
	})
}

// convert makes an organization trail of a trail, or a trail of an organization trail.
func convert(r meta.Reader, account ids.AccountID, t *records.Trail, to *bool) error {
	if to == nil || !*to && t.Organization == "" {
		return nil
	}
	p, err := placeOf(r, account)
	switch {
	case err != nil:
		return err
	case !*to && p.management() != account:
		return errConvert
	case !*to:
		t.Organization = ""
		return nil
	}
	if err := p.mayHaveTrails(); err != nil {
		return err
	}
	if t.Organization == "" && p.management() != account {
		return errConvert
	}
	t.Organization = p.organization.Id
	return nil
}

// write stores what plan makes of what there is, once the bucket was found to take log files of it. That is asked
// between two transactions; what came between them must not have made another question of it.
func (s *Service) write(ctx context.Context, plan func(r meta.Reader) (*records.Trail, error)) (*Trail, error) {
	var asked, t *records.Trail
	err := s.store.View(ctx, func(r meta.Reader) (err error) {
		asked, err = plan(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.Destination.Probe(ctx, ids.AccountID(asked.Account), ARN(asked), asked.Bucket, asked.Prefix, asked.Organization); err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx meta.Tx) (err error) {
		if t, err = plan(tx); err != nil {
			return err
		}
		if t.Account != asked.Account || t.Bucket != asked.Bucket || t.Prefix != asked.Prefix || t.Organization != asked.Organization {
			return errConcurrent
		}
		return s.put(tx, t)
	})
	if err != nil {
		return nil, err
	}
	return newTrail(t)
}

// change changes the record of a trail, and returns it.
func (s *Service) change(
	ctx context.Context, account ids.AccountID, text string, p purpose, edit func(t *records.Trail) error,
) (t *records.Trail, err error) {
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		if t, err = s.find(tx, account, text, p); err != nil {
			return err
		}
		t = proto.CloneOf(t)
		if err := edit(t); err != nil {
			return err
		}
		return s.put(tx, t)
	})
	return t, err
}
