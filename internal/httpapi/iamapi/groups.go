package iamapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/wire/query"
)

type groupResult struct{ Group groupShape }

type groupsResult struct {
	Groups query.List[groupShape]
	pageShape
}

type membersResult struct {
	Group groupShape
	Users query.List[userShape]
	pageShape
}

// groups returns the rows for groups and membership.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
func (a *api) groups() []httpapi.Operation {
	return []httpapi.Operation{
		a.createGroup(),
		a.entity(entityRow{
			name: "GetGroup", kind: keys.GroupKind, decode: decodePage,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				group, members, err := a.iam.Group(ctx, account, in.name, in.page)
				return &membersResult{groupOf(group), listOf(members.Items, listedUser), pageOf(members.Marker)}, err
			},
		}),
		a.list(listRow{
			name: "ListGroups", resource: underType("group"), decode: decodePathPrefix,
			run: func(ctx context.Context, account ids.AccountID, in *listInput) (any, error) {
				list, err := a.iam.Groups(ctx, account, in.pathPrefix, in.page)
				return &groupsResult{listOf(list.Items, groupOf), pageOf(list.Marker)}, err
			},
		}),
		a.entity(entityRow{
			// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html asks for both names too.
			name: "UpdateGroup", kind: keys.GroupKind, renames: true,
			decode: func(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.newName = q.String("NewGroupName", groupRules...)
				in.newPath = q.String("NewPath", pathRules...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.UpdateGroup(ctx, account, in.name, in.newName, in.newPath)
			},
		}),
		a.entity(entityRow{
			name: "DeleteGroup", kind: keys.GroupKind,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.DeleteGroup(ctx, account, in.name)
			},
		}),
		a.entity(entityRow{
			name: "AddUserToGroup", kind: keys.GroupKind, decode: decodeMember,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.AddUserToGroup(ctx, account, in.name, in.member)
			},
		}),
		a.entity(entityRow{
			name: "RemoveUserFromGroup", kind: keys.GroupKind, decode: decodeMember,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.RemoveUserFromGroup(ctx, account, in.name, in.member)
			},
		}),
		a.entity(entityRow{
			name: "ListGroupsForUser", kind: keys.UserKind, decode: decodePage,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				list, err := a.iam.GroupsForUser(ctx, account, in.name, in.page)
				return &groupsResult{listOf(list.Items, groupOf), pageOf(list.Marker)}, err
			},
		}),
	}
}

type newGroup struct{ name, path string }

// createGroup is the row of CreateGroup.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html
func (a *api) createGroup() httpapi.Operation {
	return queryapi.Row[newGroup]{
		Name: "CreateGroup",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*newGroup, error) {
			return &newGroup{q.Required("GroupName", groupRules...), q.StringOr("Path", "/", pathRules...)}, nil
		},
		Checks: func(c *httpapi.Call, in *newGroup) []access.Check {
			return []access.Check{{Action: "iam:CreateGroup", Resource: arn.Group(c.Caller.Account, in.path, in.name).String()}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *newGroup) (any, error) {
			group, err := a.iam.CreateGroup(ctx, c.Caller.Account, in.name, in.path)
			return &groupResult{groupOf(group)}, err
		},
	}.Operation(protocol)
}

func decodePage(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
	in.page = page(q)
	return nil
}

func decodeMember(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
	in.member = q.Required("UserName", existingUserRules...)
	return nil
}
