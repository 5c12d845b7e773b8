package orgsapi

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/wire/json11"
)

// delegation returns the rows for the resource policy, by which member accounts manage policies.
func (a *api) delegation() []row {
	thePolicy := func(*input) orgs.Ref { return orgs.TheResourcePolicy() }
	return []row{
		{
			name: "PutResourcePolicy", makes: thePolicy,
			about: func(in *input) []orgs.Ref { return []orgs.Ref{thePolicy(in)} },
			decode: func(r *json11.Reader, in *input) error {
				in.content = require(r, "Content", delegationRules...)
				readTags(r, in)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				p, err := a.orgs.PutResourcePolicy(ctx, account, text(in.content), in.tags)
				return one("ResourcePolicy", p, resourcePolicyOf, err)
			},
		},
		{
			name: "DescribeResourcePolicy",
			run: func(ctx context.Context, account ids.AccountID, _ *input) (any, error) {
				p, err := a.orgs.ResourcePolicy(ctx, account)
				return one("ResourcePolicy", p, resourcePolicyOf, err)
			},
		},
		{
			name: "DeleteResourcePolicy",
			run: func(ctx context.Context, account ids.AccountID, _ *input) (any, error) {
				return nil, a.orgs.DeleteResourcePolicy(ctx, account)
			},
		},
	}
}
