package crossgrantapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/acl"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/wire/json11"
)

// The values of Object Ownership.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_OwnershipControlsRule.html
var ownerships = []string{access.Enforced, access.BucketOwnerPreferred, "ObjectWriter"}

// Bounds of text members, in characters.
const (
	maxText   = 2048
	maxPolicy = 200_000
)

func reachRows(halves Halves) []row {
	return []row{
		{
			name:   "ListAccess",
			decode: decodeReach,
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return halves.Answer(ctx, c.Caller.Account, in.reach)
			},
		},
		{
			name:   "PreviewAccess",
			decode: decodeEdit,
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return halves.Preview(ctx, c.Caller, c.Keys(), &in.edit)
			},
		},
	}
}

func decodeReach(r *json11.Reader, in *input) {
	text := json11.Length(1, maxText)
	in.reach.Bucket, in.reach.Prefix, in.reach.Key = r.String("Bucket", text), r.String("Prefix", text), r.String("Key", text)
	in.reach.Principal, in.reach.Action = r.String("Principal", text), r.String("Action", text)
}

// decodeEdit reads a change. Its parts are named and formed as those of PutBucketPolicy, PutBucketAcl,
// PutPublicAccessBlock and PutBucketOwnershipControls.
func decodeEdit(r *json11.Reader, in *input) {
	text := json11.Length(1, maxText)
	e := &in.edit
	e.Bucket, e.Action = r.Required("Bucket", text), r.String("Action", text)
	e.Policy = r.Optional("Policy", json11.Length(0, maxPolicy))
	e.Ownership = r.String("ObjectOwnership", json11.Enum(ownerships...))
	if r.Has("AccessControlPolicy") {
		e.ACL, in.err = decodeACL(r.Object("AccessControlPolicy"))
	}
	if r.Has("PublicAccessBlockConfiguration") {
		block := r.Object("PublicAccessBlockConfiguration")
		is := func(name string) bool {
			b := block.Bool(name)
			return b != nil && *b
		}
		e.Block = &authz.PublicAccessBlock{
			BlockPublicAcls: is("BlockPublicAcls"), IgnorePublicAcls: is("IgnorePublicAcls"),
			BlockPublicPolicy: is("BlockPublicPolicy"), RestrictPublicBuckets: is("RestrictPublicBuckets"),
		}
	}
}

// decodeACL reads an AccessControlPolicy. DisplayName is accepted and ignored, as S3 does.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_AccessControlPolicy.html
func decodeACL(r *json11.Reader) (*acl.ACL, error) {
	text := json11.Length(0, maxText)
	owner := r.Object("Owner")
	owner.String("DisplayName", text)
	id := owner.Required("ID", text)
	var grants []acl.Written
	for _, g := range r.Objects("Grants") {
		grantee := g.RequiredObject("Grantee")
		grantee.String("DisplayName", text)
		grants = append(grants, acl.Written{
			Type: grantee.Required("Type", text), ID: grantee.String("ID", text), URI: grantee.String("URI", text),
			EmailAddress: grantee.String("EmailAddress", text), Permission: g.Required("Permission", text),
		})
	}
	list, err := acl.FromMembers(id, grants)
	return &list, access.ACLError(err)
}
