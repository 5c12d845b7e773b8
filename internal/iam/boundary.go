package iam

import (
	"context"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// SetBoundary makes a managed policy, of the account or of AWS, the permissions boundary of a user or
// role, in place of the one that it had. k is keys.UserKind or keys.RoleKind.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html
func (s *Service) SetBoundary(ctx context.Context, account ids.AccountID, k keys.Kind, name, policyARN string) error {
	if _, err := ParsePolicyARN(policyARN); err != nil {
		return err
	}
	return s.setBoundary(ctx, account, k, name, policyARN)
}

// ClearBoundary takes the permissions boundary away; it is no error if there is none.
func (s *Service) ClearBoundary(ctx context.Context, account ids.AccountID, k keys.Kind, name string) error {
	return s.setBoundary(ctx, account, k, name, "")
}

func (s *Service) setBoundary(ctx context.Context, account ids.AccountID, k keys.Kind, name, policyARN string) error {
	return s.write(ctx, account, func(c change) error {
		h, err := c.holder(k, name)
		if err != nil {
			return err
		}
		boundary := boundaryOf(h)
		if err := c.useBoundary(*boundary, policyARN); err != nil {
			return err
		}
		*boundary = policyARN
		return c.put(k, h)
	})
}

// useBoundary counts that an entity has the boundary now in place of the boundary before; either may
// be empty. It refuses a policy that does not exist.
func (c change) useBoundary(before, now string) error {
	if before == now {
		return nil
	}
	for _, use := range []struct {
		policyARN string
		by        int32
	}{{before, -1}, {now, 1}} {
		if use.policyARN == "" {
			continue
		}
		a, err := ParsePolicyARN(use.policyARN)
		if err != nil {
			return err
		}
		if err := c.countBoundary(a, use.by); err != nil {
			return err
		}
	}
	return nil
}

func (c change) countBoundary(a arn.ARN, by int32) error {
	missing := noSuchEntity("Scope ARN: %s does not exist or is not attachable.", a)
	return c.countUse(a, missing, func(r *records.ManagedPolicy) { r.BoundaryUses += by })
}
