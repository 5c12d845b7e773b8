package orgsapi

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/wire/json11"
)

// services returns the rows for the services of AWS that an organization trusts, and for the accounts that
// administer them.
func (a *api) services() []row {
	readService := func(r *json11.Reader, in *input) error {
		in.service = r.Required("ServicePrincipal", serviceRules...)
		return nil
	}
	readDelegate := func(r *json11.Reader, in *input) error {
		in.id = r.Required("AccountId", accountRules...)
		return readService(r, in)
	}
	return []row{
		{
			name: "EnableAWSServiceAccess", decode: readService,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.EnableServiceAccess(ctx, account, in.service)
			},
		},
		{
			name: "DisableAWSServiceAccess", decode: readService,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.DisableServiceAccess(ctx, account, in.service)
			},
		},
		{
			name: "ListAWSServiceAccessForOrganization", decode: readPage,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.TrustedServices(ctx, account, in.page)
				return listed("EnabledServicePrincipals", list, serviceOf, err)
			},
		},
		{
			name: "RegisterDelegatedAdministrator", about: aboutID, decode: readDelegate,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.RegisterDelegate(ctx, account, ids.AccountID(in.id), in.service)
			},
		},
		{
			name: "DeregisterDelegatedAdministrator", about: aboutID, decode: readDelegate,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.DeregisterDelegate(ctx, account, ids.AccountID(in.id), in.service)
			},
		},
		{
			name: "ListDelegatedAdministrators",
			decode: func(r *json11.Reader, in *input) error {
				in.service = r.String("ServicePrincipal", serviceRules...)
				return readPage(r, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.Delegates(ctx, account, in.service, in.page)
				return listed("DelegatedAdministrators", list, delegateOf, err)
			},
		},
		{
			name: "ListDelegatedServicesForAccount", about: aboutID,
			decode: func(r *json11.Reader, in *input) error {
				in.id = r.Required("AccountId", accountRules...)
				return readPage(r, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.DelegatedServices(ctx, account, ids.AccountID(in.id), in.page)
				return listed("DelegatedServices", list, delegatedServiceOf, err)
			},
		},
	}
}
