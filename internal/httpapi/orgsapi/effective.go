package orgsapi

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/wire/json11"
)

// effective returns the rows for what declarative policies come to.
func (a *api) effective() []row {
	readType := func(r *json11.Reader, in *input) error {
		in.policyType = r.Required("PolicyType", declarativeRules...)
		return readPage(r, in)
	}
	return []row{
		{
			name: "DescribeEffectivePolicy", typed: true, self: func(in *input) string { return in.target },
			own: func(account ids.AccountID, in *input) bool { return in.target == "" || in.target == string(account) },
			decode: func(r *json11.Reader, in *input) error {
				in.policyType, in.target = r.Required("PolicyType", declarativeRules...), r.String("TargetId", targetRules...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				p, err := a.orgs.EffectivePolicy(ctx, account, in.target, in.policyType)
				return one("EffectivePolicy", p, effectiveOf, err)
			},
		},
		{
			name: "ListAccountsWithInvalidEffectivePolicy", typed: true, decode: readType,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.InvalidAccounts(ctx, account, in.policyType, in.page)
				if err != nil {
					return nil, err
				}
				return invalidAccountsShape{Accounts: []accountShape{}, PolicyType: in.policyType, NextToken: list.Token}, nil
			},
		},
		{
			name: "ListEffectivePolicyValidationErrors", about: aboutID, typed: true,
			decode: func(r *json11.Reader, in *input) error {
				in.id = r.Required("AccountId", accountRules...)
				return readType(r, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				p, err := a.orgs.ValidateEffective(ctx, account, ids.AccountID(in.id), in.policyType, in.page)
				if err != nil {
					return nil, err
				}
				return validationOf(p), nil
			},
		},
	}
}

type effectiveShape struct {
	PolicyContent        string
	LastUpdatedTimestamp json11.Time
	TargetId, PolicyType string
}

type invalidAccountsShape struct {
	Accounts   []accountShape
	PolicyType string
	NextToken  string `json:",omitempty"`
}

type validationShape struct {
	AccountId, PolicyType, Path     string
	EvaluationTimestamp             json11.Time
	EffectivePolicyValidationErrors []struct{}
}

func effectiveOf(p orgs.EffectivePolicy) effectiveShape {
	return effectiveShape{p.Content, json11.Time(p.Updated), string(p.Account), p.Type}
}

func validationOf(p orgs.EffectivePolicy) validationShape {
	return validationShape{string(p.Account), p.Type, p.Path, json11.Time(p.Updated), []struct{}{}}
}
