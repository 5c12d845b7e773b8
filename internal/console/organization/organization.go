// Package organization is the accounts of an organization and the policies that bind them: AWS Organizations, as the
// visitor. What a page shows depends on what the visitor's account is: none of any organization's, a member, or the
// management account, or one that may read as much, such as a delegated administrator.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_introduction.html
package organization

import (
	"context"
	"embed"
	"io/fs"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html assets
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	row := func(path string, get func(context.Context, *page.Visit) (*page.View, error), actions map[string]page.Action) page.Row {
		area := "organization"
		if slices.Contains([]string{"/organization/policies", "/organization/policies/create", "/organization/policies/{policy}", "/organization/attach"}, path) {
			area = "organization-policies"
		}
		return page.Row{Path: path, Area: area, Get: get, Actions: actions}
	}
	inUnit := map[string]page.Action{
		"create": createUnit, "rename": renameUnit, "delete": deleteUnit, "enable": enableType, "disable": disableType, "tag": tagUnit, "untag": untagUnit,
	}
	return page.Section{Name: "organization", Templates: []fs.FS{page.Templates(files)}, Assets: page.Assets(files), Rows: []page.Row{
		row("/organization", show, map[string]page.Action{"create": create, "accept": accept, "decline": decline, "leave": leave}),
		row("/organization/tree", showTree, nil),
		row("/organization/roots/{unit}", showUnit, inUnit),
		row("/organization/units/{unit}", showUnit, inUnit),
		row("/organization/accounts", showAccounts, nil),
		row("/organization/accounts/create", showCreate, map[string]page.Action{"create": createAccount}),
		row("/organization/accounts/{account}", showAccount, map[string]page.Action{
			"move": moveAccount, "close": closeAccount, "remove": removeAccount, "register": register, "deregister": deregister, "tag": tagAccount, "untag": untagAccount,
		}),
		row("/organization/requests/{request}", showRequest, nil),
		row("/organization/invitations", showInvitations, map[string]page.Action{"invite": invite, "cancel": cancel}),
		row("/organization/services", showServices, map[string]page.Action{"enable": enableService, "disable": disableService}),
		row("/organization/settings", showSettings, map[string]page.Action{
			"features": enableFeatures, "put": putDelegation, "delete-policy": deleteDelegation, "delete": deleteOrganization, "leave": leave,
		}),
		row("/organization/policies", showPolicies, nil),
		row("/organization/policies/create", showCreatePolicy, map[string]page.Action{"create": createPolicy}),
		row("/organization/policies/{policy}", showPolicy, map[string]page.Action{"update": updatePolicy, "delete": deletePolicy, "tag": tagPolicy, "untag": untagPolicy}),
		row("/organization/attach", showAttach, map[string]page.Action{"attach": attach, "detach": detach}),
	}}
}

// notInUse is the error that says that the account is in no organization.
const notInUse = "AWSOrganizationsNotInUseException"

// standing is what the visitor's account is in its organization.
type standing struct {
	Organization *types.Organization
	// Management says that it is the management account.
	Management bool
	// Roots is what only those see who may read the organization; nil if RootsProblem is set.
	Roots        []types.Root
	RootsProblem *page.Problem
}

// AllFeatures reports whether the organization may have policies.
func (s *standing) AllFeatures() bool {
	return s.Organization != nil && s.Organization.FeatureSet == types.OrganizationFeatureSetAll
}

// Root returns the root, of which an organization has one; nil if the visitor may not see it.
func (s *standing) Root() *types.Root {
	if len(s.Roots) == 0 {
		return nil
	}
	return &s.Roots[0]
}

// enabledTypes returns the types of policy that are enabled in the root, as far as the visitor may see it.
func (s *standing) enabledTypes() []types.PolicyType {
	var out []types.PolicyType
	if root := s.Root(); root != nil {
		for _, t := range root.PolicyTypes {
			if t.Status == types.PolicyTypeStatusEnabled {
				out = append(out, t.Type)
			}
		}
	}
	return out
}

// stand asks what the visitor's account is. The organization is nil if there is none.
func stand(ctx context.Context, v *page.Visit) (*standing, error) {
	out, err := v.AWS.Organizations().DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if page.Absent(err, notInUse) {
		return &standing{}, nil
	}
	if err != nil {
		return nil, err
	}
	s := &standing{Organization: out.Organization, Management: aws.ToString(out.Organization.MasterAccountId) == v.Account()}
	roots, err := v.AWS.Organizations().ListRoots(ctx, &organizations.ListRootsInput{})
	if err != nil {
		s.RootsProblem = v.Problem(err)
		return s, nil
	}
	s.Roots = roots.Roots
	return s, nil
}

// crumbs lead to a page of the section.
func crumbs(way ...page.Crumb) []page.Crumb {
	return append([]page.Crumb{{Text: "Organization", To: "/organization"}}, way...)
}

// tags returns the tags of something.
func tags(ctx context.Context, v *page.Visit, id string) ([]types.Tag, error) {
	out, err := v.AWS.Organizations().ListTagsForResource(ctx, &organizations.ListTagsForResourceInput{ResourceId: &id})
	if err != nil {
		return nil, err
	}
	return out.Tags, nil
}

// tag sets a tag of something, which the fields key and value are.
func tag(ctx context.Context, v *page.Visit, id, to string) (*page.Done, error) {
	if v.Text("key") == "" {
		return nil, page.Invalid("A tag has a key.")
	}
	_, err := v.AWS.Organizations().TagResource(ctx, &organizations.TagResourceInput{ResourceId: &id, Tags: []types.Tag{{Key: aws.String(v.Text("key")), Value: aws.String(v.Text("value"))}}})
	return &page.Done{To: to, Note: "The tag is set."}, err
}

// untag takes a tag away.
func untag(ctx context.Context, v *page.Visit, id, to string) (*page.Done, error) {
	_, err := v.AWS.Organizations().UntagResource(ctx, &organizations.UntagResourceInput{ResourceId: &id, TagKeys: []string{v.Form("key")}})
	return &page.Done{To: to, Note: "The tag is gone."}, err
}
