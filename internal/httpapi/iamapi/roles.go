package iamapi

import (
	"context"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/wire/query"
)

type roleResult struct{ Role roleShape }

type rolesResult struct {
	Roles query.List[roleShape]
	pageShape
}

// roles returns the rows for roles.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
func (a *api) roles() []httpapi.Operation {
	return []httpapi.Operation{
		a.createRole(),
		a.entity(entityRow{
			name: "GetRole", kind: keys.RoleKind, bounded: true,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				role, err := a.iam.Role(ctx, account, in.name)
				if err != nil {
					return nil, err
				}
				shape := roleOf(role)
				shape.RoleLastUsed, err = a.roleUse(ctx, account, role.ID)
				return &roleResult{shape}, err
			},
		}),
		a.list(listRow{
			name: "ListRoles", resource: underType("role"), decode: decodePathPrefix,
			run: func(ctx context.Context, account ids.AccountID, in *listInput) (any, error) {
				list, err := a.iam.Roles(ctx, account, in.pathPrefix, in.page)
				return &rolesResult{listOf(list.Items, listedRole), pageOf(list.Marker)}, err
			},
		}),
		a.entity(entityRow{
			name: "UpdateRole", kind: keys.RoleKind, bounded: true,
			decode: func(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.description = q.String("Description", roleDescription...)
				in.seconds = maxSession(q)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				_, err := a.iam.UpdateRole(ctx, account, in.name, in.description, time.Duration(in.seconds)*time.Second)
				return &query.Empty{}, err
			},
		}),
		a.entity(entityRow{
			name: "UpdateRoleDescription", kind: keys.RoleKind, bounded: true,
			decode: func(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.description = q.Required("Description", roleDescription...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				role, err := a.iam.UpdateRole(ctx, account, in.name, in.description, 0)
				return &roleResult{roleOf(role)}, err
			},
		}),
		a.entity(entityRow{
			name: "UpdateAssumeRolePolicy", kind: keys.RoleKind, bounded: true,
			decode: func(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.document = q.Required("PolicyDocument", documentRules...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.UpdateTrust(ctx, account, in.name, in.document)
			},
		}),
		a.entity(entityRow{
			name: "DeleteRole", kind: keys.RoleKind, bounded: true,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.DeleteRole(ctx, account, in.name)
			},
		}),
	}
}

// createRole is the row of CreateRole.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
func (a *api) createRole() httpapi.Operation {
	return queryapi.Row[iam.NewRole]{
		Name: "CreateRole",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*iam.NewRole, error) {
			return &iam.NewRole{
				Name: q.Required("RoleName", roleRules...), Path: q.StringOr("Path", "/", pathRules...),
				Trust: q.Required("AssumeRolePolicyDocument", documentRules...), Description: q.String("Description", roleDescription...),
				MaxSession: time.Duration(maxSession(q)) * time.Second, Boundary: q.String("PermissionsBoundary", arnRules...), Tags: tags(q),
			}, nil
		},
		Checks: func(c *httpapi.Call, in *iam.NewRole) []access.Check {
			return creation("iam:CreateRole", "iam:TagRole", arn.Role(c.Caller.Account, in.Path, in.Name).String(), in.Boundary, in.Tags)
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *iam.NewRole) (any, error) {
			role, err := a.iam.CreateRole(ctx, c.Caller.Account, *in)
			return &roleResult{createdRole(role)}, err
		},
	}.Operation(protocol)
}

// maxSession reads MaxSessionDuration, in seconds; 0 if it is not given.
func maxSession(q *query.Reader) int {
	return q.Int("MaxSessionDuration", 0, int(iam.MinMaxSession/time.Second), int(iam.MaxMaxSession/time.Second))
}
