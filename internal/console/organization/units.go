package organization

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
)

// unitPage is the page of a root or an organizational unit.
type unitPage struct {
	*standing
	Node            node
	ARN             string
	Choices         []types.PolicySummary
	Way             []level
	WayProblem      *page.Problem
	Children        *children
	ChildrenProblem *page.Problem
	Tags            []types.Tag
	TagsProblem     *page.Problem
	// Types are the types of policy, of the root.
	Types []typeState
}

// typeState is whether a type of policy is enabled in the root.
type typeState struct {
	kind
	Enabled bool
}

// unitTo returns the page that a form of the page of a root or unit leads back to.
func unitTo(v *page.Visit) string {
	id := v.Path("unit")
	return node{ID: id, Kind: kindOf(id)}.To()
}

func showUnit(ctx context.Context, v *page.Visit) (*page.View, error) {
	s, err := stand(ctx, v)
	if err != nil {
		return nil, err
	}
	if s.Organization == nil {
		return nil, page.Missing("This account is in no organization.")
	}
	id := v.Path("unit")
	d := &unitPage{standing: s, Node: node{ID: id, Kind: kindOf(id)}}
	switch root := s.Root(); {
	case d.Node.Kind == "root" && (root == nil || aws.ToString(root.Id) != id):
		return nil, page.Missing("The organization has no such root.")
	case d.Node.Kind == "root":
		d.Node.Name, d.ARN = aws.ToString(root.Name), aws.ToString(root.Arn)
		enabled := s.enabledTypes()
		for _, k := range kinds {
			d.Types = append(d.Types, typeState{k, slices.Contains(enabled, types.PolicyType(k.Type))})
		}
	default:
		out, err := v.AWS.Organizations().DescribeOrganizationalUnit(ctx, &organizations.DescribeOrganizationalUnitInput{OrganizationalUnitId: &id})
		if err != nil {
			return nil, err
		}
		d.Node.Name, d.ARN = aws.ToString(out.OrganizationalUnit.Name), aws.ToString(out.OrganizationalUnit.Arn)
	}
	v.Together(func() {
		var err error
		d.Way, err = wayTo(ctx, v, d.Node, s)
		d.WayProblem = v.Problem(err)
	}, func() {
		var err error
		d.Children, err = childrenOf(ctx, v, id, aws.ToString(s.Organization.MasterAccountId), v.Query("kind"), v.Query("token"))
		d.ChildrenProblem = v.Problem(err)
	}, func() { d.Choices = choices(ctx, v, s) }, func() {
		var err error
		d.Tags, err = tags(ctx, v, id)
		d.TagsProblem = v.Problem(err)
	})
	d.Node = ofWay(d.Node, d.Way)
	way := d.Way
	if way == nil {
		way = []level{{node: d.Node}}
	}
	return &page.View{Title: d.Node.Name, Crumbs: crumbsOf(way), Template: "org-unit", Data: d}, nil
}

func createUnit(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().CreateOrganizationalUnit(ctx, &organizations.CreateOrganizationalUnitInput{ParentId: aws.String(v.Path("unit")), Name: aws.String(v.Text("name"))})
	return &page.Done{To: unitTo(v), Note: "The organizational unit " + v.Text("name") + " is there."}, err
}

func renameUnit(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().UpdateOrganizationalUnit(ctx, &organizations.UpdateOrganizationalUnitInput{OrganizationalUnitId: aws.String(v.Path("unit")), Name: aws.String(v.Text("new-name"))})
	return &page.Done{To: unitTo(v), Note: "It is called " + v.Text("new-name") + " now."}, err
}

func deleteUnit(ctx context.Context, v *page.Visit) (*page.Done, error) {
	id := v.Path("unit")
	if err := v.Confirmed(id); err != nil {
		return nil, err
	}
	_, err := v.AWS.Organizations().DeleteOrganizationalUnit(ctx, &organizations.DeleteOrganizationalUnitInput{OrganizationalUnitId: &id})
	return &page.Done{To: "/organization", Note: "The organizational unit is deleted."}, err
}

func enableType(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().EnablePolicyType(ctx, &organizations.EnablePolicyTypeInput{RootId: aws.String(v.Path("unit")), PolicyType: types.PolicyType(v.Form("type"))})
	return &page.Done{To: unitTo(v), Note: kindNamed(v.Form("type")).Name + " are enabled."}, err
}

// disableType detaches all policies of the type, and AWS's own too, which cannot be undone at once.
func disableType(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed(v.Form("type")); err != nil {
		return nil, err
	}
	_, err := v.AWS.Organizations().DisablePolicyType(ctx, &organizations.DisablePolicyTypeInput{RootId: aws.String(v.Path("unit")), PolicyType: types.PolicyType(v.Form("type"))})
	return &page.Done{To: unitTo(v), Note: kindNamed(v.Form("type")).Name + " are disabled."}, err
}

func tagUnit(ctx context.Context, v *page.Visit) (*page.Done, error) {
	return tag(ctx, v, v.Path("unit"), unitTo(v))
}

func untagUnit(ctx context.Context, v *page.Visit) (*page.Done, error) {
	return untag(ctx, v, v.Path("unit"), unitTo(v))
}
