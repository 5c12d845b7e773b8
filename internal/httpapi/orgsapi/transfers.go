package orgsapi

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/json11"
)

const (
	noTransfers = "transfers of responsibility for bills"
	noGovCloud  = "AWS GovCloud"
)

// transfer is what a request about transfers of responsibility names, for its condition keys. Of a transfer that
// is named by its ID nothing is known, since there is none.
type transfer struct{ kind, direction string }

func (t transfer) keys(k *policy.Context) {
	if t.kind != "" {
		k.Set("organizations:TransferType", t.kind)
	}
	if t.direction != "" {
		k.Set("organizations:TransferDirection", t.direction)
	}
}

// transfers returns the rows for what there is not here: the transfer of responsibilities to another
// organization, and accounts in GovCloud.
func (a *api) transfers() []row {
	aboutTransfer := func(in *input) []orgs.Ref { return []orgs.Ref{orgs.Transfer(in.id)} }
	readTransfer := func(r *json11.Reader, in *input) error {
		in.id, in.transfer.kind = r.Required("Id", transferRules...), "BILLING"
		return nil
	}
	change := func(ctx context.Context, account ids.AccountID, _ *input) (any, error) {
		return nil, a.orgs.ChangeTransfer(ctx, account)
	}
	rows := []row{
		{
			name: "CreateGovCloudAccount", notOffered: noGovCloud, decode: decodeCreateAccount,
			makes: func(*input) orgs.Ref { return orgs.NewMember() },
			run: func(ctx context.Context, account ids.AccountID, _ *input) (any, error) {
				return nil, a.orgs.CreateGovCloudAccount(ctx, account)
			},
		},
		{
			name: "InviteOrganizationToTransferResponsibility", notOffered: noTransfers, decode: decodeTransfer,
			about: func(in *input) []orgs.Ref { return []orgs.Ref{invited(in)} },
			makes: func(*input) orgs.Ref { return orgs.NewTransfer() }, tagless: true,
			run: func(ctx context.Context, account ids.AccountID, _ *input) (any, error) {
				return nil, a.orgs.InviteToTransfer(ctx, account)
			},
		},
		{
			name: "DescribeResponsibilityTransfer", notOffered: noTransfers, about: aboutTransfer, decode: readTransfer,
			run: func(ctx context.Context, account ids.AccountID, _ *input) (any, error) {
				return nil, a.orgs.Transfer(ctx, account)
			},
		},
		{
			name: "UpdateResponsibilityTransfer", notOffered: noTransfers, about: aboutTransfer, run: change,
			decode: func(r *json11.Reader, in *input) error {
				in.name = require(r, "Name", transferNames...)
				return readTransfer(r, in)
			},
		},
		{
			name: "TerminateResponsibilityTransfer", notOffered: noTransfers, about: aboutTransfer, run: change,
			decode: func(r *json11.Reader, in *input) error {
				r.Time("EndTimestamp")
				return readTransfer(r, in)
			},
		},
	}
	for _, direction := range []string{"Inbound", "Outbound"} {
		rows = append(rows, a.listTransfers(direction))
	}
	return rows
}

// listTransfers returns the row for the transfers of a direction.
func (a *api) listTransfers(direction string) row {
	return row{
		name: "List" + direction + "ResponsibilityTransfers", notOffered: noTransfers,
		decode: func(r *json11.Reader, in *input) error {
			in.transfer.kind, in.transfer.direction = r.Required("Type", transferKinds...), "OUTBOUND"
			if direction == "Inbound" {
				in.id, in.transfer.direction = r.String("Id", transferRules...), "INBOUND"
			}
			return readPage(r, in)
		},
		run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
			err := a.orgs.Transfers(ctx, account, in.id, in.page)
			return map[string]any{"ResponsibilityTransfers": []struct{}{}}, err
		},
	}
}

// decodeTransfer reads the members of InviteOrganizationToTransferResponsibility.
func decodeTransfer(r *json11.Reader, in *input) error {
	in.transfer = transfer{r.Required("Type", transferKinds...), "INBOUND"}
	in.name = require(r, "SourceName", transferNames...)
	r.Need("StartTimestamp")
	r.Time("StartTimestamp")
	return decodeInvite(r, in)
}
