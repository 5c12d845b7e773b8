package permissions

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/acl"
	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
	"crossgrant/internal/ids"
)

// The groups that an ACL may name.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee-predefined-groups
const (
	allUsers           = string(acl.AllUsers)
	authenticatedUsers = string(acl.AuthenticatedUsers)
	logDelivery        = string(acl.LogDelivery)
)

// column is a permission, as the table of an ACL has it.
type column struct{ Value, Text string }

// columns are the permissions of a bucket's ACL.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions
var columns = []column{
	{"READ", "List objects"}, {"WRITE", "Write objects"}, {"READ_ACP", "Read the ACL"}, {"WRITE_ACP", "Change the ACL"}, {"FULL_CONTROL", "Full control"},
}

// grantee is a row of the table.
type grantee struct {
	// Kind is CanonicalUser or Group, and ID the canonical user ID or the group's URI.
	Kind, ID string
	// Display is the name of the account, as S3 tells it.
	Display     string
	Owner, Mine bool
	Has         []string
}

// Key is what the form calls the grantee.
func (g grantee) Key() string { return g.Kind + " " + g.ID }

// Name names the grantee for people.
func (g grantee) Name() string {
	switch {
	case g.ID == allUsers:
		return "Everyone (public)"
	case g.ID == authenticatedUsers:
		return "Users of every account"
	case g.ID == logDelivery:
		return "S3 log delivery"
	case g.Display != "":
		return g.Display
	default:
		return g.ID
	}
}

// About tells who that is.
func (g grantee) About() string {
	switch {
	case g.ID == allUsers:
		return "AllUsers: anybody, without signing in"
	case g.ID == authenticatedUsers:
		return "AuthenticatedUsers: every user and role of every account"
	case g.ID == logDelivery:
		return "LogDelivery: writes the access logs of other buckets"
	case g.Owner:
		return "the bucket's owner"
	default:
		return "another account"
	}
}

// Can reports whether the grantee has a permission.
func (g grantee) Can(permission string) bool { return slices.Contains(g.Has, permission) }

// HasText is what it has, for the form to bring back.
func (g grantee) HasText() string { return strings.Join(g.Has, " ") }

// grantees arranges the grants of an ACL by their grantees: the owner first, then accounts, then groups. all adds the
// owner and the groups without a grant.
func grantees(owner *types.Owner, grants []types.Grant, own string, all bool) []grantee {
	var out []grantee
	at := func(kind, id string) *grantee {
		i := slices.IndexFunc(out, func(g grantee) bool { return g.Kind == kind && g.ID == id })
		if i < 0 {
			i = len(out)
			out = append(out, grantee{Kind: kind, ID: id, Owner: kind == "CanonicalUser" && owner != nil && id == aws.ToString(owner.ID), Mine: kind == "CanonicalUser" && own != "" && id == own})
		}
		return &out[i]
	}
	if owner != nil && all {
		at("CanonicalUser", aws.ToString(owner.ID)).Display = aws.ToString(owner.DisplayName)
	}
	for _, g := range grants {
		if g.Grantee == nil {
			continue
		}
		one := at(string(g.Grantee.Type), idOf(g.Grantee))
		if name := aws.ToString(g.Grantee.DisplayName); name != "" {
			one.Display = name
		}
		if !one.Can(string(g.Permission)) {
			one.Has = append(one.Has, string(g.Permission))
		}
	}
	if all {
		for _, group := range []string{allUsers, authenticatedUsers, logDelivery} {
			at("Group", group)
		}
	}
	slices.SortStableFunc(out, func(a, b grantee) int { return rank(a) - rank(b) })
	return out
}

func rank(g grantee) int {
	switch {
	case g.Owner:
		return 0
	case g.Kind == "CanonicalUser":
		return 1
	default:
		return 2
	}
}

// idOf is what tells grantees of a kind apart.
func idOf(g *types.Grantee) string {
	switch g.Type {
	case types.TypeGroup:
		return aws.ToString(g.URI)
	case types.TypeAmazonCustomerByEmail:
		return aws.ToString(g.EmailAddress)
	default:
		return aws.ToString(g.ID)
	}
}

// aclPage is the page of the bucket's ACL.
type aclPage struct {
	Bucket string
	settings
	Grantees []grantee
	Columns  []column
	Canned   []choice
}

// canned are the canned ACLs of buckets.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
var canned = []choice{
	{"private", "Only the owner, with full control."},
	{"public-read", "Everyone may list the objects."},
	{"public-read-write", "Everyone may list the objects, and write new ones."},
	{"authenticated-read", "The users of every account may list the objects."},
	{"log-delivery-write", "S3 log delivery may write access logs, and read the ACL."},
}

func showACL(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &aclPage{Bucket: name(v), Columns: columns, Canned: canned}
	v.Together(
		bucket.Reading(ctx, v, &d.ACL, getACL(v)), bucket.Reading(ctx, v, &d.Ownership, getOwnership(v), noOwnership), bucket.Reading(ctx, v, &d.Own, getOwn(v)),
	)
	if err := bucket.Gone(d.Bucket, d.ACL.Problem); err != nil {
		return nil, err
	}
	if d.ACL.Is != nil {
		d.Grantees = grantees(d.ACL.Is.Owner, d.ACL.Is.Grants, d.Own.Is, true)
	}
	return view(v, "ACL", "acl", d), nil
}

// rows is how many grantees the form may have: an ACL has 100 grants at most.
const rows = 200

// changed returns the ACL as it is, with the boxes of the form that were changed: what somebody else changed in the
// meantime stays.
func changed(ctx context.Context, v *page.Visit) (*types.AccessControlPolicy, error) {
	now, err := getACL(v)(ctx)
	if err != nil {
		return nil, err
	}
	grants := slices.Clone(now.Grants)
	for i := range rows {
		n := strconv.Itoa(i)
		key := v.Form("grantee-" + n)
		if key == "" {
			break
		}
		kind, id, _ := strings.Cut(key, " ")
		had := strings.Fields(v.Form("had-" + n))
		for _, c := range columns {
			is := slices.Contains(v.Forms("grant-"+n), c.Value)
			switch was := slices.Contains(had, c.Value); {
			case is && !was:
				grants = with(grants, kind, id, c.Value)
			case was && !is:
				grants = slices.DeleteFunc(grants, func(g types.Grant) bool {
					return g.Grantee != nil && string(g.Grantee.Type) == kind && idOf(g.Grantee) == id && string(g.Permission) == c.Value
				})
			}
		}
	}
	id, wanted := v.Text("new-id"), v.Forms("new-grant")
	switch {
	case id == "" && len(wanted) > 0:
		return nil, page.Invalid("Type the canonical user ID of the account that you want to add.")
	case id != "" && !ids.IsCanonicalUserID(id):
		return nil, page.Invalid("A canonical user ID has 64 characters, 0 to 9 and a to f. It is not the ID of the account.")
	case id != "" && len(wanted) == 0:
		return nil, page.Invalid("Choose what the account %s may do.", id)
	}
	for _, permission := range wanted {
		grants = with(grants, string(types.TypeCanonicalUser), id, permission)
	}
	return &types.AccessControlPolicy{Owner: now.Owner, Grants: grants}, nil
}

// with adds a grant unless it is there.
func with(grants []types.Grant, kind, id, permission string) []types.Grant {
	g := types.Grant{Grantee: &types.Grantee{Type: types.Type(kind)}, Permission: types.Permission(permission)}
	if g.Grantee.Type == types.TypeGroup {
		g.Grantee.URI = &id
	} else {
		g.Grantee.ID = &id
	}
	if slices.ContainsFunc(grants, func(o types.Grant) bool {
		return o.Grantee != nil && o.Grantee.Type == g.Grantee.Type && idOf(o.Grantee) == id && o.Permission == g.Permission
	}) {
		return grants
	}
	return append(grants, g)
}

func saveACL(ctx context.Context, v *page.Visit) (*page.Done, error) {
	policy, err := changed(ctx, v)
	if err != nil {
		return nil, err
	}
	if _, err := v.AWS.S3().PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: aws.String(name(v)), AccessControlPolicy: policy}); err != nil {
		return nil, err
	}
	return done(v, "The ACL of "+name(v)+" is saved."), nil
}

func saveCanned(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if _, err := v.AWS.S3().PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: aws.String(name(v)), ACL: types.BucketCannedACL(v.Form("canned"))}); err != nil {
		return nil, err
	}
	return done(v, "The ACL of "+name(v)+" is "+v.Form("canned")+" now."), nil
}

// list is an ACL, as PreviewAccess takes it.
type list struct {
	Owner  listed
	Grants []listedGrant
}

type listed struct {
	ID   string `json:",omitempty"`
	Type string `json:",omitempty"`
	URI  string `json:",omitempty"`
}

type listedGrant struct {
	Grantee    listed
	Permission string
}

func previewACL(ctx context.Context, v *page.Visit) (*page.Done, error) {
	policy, err := changed(ctx, v)
	if err != nil {
		return &page.Done{View: &page.View{Template: "previewed", Data: &previewed{Problem: v.Problem(err)}, Bare: true}}, nil
	}
	l := &list{Grants: []listedGrant{}}
	if policy.Owner != nil {
		l.Owner.ID = aws.ToString(policy.Owner.ID)
	}
	for _, g := range policy.Grants {
		l.Grants = append(l.Grants, listedGrant{listed{aws.ToString(g.Grantee.ID), string(g.Grantee.Type), aws.ToString(g.Grantee.URI)}, string(g.Permission)})
	}
	return preview(ctx, v, &edit{AccessControlPolicy: l})
}
