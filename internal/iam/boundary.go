package iam

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
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
		h, err := c.changed(k, name)
		if err != nil {
			return err
		}
		boundary := boundaryOf(h)
		if err := c.useBoundary(k, h.GetName(), *boundary, policyARN); err != nil {
			return err
		}
		*boundary = policyARN
		return c.put(k, h)
	})
}
