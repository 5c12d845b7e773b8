package orgs

import (
	"context"

	"crossgrant/internal/ids"
)

// Nothing here sends bills, and there is no other partition: no responsibility can be transferred to another
// organization, and no account has one in GovCloud beside it. Who may ask is judged as ever; then these answer
// with what AWS says to a management account for which it is so.

// CreateGovCloudAccount refuses to make a pair of accounts.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateGovCloudAccount.html
func (s *Service) CreateGovCloudAccount(ctx context.Context, account ids.AccountID) error {
	return s.manage(ctx, account, func(change) error { return errNoGovCloud })
}

// InviteToTransfer refuses to invite another organization to transfer a responsibility.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_InviteOrganizationToTransferResponsibility.html
func (s *Service) InviteToTransfer(ctx context.Context, account ids.AccountID) error {
	return s.manage(ctx, account, func(change) error { return errNoBilling })
}

// ChangeTransfer does not find the transfer that is to be updated or terminated.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdateResponsibilityTransfer.html
func (s *Service) ChangeTransfer(ctx context.Context, account ids.AccountID) error {
	return s.manage(ctx, account, func(change) error { return errNoTransfer })
}

// Transfer does not find a transfer.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeResponsibilityTransfer.html
func (s *Service) Transfer(ctx context.Context, account ids.AccountID) error {
	return s.inspect(ctx, account, func(view) error { return errNoTransfer })
}

// Transfers lists no transfers. If only one is asked for, by its ID, it is not found.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListInboundResponsibilityTransfers.html
func (s *Service) Transfers(ctx context.Context, account ids.AccountID, id string, p Page) error {
	return s.inspect(ctx, account, func(view) error {
		if _, _, err := p.after(); err != nil {
			return err
		}
		if id != "" {
			return errNoTransfer
		}
		return nil
	})
}
