package organization

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"crossgrant/internal/console/page"
)

// settingsPage is the page of the organization itself.
type settingsPage struct {
	*standing
	Account string
	// Delegation is the resource policy of the organization, which lets members manage policies; empty: none.
	Delegation        string
	DelegationProblem *page.Problem
}

func showSettings(ctx context.Context, v *page.Visit) (*page.View, error) {
	s, err := stand(ctx, v)
	if err != nil {
		return nil, err
	}
	if s.Organization == nil {
		return nil, page.Missing("This account is in no organization.")
	}
	d := &settingsPage{standing: s, Account: v.Account()}
	out, err := v.AWS.Organizations().DescribeResourcePolicy(ctx, &organizations.DescribeResourcePolicyInput{})
	switch {
	case err == nil:
		d.Delegation = page.ShowJSON(aws.ToString(out.ResourcePolicy.Content))
	case !page.Absent(err, "ResourcePolicyNotFoundException"):
		d.DelegationProblem = v.Problem(err)
	}
	return &page.View{Title: "Settings of the organization", Crumbs: crumbs(page.Crumb{Text: "Settings"}), Template: "org-settings", Data: d}, nil
}

func enableFeatures(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().EnableAllFeatures(ctx, &organizations.EnableAllFeaturesInput{})
	return &page.Done{To: "/organization/settings", Note: "Accounts that were invited are asked to agree; the others agree by themselves."}, err
}

func putDelegation(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().PutResourcePolicy(ctx, &organizations.PutResourcePolicyInput{Content: aws.String(v.Form("policy"))})
	return &page.Done{To: "/organization/settings", Note: "The delegation policy is saved."}, err
}

func deleteDelegation(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed("delegation policy"); err != nil {
		return nil, err
	}
	_, err := v.AWS.Organizations().DeleteResourcePolicy(ctx, &organizations.DeleteResourcePolicyInput{})
	return &page.Done{To: "/organization/settings", Note: "The delegation policy is deleted."}, err
}

// deleteOrganization deletes the organization of the visitor's account, which has no other accounts then.
func deleteOrganization(ctx context.Context, v *page.Visit) (*page.Done, error) {
	out, err := v.AWS.Organizations().DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil {
		return nil, err
	}
	if err := v.Confirmed(aws.ToString(out.Organization.Id)); err != nil {
		return nil, err
	}
	_, err = v.AWS.Organizations().DeleteOrganization(ctx, &organizations.DeleteOrganizationInput{})
	return &page.Done{To: "/organization", Note: "The organization is deleted."}, err
}
