package objects

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/acl"
	"crossgrant/internal/console/page"
)

// access is the page of who has access to an object by its ACL.
type access struct {
	*address
	Owner       *types.Owner
	Grants      []grant
	Problem     *page.Problem
	Canned      []string
	Permissions []types.Permission
}

// grant is one grant of an ACL, as it is shown.
type grant struct {
	// Kind is account or group; Name is the account's, if it is known, and ID its canonical ID, or the group's URI.
	Kind, Name, ID string
	Permission     types.Permission
	// Wide says that it is a grant to everybody, or to everybody with an AWS account.
	Wide bool
}

// Ref is what names the grant in the form.
func (g grant) Ref() string {
	text, err := json.Marshal([]string{g.Kind, g.ID, string(g.Permission)})
	if err != nil {
		return ""
	}
	return string(text)
}

var permissions = []types.Permission{types.PermissionRead, types.PermissionReadAcp, types.PermissionWriteAcp, types.PermissionFullControl}

// cannedACLs are those that objects can be given.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
var cannedACLs = []string{"private", "bucket-owner-read", "bucket-owner-full-control", "authenticated-read", "public-read", "public-read-write", "aws-exec-read"}

// groupNames are the groups that can be granted something, by their URIs, which the form has for them.
var groupNames = map[string]string{
	string(acl.AllUsers): "Everyone", string(acl.AuthenticatedUsers): "Everyone with an AWS account", string(acl.LogDelivery): "S3 log delivery",
}

func showACL(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &access{address: addressed(v), Canned: cannedACLs, Permissions: permissions}
	if d.Key == "" {
		return nil, page.Missing("The address names no object.")
	}
	out, err := v.AWS.S3().GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: &d.Bucket, Key: &d.Key, VersionId: d.version()})
	if err != nil {
		d.Problem = v.Problem(err)
	} else {
		d.Owner = out.Owner
		for _, g := range out.Grants {
			d.Grants = append(d.Grants, shown(g))
		}
	}
	return d.view("permissions", "Permissions", "object-acl", d), nil
}

func shown(g types.Grant) grant {
	out := grant{Permission: g.Permission, Kind: "account"}
	if g.Grantee == nil {
		return out
	}
	if g.Grantee.Type == types.TypeGroup {
		out.Kind, out.ID = "group", aws.ToString(g.Grantee.URI)
		out.Name, out.Wide = groupNames[out.ID], out.ID == string(acl.AllUsers) || out.ID == string(acl.AuthenticatedUsers)
		return out
	}
	out.Name, out.ID = aws.ToString(g.Grantee.DisplayName), aws.ToString(g.Grantee.ID)
	return out
}

// putCannedACL replaces the ACL by one of S3's.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
func putCannedACL(ctx context.Context, v *page.Visit) (*page.Done, error) {
	at := addressed(v)
	_, err := v.AWS.S3().PutObjectAcl(ctx, &s3.PutObjectAclInput{Bucket: &at.Bucket, Key: &at.Key, VersionId: at.version(), ACL: types.ObjectCannedACL(v.Form("acl"))})
	return &page.Done{To: at.At("permissions"), Note: "The ACL was replaced by " + v.Form("acl") + "."}, err
}

// putGrants takes grants away and adds one: the ACL is read, changed, and put back as a whole.
func putGrants(ctx context.Context, v *page.Visit) (*page.Done, error) {
	at := addressed(v)
	now, err := v.AWS.S3().GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: &at.Bucket, Key: &at.Key, VersionId: at.version()})
	if err != nil {
		return nil, err
	}
	gone := v.Forms("remove")
	grants := slices.DeleteFunc(now.Grants, func(g types.Grant) bool { return slices.Contains(gone, shown(g).Ref()) })
	added, err := newGrant(v)
	if err != nil {
		return nil, err
	}
	if added != nil {
		grants = append(grants, *added)
	}
	if added == nil && len(gone) == 0 {
		return nil, page.Invalid("Nothing would change: mark grants to be removed, or fill a new one in.")
	}
	_, err = v.AWS.S3().PutObjectAcl(ctx, &s3.PutObjectAclInput{
		Bucket: &at.Bucket, Key: &at.Key, VersionId: at.version(), AccessControlPolicy: &types.AccessControlPolicy{Owner: now.Owner, Grants: grants},
	})
	return &page.Done{To: at.At("permissions"), Note: "The grants were saved."}, err
}

// newGrant returns the grant that the form adds; nil for none.
func newGrant(v *page.Visit) (*types.Grant, error) {
	to := &types.Grantee{}
	switch kind := v.Form("grantee"); {
	case kind == "account" && v.Text("canonicalId") == "":
		return nil, nil
	case kind == "account":
		to.Type, to.ID = types.TypeCanonicalUser, aws.String(v.Text("canonicalId"))
	case groupNames[kind] != "":
		to.Type, to.URI = types.TypeGroup, &kind
	default:
		return nil, nil
	}
	permission := types.Permission(v.Form("permission"))
	if !slices.Contains(permissions, permission) {
		return nil, page.Invalid("Choose what is granted.")
	}
	return &types.Grant{Grantee: to, Permission: permission}, nil
}
