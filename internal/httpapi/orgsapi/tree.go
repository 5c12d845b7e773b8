package orgsapi

import (
	"cmp"
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/wire/json11"
)

// organizations returns the rows for an organization as a whole.
func (a *api) organizations() []row {
	return []row{
		{
			name: "CreateOrganization",
			decode: func(r *json11.Reader, in *input) error {
				in.kind = cmp.Or(r.String("FeatureSet", featureRules...), orgs.AllFeatures)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				o, err := a.orgs.CreateOrganization(ctx, account, in.kind)
				return one("Organization", o, organizationOf, err)
			},
		},
		{
			name: "DescribeOrganization", own: always,
			run: func(ctx context.Context, account ids.AccountID, _ *input) (any, error) {
				o, err := a.orgs.Organization(ctx, account)
				return one("Organization", o, organizationOf, err)
			},
		},
		{
			name: "DeleteOrganization",
			run: func(ctx context.Context, account ids.AccountID, _ *input) (any, error) {
				return nil, a.orgs.DeleteOrganization(ctx, account)
			},
		},
		{
			name: "EnableAllFeatures",
			run: func(ctx context.Context, account ids.AccountID, _ *input) (any, error) {
				h, err := a.orgs.EnableAllFeatures(ctx, account)
				return one("Handshake", h, handshakeOf, err)
			},
		},
		{
			name: "ListRoots", decode: readPage,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.Roots(ctx, account, in.page)
				return listed("Roots", list, rootOf, err)
			},
		},
	}
}

// units returns the rows for organizational units and the tree that they make.
func (a *api) units() []row {
	return []row{
		{
			name: "CreateOrganizationalUnit", about: aboutParent,
			makes: func(*input) orgs.Ref { return orgs.NewUnit() },
			decode: func(r *json11.Reader, in *input) error {
				in.parent, in.name = r.Required("ParentId", parentRules...), require(r, "Name", nameRules...)
				readTags(r, in)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				u, err := a.orgs.CreateUnit(ctx, account, in.parent, text(in.name), in.tags)
				return one("OrganizationalUnit", u, unitOf, err)
			},
		},
		{
			name: "UpdateOrganizationalUnit", about: aboutID,
			decode: func(r *json11.Reader, in *input) error {
				in.id, in.name = r.Required("OrganizationalUnitId", unitRules...), r.Optional("Name", nameRules...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				u, err := a.orgs.RenameUnit(ctx, account, in.id, in.name)
				return one("OrganizationalUnit", u, unitOf, err)
			},
		},
		{
			name: "DeleteOrganizationalUnit", about: aboutID, decode: readID("OrganizationalUnitId", unitRules),
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.DeleteUnit(ctx, account, in.id)
			},
		},
		{
			name: "DescribeOrganizationalUnit", about: aboutID, decode: readID("OrganizationalUnitId", unitRules),
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				u, err := a.orgs.Unit(ctx, account, in.id)
				return one("OrganizationalUnit", u, unitOf, err)
			},
		},
		{
			name: "ListOrganizationalUnitsForParent", about: aboutParent, decode: readParentPage,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.Units(ctx, account, in.parent, in.page)
				return listed("OrganizationalUnits", list, unitOf, err)
			},
		},
		{
			name: "ListChildren", about: aboutParent,
			decode: func(r *json11.Reader, in *input) error {
				in.kind = r.Required("ChildType", childKindRules...)
				return readParentPage(r, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.Children(ctx, account, in.parent, in.kind, in.page)
				return listed("Children", list, nodeOf, err)
			},
		},
		{
			name: "ListParents", about: aboutID,
			decode: func(r *json11.Reader, in *input) error {
				in.id = r.Required("ChildId", childRules...)
				return readPage(r, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.Parents(ctx, account, in.id, in.page)
				return listed("Parents", list, nodeOf, err)
			},
		},
	}
}
