package iamapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/wire/query"
)

// RootFeatures enables what an organization can do with the root users of its member accounts; package orgs does.
type RootFeatures interface {
	RootFeatures(ctx context.Context, account ids.AccountID) (orgs.RootFeatures, error)
	EnableRootFeature(ctx context.Context, account ids.AccountID, feature string) (orgs.RootFeatures, error)
	DisableRootFeature(ctx context.Context, account ids.AccountID, feature string) (orgs.RootFeatures, error)
}

type featuresResult struct {
	OrganizationId  string
	EnabledFeatures query.List[string]
}

// rootFeatures returns the rows for root access of organizations.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-enable-root-access.html
func (a *api) rootFeatures() []httpapi.Operation {
	enable := func(feature string) func(context.Context, ids.AccountID) (orgs.RootFeatures, error) {
		return func(ctx context.Context, account ids.AccountID) (orgs.RootFeatures, error) {
			return a.features.EnableRootFeature(ctx, account, feature)
		}
	}
	disable := func(feature string) func(context.Context, ids.AccountID) (orgs.RootFeatures, error) {
		return func(ctx context.Context, account ids.AccountID) (orgs.RootFeatures, error) {
			return a.features.DisableRootFeature(ctx, account, feature)
		}
	}
	return []httpapi.Operation{
		featureRow("EnableOrganizationsRootCredentialsManagement", enable(orgs.RootCredentials)),
		featureRow("DisableOrganizationsRootCredentialsManagement", disable(orgs.RootCredentials)),
		featureRow("EnableOrganizationsRootSessions", enable(orgs.RootSessions)),
		featureRow("DisableOrganizationsRootSessions", disable(orgs.RootSessions)),
		featureRow("ListOrganizationsFeatures", func(ctx context.Context, account ids.AccountID) (orgs.RootFeatures, error) {
			return a.features.RootFeatures(ctx, account)
		}),
	}
}

// featureRow is a row without parameters, about the organization that the caller's account is in.
func featureRow(name string, run func(ctx context.Context, account ids.AccountID) (orgs.RootFeatures, error)) httpapi.Operation {
	return queryapi.Row[struct{}]{
		Name:   name,
		Decode: func(*httpapi.Call, *query.Reader) (*struct{}, error) { return new(struct{}), nil },
		Checks: func(*httpapi.Call, *struct{}) []access.Check {
			return []access.Check{{Action: "iam:" + name, Resource: "*"}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, _ *struct{}) (any, error) {
			features, err := run(ctx, c.Caller.Account)
			return &featuresResult{string(features.Organization), query.List[string]{Members: features.Enabled}}, err
		},
	}.Operation(protocol)
}
