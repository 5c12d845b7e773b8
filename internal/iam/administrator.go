package iam

import (
	"context"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
)

// administratorAccess is the managed policy of AWS that allows everything.
const administratorAccess = "arn:aws:iam::aws:policy/AdministratorAccess"

// CreateAdministratorRole makes a role that may do everything in account, and that the principals of
// the account trusted can assume. If there is a role of this name, it is taken to be that of an earlier
// call, which may have ended before the policy was attached.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
func (s *Service) CreateAdministratorRole(ctx context.Context, account ids.AccountID, name string, trusted ids.AccountID) error {
	_, err := s.CreateRole(ctx, account, NewRole{
		Name:  name,
		Trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + arn.Root(trusted).String() + `"},"Action":"sts:AssumeRole"}]}`,
	})
	if err != nil && !apierr.Is(err, "EntityAlreadyExists") {
		return err
	}
	return s.AttachPolicy(ctx, account, keys.RoleKind, name, administratorAccess)
}
