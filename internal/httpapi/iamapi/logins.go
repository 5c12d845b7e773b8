package iamapi

import (
	"context"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"

	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

type loginProfileShape struct {
	UserName              string
	CreateDate            string
	PasswordResetRequired bool
}

type loginProfileResult struct{ LoginProfile loginProfileShape }

func loginProfileOf(p iam.LoginProfile) *loginProfileResult {
	return &loginProfileResult{loginProfileShape{p.UserName, query.Time(p.Created), p.ResetRequired}}
}

// logins returns the rows for passwords.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_admin-change-user.html
func (a *api) logins() []httpapi.Operation {
	return []httpapi.Operation{
		a.entity(entityRow{
			name: "CreateLoginProfile", kind: keys.UserKind, anyone: true,
			decode: func(c *httpapi.Call, q *query.Reader, in *entityInput) error {
				if !rootSession(c) || q.Has("Password") {
					text := q.Required("Password", passwordRules...)
					in.login.Password = &text
				}
				reset := q.Bool("PasswordResetRequired")
				in.login.ResetRequired = &reset
				return decodeLoginUser(c, q, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				if in.name == "" {
					p, err := a.iam.CreateRootLogin(ctx, account, in.login.Password)
					return loginProfileOf(p), err
				}
				p, err := a.iam.CreateLoginProfile(ctx, account, in.name, *in.login.Password, *in.login.ResetRequired)
				return loginProfileOf(p), err
			},
		}),
		a.entity(entityRow{
			name: "GetLoginProfile", kind: keys.UserKind, anyone: true, decode: decodeLoginUser,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				if in.name == "" {
					p, err := a.iam.RootLogin(ctx, account)
					return loginProfileOf(p), err
				}
				p, err := a.iam.LoginProfile(ctx, account, in.name)
				return loginProfileOf(p), err
			},
		}),
		a.entity(entityRow{
			name: "UpdateLoginProfile", kind: keys.UserKind, anyone: true,
			decode: func(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.name = q.Required("UserName", newUserRules...)
				if text := q.String("Password", passwordRules...); q.Has("Password") {
					in.login.Password = &text
				}
				in.login.ResetRequired = optionalBool(q, "PasswordResetRequired")
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.UpdateLoginProfile(ctx, account, in.name, in.login)
			},
		}),
		a.entity(entityRow{
			name: "DeleteLoginProfile", kind: keys.UserKind, anyone: true, decode: decodeLoginUser,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				if in.name == "" {
					return nil, a.iam.DeleteRootLogin(ctx, account)
				}
				return nil, a.iam.DeleteLoginProfile(ctx, account, in.name)
			},
		}),
		a.changePassword(),
	}
}

// decodeLoginUser reads an optional UserName, which stands for the user that asks if it is not given. A root user
// has to name a user, but for a session of AssumeRoot, in which it stands for the root user.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
func decodeLoginUser(c *httpapi.Call, q *query.Reader, in *entityInput) error {
	name, err := userOrSelf(c, q, newUserRules)
	if err == nil && name == "" && !q.Has("UserName") && !rootSession(c) {
		err = errNoUserName
	}
	in.name = name
	return err
}

type changePasswordInput struct {
	old, new  string
	target    iam.Target
	mayChange bool
}

// errUserType refuses to change the password of what is no IAM user.
var errUserType = apierr.New(http.StatusBadRequest, "InvalidUserType", "Only IAM Users can change their own password.")

// changePassword is the row of ChangePassword, which is about the user that asks. The permission for it is an
// identity policy's, or comes from the account's password policy.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_enable-user-change.html
func (a *api) changePassword() httpapi.Operation {
	return queryapi.Row[changePasswordInput]{
		Name: "ChangePassword",
		Decode: func(c *httpapi.Call, q *query.Reader) (*changePasswordInput, error) {
			in := &changePasswordInput{old: q.Required("OldPassword", passwordRules...), new: q.Required("NewPassword", passwordRules...)}
			if c.Caller.Kind != policy.User {
				return in, errUserType
			}
			return in, nil
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *changePasswordInput) (err error) {
			if in.mayChange, err = a.iam.UsersMayChangePassword(ctx, c.Caller.Account); err != nil {
				return err
			}
			in.target, err = a.iam.Target(ctx, c.Caller.Account, keys.UserKind, c.Caller.Name)
			return err
		},
		Checks: func(_ *httpapi.Call, in *changePasswordInput) []access.Check {
			return []access.Check{{
				Action: "iam:ChangePassword", Resource: in.target.ARN, Grant: passwordGrant(in.mayChange),
				Keys: func(k *policy.Context) { resourceTags(k, in.target.Tags, keys.UserKind) },
			}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *changePasswordInput) (any, error) {
			return nil, a.iam.ChangePassword(ctx, c.Caller.Account, c.Caller.Name, in.old, in.new)
		},
	}.Operation(protocol)
}

// grantOfPasswords is what a password policy with AllowUsersToChangePassword lets each user do. That it is about
// itself only, the two operations see to: they are about nobody else.
//
// Source: https://boto3.amazonaws.com/v1/documentation/api/latest/reference/services/iam/accountpasswordpolicy/allow_users_to_change_password.html
var grantOfPasswords = func() *authz.Source {
	document, err := policy.Parse(policy.Identity, []byte(
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:ChangePassword","iam:GetAccountPasswordPolicy"],"Resource":"*"}}`))
	if err != nil {
		panic(err)
	}
	return &authz.Source{Name: "account password policy: AllowUsersToChangePassword", Document: document}
}()

// passwordGrant returns what the password policy grants: something, or nothing.
func passwordGrant(mayChange bool) *authz.Source {
	if !mayChange {
		return nil
	}
	return grantOfPasswords
}
