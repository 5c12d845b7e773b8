package iamapi

import (
	"context"

	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

type accessKeyResult struct{ AccessKey accessKeyShape }

type accessKeysResult struct {
	AccessKeyMetadata query.List[accessKeyShape]
	pageShape
}

// accessKeys returns the rows for access keys, which may be about the root user's.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
func (a *api) accessKeys() []httpapi.Operation {
	return []httpapi.Operation{
		a.entity(entityRow{
			name: "CreateAccessKey", kind: keys.UserKind, anyone: true, decode: decodeUserOrSelf,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				key, secret, err := a.iam.CreateAccessKey(ctx, account, in.name)
				shape := accessKeyOf(key)
				shape.SecretAccessKey = secret
				return &accessKeyResult{shape}, err
			},
		}),
		a.entity(entityRow{
			name: "ListAccessKeys", kind: keys.UserKind, anyone: true,
			decode: func(c *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.page = page(q)
				return decodeKeyOwner(c, q, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				list, err := a.iam.AccessKeys(ctx, account, in.name, in.page)
				return &accessKeysResult{listOf(list.Items, accessKeyOf), pageOf(list.Marker)}, err
			},
		}),
		a.entity(entityRow{
			name: "UpdateAccessKey", kind: keys.UserKind, anyone: true,
			decode: func(c *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.active = q.Required("Status", accessKeyStateRules...) == "Active"
				in.keyID = ids.AccessKeyID(q.Required("AccessKeyId", accessKeyRules...))
				return decodeKeyOwner(c, q, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.UpdateAccessKey(ctx, account, in.name, in.keyID, in.active)
			},
		}),
		a.entity(entityRow{
			name: "DeleteAccessKey", kind: keys.UserKind, anyone: true, decode: decodeAccessKey,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.DeleteAccessKey(ctx, account, in.name, in.keyID)
			},
		}),
	}
}

func decodeAccessKey(c *httpapi.Call, q *query.Reader, in *entityInput) error {
	in.keyID = ids.AccessKeyID(q.Required("AccessKeyId", accessKeyRules...))
	return decodeUserOrSelf(c, q, in)
}

// decodeKeyOwner is decodeUserOrSelf for the operations that need a name from a user with temporary credentials: on
// AWS it is the key of the request that tells whose keys are meant. That of a session of the root user tells it
// too.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
func decodeKeyOwner(c *httpapi.Call, q *query.Reader, in *entityInput) error {
	err := decodeUserOrSelf(c, q, in)
	if err == nil && c.Caller.Kind == policy.User && c.Caller.Temporary() && !q.Has("UserName") {
		err = errNoUserName
	}
	return err
}
