package stsapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/wire/query"
)

type callerIdentity struct{ Arn, UserId, Account string }

// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func (a *api) getCallerIdentity() httpapi.Operation {
	return queryapi.Row[struct{}]{
		Name:      "GetCallerIdentity",
		Decode:    func(*httpapi.Call, *query.Reader) (*struct{}, error) { return new(struct{}), nil },
		Unchecked: "no permissions are required, and no policy can deny it",
		Run: func(_ context.Context, c *httpapi.Call, _ *struct{}) (any, error) {
			return &callerIdentity{Arn: c.Caller.ARN, UserId: c.Caller.UserID(), Account: string(c.Caller.Account)}, nil
		},
	}.Operation(protocol)
}

// onEverything returns the check of an action that has no type of resource.
func onEverything[In any](action string) func(*httpapi.Call, *In) []access.Check {
	return func(*httpapi.Call, *In) []access.Check { return []access.Check{{Action: action, Resource: "*"}} }
}

type accessKeyInput struct{ id ids.AccessKeyID }

type accessKeyInfo struct{ Account string }

// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
func (a *api) getAccessKeyInfo() httpapi.Operation {
	return queryapi.Row[accessKeyInput]{
		Name: "GetAccessKeyInfo",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*accessKeyInput, error) {
			return &accessKeyInput{ids.AccessKeyID(q.Required("AccessKeyId", accessKeyRules...))}, nil
		},
		Checks: onEverything[accessKeyInput]("sts:GetAccessKeyInfo"),
		Run: func(ctx context.Context, _ *httpapi.Call, in *accessKeyInput) (any, error) {
			account, err := a.sts.AccountOfKey(ctx, in.id)
			if err != nil {
				return nil, err
			}
			return &accessKeyInfo{string(account)}, nil
		},
	}.Operation(protocol)
}
