package iamapi

import (
	"context"

	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/wire/query"
)

type versionResult struct{ PolicyVersion versionShape }

type versionsResult struct {
	Versions query.List[versionShape]
	pageShape
}

// policyVersions returns the rows for the versions of managed policies.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
func (a *api) policyVersions() []httpapi.Operation {
	return []httpapi.Operation{
		a.policy(policyRow{
			name: "CreatePolicyVersion",
			decode: func(q *query.Reader, in *policyInput) {
				in.document = q.Required("PolicyDocument", documentRules...)
				in.asDefault = q.Bool("SetAsDefault")
			},
			run: func(ctx context.Context, account ids.AccountID, in *policyInput) (any, error) {
				v, err := a.iam.CreatePolicyVersion(ctx, account, in.arn.String(), in.document, in.asDefault)
				return &versionResult{listedVersion(v)}, err
			},
		}),
		a.policy(policyRow{
			name: "GetPolicyVersion", decode: decodeVersion,
			run: func(ctx context.Context, account ids.AccountID, in *policyInput) (any, error) {
				v, err := a.iam.PolicyVersion(ctx, account, in.arn.String(), in.version)
				return &versionResult{versionOf(v)}, err
			},
		}),
		a.policy(policyRow{
			name:   "ListPolicyVersions",
			decode: func(q *query.Reader, in *policyInput) { in.page = page(q) },
			run: func(ctx context.Context, account ids.AccountID, in *policyInput) (any, error) {
				list, err := a.iam.PolicyVersions(ctx, account, in.arn.String(), in.page)
				return &versionsResult{listOf(list.Items, listedVersion), pageOf(list.Marker)}, err
			},
		}),
		a.policy(policyRow{
			name: "DeletePolicyVersion", decode: decodeVersion,
			run: func(ctx context.Context, account ids.AccountID, in *policyInput) (any, error) {
				return nil, a.iam.DeletePolicyVersion(ctx, account, in.arn.String(), in.version)
			},
		}),
		a.policy(policyRow{
			name: "SetDefaultPolicyVersion", decode: decodeVersion,
			run: func(ctx context.Context, account ids.AccountID, in *policyInput) (any, error) {
				return nil, a.iam.SetDefaultPolicyVersion(ctx, account, in.arn.String(), in.version)
			},
		}),
	}
}

func decodeVersion(q *query.Reader, in *policyInput) {
	in.version = q.Required("VersionId", versionRules...)
}
