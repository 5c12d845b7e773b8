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
	"crossgrant/internal/wire/query"
)

type policyResult struct{ Policy policyShape }

type policiesResult struct {
	Policies query.List[policyShape]
	pageShape
}

type (
	policyGroup struct{ GroupName, GroupId string }
	policyUser  struct{ UserName, UserId string }
	policyRole  struct{ RoleName, RoleId string }
)

type entitiesResult struct {
	PolicyGroups query.List[policyGroup]
	PolicyUsers  query.List[policyUser]
	PolicyRoles  query.List[policyRole]
	pageShape
}

// policies returns the rows for managed policies.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
func (a *api) policies() []httpapi.Operation {
	return []httpapi.Operation{
		a.createPolicy(),
		a.policy(policyRow{
			name: "GetPolicy",
			run: func(ctx context.Context, account ids.AccountID, in *policyInput) (any, error) {
				p, err := a.iam.Policy(ctx, account, in.arn.String())
				return &policyResult{policyOf(p)}, err
			},
		}),
		a.list(listRow{
			name: "ListPolicies",
			// The action has no resource type; this is what AWS's messages name.
			resource: func(ids.AccountID) string { return "policy path " },
			decode: func(q *query.Reader, in *listInput) {
				in.pathPrefix = q.StringOr("PathPrefix", "/", policyPathRules...)
				in.filter = iam.PolicyFilter{
					Scope: q.String("Scope", query.Enum("All", "AWS", "Local")), OnlyAttached: q.Bool("OnlyAttached"),
					PathPrefix: in.pathPrefix, Usage: q.String("PolicyUsageFilter", usageRules...),
				}
			},
			run: func(ctx context.Context, account ids.AccountID, in *listInput) (any, error) {
				list, err := a.iam.Policies(ctx, account, in.filter, in.page)
				return &policiesResult{listOf(list.Items, listedPolicy), pageOf(list.Marker)}, err
			},
		}),
		a.policy(policyRow{
			name: "DeletePolicy",
			run: func(ctx context.Context, account ids.AccountID, in *policyInput) (any, error) {
				return nil, a.iam.DeletePolicy(ctx, account, in.arn.String())
			},
		}),
		a.policy(policyRow{name: "ListEntitiesForPolicy", decode: decodeEntityFilter, run: a.listEntities}),
	}
}

// createPolicy is the row of CreatePolicy.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
func (a *api) createPolicy() httpapi.Operation {
	return queryapi.Row[iam.NewPolicy]{
		Name: "CreatePolicy",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*iam.NewPolicy, error) {
			return &iam.NewPolicy{
				Name: q.Required("PolicyName", policyNameRules...), Path: q.StringOr("Path", "/", policyPathRules...),
				Description: q.String("Description", policyDescription...),
				Document:    q.Required("PolicyDocument", documentRules...), Tags: tags(q),
			}, nil
		},
		Checks: func(c *httpapi.Call, in *iam.NewPolicy) []access.Check {
			return creation("iam:CreatePolicy", "iam:TagPolicy", arn.Policy(c.Caller.Account, in.Path, in.Name).String(), "", in.Tags)
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *iam.NewPolicy) (any, error) {
			p, err := a.iam.CreatePolicy(ctx, c.Caller.Account, *in)
			return &policyResult{createdPolicy(p)}, err
		},
	}.Operation(protocol)
}

func decodeEntityFilter(q *query.Reader, in *policyInput) {
	in.page = page(q)
	in.filter.PathPrefix = q.StringOr("PathPrefix", "/", pathRules...)
	in.filter.Usage = q.String("PolicyUsageFilter", usageRules...)
	switch q.String("EntityFilter", query.Enum("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy")) {
	case "User":
		in.filter.Kind = keys.UserKind
	case "Role":
		in.filter.Kind = keys.RoleKind
	case "Group":
		in.filter.Kind = keys.GroupKind
	case "LocalManagedPolicy", "AWSManagedPolicy":
		in.nobody = true // the model shares this type with another operation: no policy is attached to a policy
	}
}

func (a *api) listEntities(ctx context.Context, account ids.AccountID, in *policyInput) (any, error) {
	list, err := a.iam.EntitiesForPolicy(ctx, account, in.arn.String(), in.filter, in.page)
	if err != nil {
		return nil, err
	}
	result := &entitiesResult{}
	if in.nobody {
		return result, nil
	}
	result.pageShape = pageOf(list.Marker)
	for _, e := range list.Items {
		switch e.Kind {
		case keys.GroupKind:
			result.PolicyGroups.Members = append(result.PolicyGroups.Members, policyGroup{e.Name, string(e.ID)})
		case keys.UserKind:
			result.PolicyUsers.Members = append(result.PolicyUsers.Members, policyUser{e.Name, string(e.ID)})
		case keys.RoleKind:
			result.PolicyRoles.Members = append(result.PolicyRoles.Members, policyRole{e.Name, string(e.ID)})
		}
	}
	return result, nil
}
