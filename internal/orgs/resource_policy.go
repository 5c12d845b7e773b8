package orgs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Principals tells who the principals of a resource policy are; package iam does.
type Principals interface {
	// ResolvePrincipal returns the form in which a policy stores an AWS principal: the unique ID of a user
	// or role, the root ARN of an account. The error is no *apierr.Error if it names nothing.
	ResolvePrincipal(ctx context.Context, value string) (stored string, err error)
	// PrincipalARN returns the ARN that a stored principal has now, or the principal itself if that is gone.
	PrincipalARN(ctx context.Context, stored string) (shown string, err error)
}

// ResourcePolicy is the policy by which an organization lets member accounts manage policies.
type ResourcePolicy struct{ ID, ARN, Content string }

// maxResourcePolicy is how long the text of a resource policy may be, in characters.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_PutResourcePolicy.html
const maxResourcePolicy = 40000

// resourcePolicy returns the resource policy, or nil if there is none.
func (v view) resourcePolicy() (*records.OrganizationResourcePolicy, error) {
	r := new(records.OrganizationResourcePolicy)
	err := records.Get(v, keys.OrganizationResourcePolicy(v.id), r)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read resource policy of organization %s: %w", v.id, err)
	}
	return r, nil
}

func (v view) resourcePolicyARN(id string) string {
	return arn.OrganizationResourcePolicy(v.management(), v.id, id).String()
}

// PutResourcePolicy sets the resource policy. What it may say is told at checkDelegation. Tags can only be
// given to a policy that is new.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_PutResourcePolicy.html
func (s *Service) PutResourcePolicy(ctx context.Context, account ids.AccountID, content string, tags []Tag) (out ResourcePolicy, err error) {
	if err := s.checkTags(tags); err != nil {
		return out, err
	}
	written, err := parseDelegation(content)
	if err != nil {
		return out, err
	}
	stored, named, err := s.resolve(ctx, written)
	if err != nil {
		return out, err
	}
	id, err := ids.NewOrganizationResourcePolicy(s.rand)
	if err != nil {
		return out, err
	}
	err = s.manage(ctx, account, func(c change) error {
		if c.record.FeatureSet != AllFeatures {
			return errNotAllFeatures
		}
		if err := c.checkDelegation(written, named); err != nil {
			return err
		}
		r, err := c.resourcePolicy()
		switch {
		case err != nil:
			return err
		case r == nil:
			r = &records.OrganizationResourcePolicy{Id: id, Tags: recordTags(tags)}
		case len(tags) > 0:
			return errTagsOfExisting
		}
		r.Content, r.Updated = stored.Text(), c.now.UnixNano()
		out = ResourcePolicy{ID: r.Id, ARN: c.resourcePolicyARN(r.Id), Content: written.Text()}
		return records.Put(c.tx, keys.OrganizationResourcePolicy(c.id), r)
	})
	return out, err
}

// resolve returns a policy as it is stored, and the accounts that its principals belong to.
func (s *Service) resolve(ctx context.Context, written *policy.Document) (stored *policy.Document, named []ids.AccountID, err error) {
	stored, err = written.MapPrincipals(func(_ policy.PrincipalKind, value string) (string, error) {
		found, err := s.principals.ResolvePrincipal(ctx, value)
		if err != nil {
			return "", err
		}
		shown, err := s.principals.PrincipalARN(ctx, found)
		if err != nil {
			return "", err
		}
		a, err := arn.Parse(shown)
		if err != nil {
			return "", err
		}
		named = append(named, ids.AccountID(a.Account))
		return found, nil
	})
	if err != nil {
		return nil, nil, errPrincipal.Because(err)
	}
	slices.Sort(named)
	return stored, slices.Compact(named), nil
}

// ResourcePolicy returns the resource policy, with the ARNs that its principals have now.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeResourcePolicy.html
func (s *Service) ResourcePolicy(ctx context.Context, account ids.AccountID) (out ResourcePolicy, err error) {
	err = s.inspect(ctx, account, func(v view) error {
		r, err := v.resourcePolicy()
		if err == nil && r == nil {
			err = errNoResourcePolicy
		}
		if err != nil {
			return err
		}
		out = ResourcePolicy{ID: r.Id, ARN: v.resourcePolicyARN(r.Id), Content: r.Content}
		return nil
	})
	if err != nil {
		return ResourcePolicy{}, err
	}
	out.Content, err = s.shown(ctx, out.Content)
	return out, err
}

// shown returns the text of a stored policy as clients see it.
func (s *Service) shown(ctx context.Context, content string) (string, error) {
	stored, err := policy.Parse(policy.Resource, []byte(content), policy.Stored())
	if err != nil {
		return "", fmt.Errorf("parse stored resource policy: %w", err)
	}
	shown, err := stored.MapPrincipals(func(_ policy.PrincipalKind, value string) (string, error) {
		return s.principals.PrincipalARN(ctx, value)
	})
	if err != nil {
		return "", fmt.Errorf("show principals of resource policy: %w", err)
	}
	return shown.Text(), nil
}

// DeleteResourcePolicy removes the resource policy.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteResourcePolicy.html
func (s *Service) DeleteResourcePolicy(ctx context.Context, account ids.AccountID) error {
	return s.manage(ctx, account, func(c change) error {
		r, err := c.resourcePolicy()
		if err == nil && r == nil {
			err = errNoResourcePolicy
		}
		if err != nil {
			return err
		}
		return c.tx.Delete(keys.OrganizationResourcePolicy(c.id))
	})
}
