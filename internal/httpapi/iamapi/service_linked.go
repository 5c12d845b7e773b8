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

type deletionResult struct{ DeletionTaskId string }

type deletionStatusResult struct {
	Status string
	Reason *deletionReason `xml:",omitempty"`
}

type deletionReason struct {
	Reason        string
	RoleUsageList query.List[roleUsage]
}

// roleUsage is what needs a role in one region. What does is in no region here, so that none is told.
type roleUsage struct{ Resources query.List[string] }

// serviceLinkedRoles returns the rows for service-linked roles.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
func (a *api) serviceLinkedRoles() []httpapi.Operation {
	return []httpapi.Operation{
		a.createServiceLinkedRole(),
		a.entity(entityRow{
			name: "DeleteServiceLinkedRole", kind: keys.RoleKind,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				task, err := a.iam.DeleteServiceLinkedRole(ctx, account, in.name)
				return &deletionResult{task}, err
			},
		}),
		a.serviceLinkedRoleDeletion(),
	}
}

// createServiceLinkedRole is the row of CreateServiceLinkedRole.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html
func (a *api) createServiceLinkedRole() httpapi.Operation {
	return queryapi.Row[iam.NewServiceLinkedRole]{
		Name: "CreateServiceLinkedRole",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*iam.NewServiceLinkedRole, error) {
			in := &iam.NewServiceLinkedRole{
				Service: q.Required("AWSServiceName", groupRules...), Description: q.String("Description", roleDescription...),
				Suffix: q.String("CustomSuffix", customSuffixRules...),
			}
			_, _, err := in.Role()
			return in, err
		},
		Checks: func(c *httpapi.Call, in *iam.NewServiceLinkedRole) []access.Check {
			path, name, _ := in.Role() // Decode has seen to it
			return []access.Check{{
				Action: "iam:CreateServiceLinkedRole", Resource: arn.Role(c.Caller.Account, path, name).String(),
				Keys: func(k *policy.Context) { k.Set("iam:AWSServiceName", in.Service) },
			}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *iam.NewServiceLinkedRole) (any, error) {
			role, err := a.iam.CreateServiceLinkedRole(ctx, c.Caller.Account, *in)
			return &roleResult{createdRole(role)}, err
		},
	}.Operation(protocol)
}

// taskInput is the input of GetServiceLinkedRoleDeletionStatus.
type taskInput struct {
	task   string
	role   arn.ARN
	target iam.Target // the role, as far as it is still there
}

// serviceLinkedRoleDeletion is the row of GetServiceLinkedRoleDeletionStatus.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLinkedRoleDeletionStatus.html
func (a *api) serviceLinkedRoleDeletion() httpapi.Operation {
	return queryapi.Row[taskInput]{
		Name: "GetServiceLinkedRoleDeletionStatus",
		Decode: func(c *httpapi.Call, q *query.Reader) (in *taskInput, err error) {
			in = &taskInput{task: q.Required("DeletionTaskId", query.Length(1, 1000))}
			in.role, err = iam.DeletionRole(c.Caller.Account, in.task)
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *taskInput) (err error) {
			in.target, err = a.iam.Target(ctx, c.Caller.Account, keys.RoleKind, in.role.Name())
			return err
		},
		Checks: func(_ *httpapi.Call, in *taskInput) []access.Check {
			return []access.Check{{
				Action: "iam:GetServiceLinkedRoleDeletionStatus", Resource: in.role.String(),
				Keys: func(k *policy.Context) {
					if in.target.ARN == in.role.String() {
						resourceTags(k, in.target.Tags, keys.RoleKind)
					}
				},
			}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *taskInput) (any, error) {
			deletion, err := a.iam.ServiceLinkedRoleDeletion(ctx, c.Caller.Account, in.task)
			return deletionStatusOf(deletion), err
		},
	}.Operation(protocol)
}

func deletionStatusOf(d iam.Deletion) *deletionStatusResult {
	result := &deletionStatusResult{Status: string(d.Status)}
	if d.Reason != "" {
		usage := roleUsage{query.List[string]{Members: d.Resources}}
		result.Reason = &deletionReason{Reason: d.Reason, RoleUsageList: query.List[roleUsage]{Members: []roleUsage{usage}}}
	}
	return result
}
