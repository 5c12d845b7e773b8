package iamapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

// userResult is the answer of operations that return a user.
type userResult struct{ User userShape }

type usersResult struct {
	Users query.List[userShape]
	pageShape
}

// users returns the rows for users.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
func (a *api) users() []httpapi.Operation {
	return []httpapi.Operation{
		a.createUser(),
		a.getUser(),
		a.list(listRow{
			name: "ListUsers", resource: underType("user"), decode: decodePathPrefix,
			run: func(ctx context.Context, account ids.AccountID, in *listInput) (any, error) {
				list, err := a.iam.Users(ctx, account, in.pathPrefix, in.page)
				return &usersResult{listOf(list.Items, listedUser), pageOf(list.Marker)}, err
			},
		}),
		a.entity(entityRow{
			// "The requester must have appropriate permissions on both the source object and the target object."
			// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
			name: "UpdateUser", kind: keys.UserKind, renames: true,
			decode: func(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.newName = q.String("NewUserName", newUserRules...)
				in.newPath = q.String("NewPath", pathRules...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.UpdateUser(ctx, account, in.name, in.newName, in.newPath)
			},
		}),
		a.entity(entityRow{
			name: "DeleteUser", kind: keys.UserKind,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.DeleteUser(ctx, account, in.name)
			},
		}),
	}
}

// createUser is the row of CreateUser.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
func (a *api) createUser() httpapi.Operation {
	return queryapi.Row[iam.NewUser]{
		Name: "CreateUser",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*iam.NewUser, error) {
			return &iam.NewUser{
				Name: q.Required("UserName", newUserRules...), Path: q.StringOr("Path", "/", pathRules...),
				Boundary: q.String("PermissionsBoundary", arnRules...), Tags: tags(q),
			}, nil
		},
		Checks: func(c *httpapi.Call, in *iam.NewUser) []access.Check {
			return creation("iam:CreateUser", "iam:TagUser", arn.User(c.Caller.Account, in.Path, in.Name).String(), in.Boundary, in.Tags)
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *iam.NewUser) (any, error) {
			user, err := a.iam.CreateUser(ctx, c.Caller.Account, *in)
			return &userResult{userOf(user)}, err
		},
	}.Operation(protocol)
}

// getUser is the row of GetUser, which may be about the root user.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html
func (a *api) getUser() httpapi.Operation {
	return a.entity(entityRow{
		name: "GetUser", kind: keys.UserKind, anyone: true, decode: decodeUserOrSelf,
		run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
			if in.name != "" {
				user, err := a.iam.User(ctx, account, in.name)
				return &userResult{userOf(user)}, err
			}
			created, signedIn, err := a.iam.RootUser(ctx, account)
			return &userResult{userShape{UserId: string(account), Arn: in.target.ARN, CreateDate: query.Time(created), PasswordLastUsed: lastUsed(signedIn)}}, err
		},
	})
}

// decodeUserOrSelf reads an optional UserName, which stands for the caller if it is not given: a user,
// or the root user (an empty name).
func decodeUserOrSelf(c *httpapi.Call, q *query.Reader, in *entityInput) (err error) {
	in.name, err = userOrSelf(c, q, existingUserRules)
	return err
}

// userOrSelf is decodeUserOrSelf for a name with these rules.
func userOrSelf(c *httpapi.Call, q *query.Reader, rules []query.Rule) (name string, err error) {
	name = q.String("UserName", rules...)
	if q.Has("UserName") || c.Caller.Kind == policy.Root {
		return name, nil
	}
	if c.Caller.Kind != policy.User {
		return "", errNoUserName
	}
	return c.Caller.Name, nil
}

// errNoUserName is AWS's refusal of a request that names no user and whose caller does not stand for one.
var errNoUserName = query.Invalid("Must specify userName when calling with non-User credentials")

// decodePathPrefix reads the parameters of a list of users, groups or roles.
func decodePathPrefix(q *query.Reader, in *listInput) {
	in.pathPrefix = q.StringOr("PathPrefix", "/", pathPrefixRules...)
}
