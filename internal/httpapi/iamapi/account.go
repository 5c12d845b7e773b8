package iamapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

type passwordPolicyShape struct {
	MinimumPasswordLength      int
	RequireSymbols             bool
	RequireNumbers             bool
	RequireUppercaseCharacters bool
	RequireLowercaseCharacters bool
	AllowUsersToChangePassword bool
	ExpirePasswords            bool
	MaxPasswordAge             int   `xml:",omitempty"`
	PasswordReusePrevention    int   `xml:",omitempty"`
	HardExpiry                 *bool `xml:",omitempty"`
}

type passwordPolicyResult struct{ PasswordPolicy passwordPolicyShape }

type aliasesResult struct {
	AccountAliases query.List[string]
	pageShape
}

func passwordPolicyOf(p iam.PasswordPolicy) passwordPolicyShape {
	return passwordPolicyShape{
		MinimumPasswordLength: p.MinimumLength, RequireSymbols: p.Symbols, RequireNumbers: p.Numbers,
		RequireUppercaseCharacters: p.Uppercase, RequireLowercaseCharacters: p.Lowercase, AllowUsersToChangePassword: p.UsersMayChange,
		ExpirePasswords: p.MaxAge > 0, MaxPasswordAge: p.MaxAge, PasswordReusePrevention: p.ReusePrevention, HardExpiry: p.HardExpiry,
	}
}

// accountInput is the input of operations on settings of the account, of which each uses a part.
type accountInput struct {
	policy       iam.PasswordPolicy
	alias        string
	tokenVersion int
	page         iam.Page
	mayChange    bool // what the password policy says, read before the check where the row asks for it
}

// accountRow is a row about a setting of the account. The action has no resource.
type accountRow struct {
	name   string
	decode func(q *query.Reader, in *accountInput) // nil: no parameters
	// granted says that users have the permission if the password policy lets them change their passwords.
	granted bool
	run     func(ctx context.Context, account ids.AccountID, in *accountInput) (result any, err error)
}

// setting turns the row into an operation.
func (a *api) setting(r accountRow) httpapi.Operation {
	return queryapi.Row[accountInput]{
		Name: r.name,
		Decode: func(_ *httpapi.Call, q *query.Reader) (*accountInput, error) {
			in := new(accountInput)
			if r.decode != nil {
				r.decode(q, in)
			}
			return in, nil
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *accountInput) (err error) {
			if r.granted && c.Caller.Kind == policy.User {
				in.mayChange, err = a.iam.UsersMayChangePassword(ctx, c.Caller.Account)
			}
			return err
		},
		Checks: func(_ *httpapi.Call, in *accountInput) []access.Check {
			return []access.Check{{Action: "iam:" + r.name, Resource: "*", Grant: passwordGrant(in.mayChange)}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *accountInput) (any, error) {
			return r.run(ctx, c.Caller.Account, in)
		},
	}.Operation(protocol)
}

// account returns the rows for the settings of the account.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
func (a *api) account() []httpapi.Operation {
	return []httpapi.Operation{
		a.setting(accountRow{
			name: "UpdateAccountPasswordPolicy", decode: decodePasswordPolicy,
			run: func(ctx context.Context, account ids.AccountID, in *accountInput) (any, error) {
				return nil, a.iam.SetPasswordPolicy(ctx, account, in.policy)
			},
		}),
		a.setting(accountRow{
			name: "GetAccountPasswordPolicy", granted: true,
			run: func(ctx context.Context, account ids.AccountID, _ *accountInput) (any, error) {
				p, err := a.iam.PasswordPolicy(ctx, account)
				return &passwordPolicyResult{passwordPolicyOf(p)}, err
			},
		}),
		a.setting(accountRow{
			name: "DeleteAccountPasswordPolicy",
			run: func(ctx context.Context, account ids.AccountID, _ *accountInput) (any, error) {
				return nil, a.iam.DeletePasswordPolicy(ctx, account)
			},
		}),
		a.setting(accountRow{
			name: "CreateAccountAlias", decode: decodeAlias,
			run: func(ctx context.Context, account ids.AccountID, in *accountInput) (any, error) {
				return nil, a.iam.CreateAccountAlias(ctx, account, in.alias)
			},
		}),
		a.setting(accountRow{
			name: "DeleteAccountAlias", decode: decodeAlias,
			run: func(ctx context.Context, account ids.AccountID, in *accountInput) (any, error) {
				return nil, a.iam.DeleteAccountAlias(ctx, account, in.alias)
			},
		}),
		a.setting(accountRow{
			name: "ListAccountAliases", decode: func(q *query.Reader, in *accountInput) { in.page = page(q) },
			run: func(ctx context.Context, account ids.AccountID, in *accountInput) (any, error) {
				list, err := a.iam.AccountAliases(ctx, account, in.page)
				return &aliasesResult{query.List[string]{Members: list.Items}, pageOf(list.Marker)}, err
			},
		}),
		a.setting(accountRow{
			name: "SetSecurityTokenServicePreferences",
			decode: func(q *query.Reader, in *accountInput) {
				in.tokenVersion = 1
				if q.Required("GlobalEndpointTokenVersion", tokenVersionRules...) == "v2Token" {
					in.tokenVersion = 2
				}
			},
			run: func(ctx context.Context, account ids.AccountID, in *accountInput) (any, error) {
				return nil, a.iam.SetGlobalEndpointTokenVersion(ctx, account, in.tokenVersion)
			},
		}),
	}
}

// decodePasswordPolicy reads a password policy. What is left out of the request gets its default value, and not
// what it was.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
func decodePasswordPolicy(q *query.Reader, in *accountInput) {
	in.policy = iam.PasswordPolicy{
		MinimumLength: q.Int("MinimumPasswordLength", iam.MinPasswordLength, iam.MinPasswordLength, iam.MaxPasswordLength),
		Symbols:       q.Bool("RequireSymbols"), Numbers: q.Bool("RequireNumbers"),
		Uppercase: q.Bool("RequireUppercaseCharacters"), Lowercase: q.Bool("RequireLowercaseCharacters"),
		UsersMayChange: q.Bool("AllowUsersToChangePassword"), MaxAge: q.Int("MaxPasswordAge", 0, 1, iam.MaxPasswordAge),
		ReusePrevention: q.Int("PasswordReusePrevention", 0, 1, iam.MaxPasswordRemembered), HardExpiry: optionalBool(q, "HardExpiry"),
	}
}

func decodeAlias(q *query.Reader, in *accountInput) {
	in.alias = q.Required("AccountAlias", aliasRules...)
}

// optionalBool reads a boolean that differs from false if it is not given; it is nil then.
func optionalBool(q *query.Reader, name string) *bool {
	value := q.Bool(name)
	if !q.Has(name) {
		return nil
	}
	return &value
}
