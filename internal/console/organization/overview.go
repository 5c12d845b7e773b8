package organization

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
)

// overview is the page that the section begins with.
type overview struct {
	*standing
	// Invitations are those that the account has received, while it is in no organization.
	Invitations        []invitation
	InvitationsProblem *page.Problem
	// Children are what is directly under the root.
	Children        *children
	ChildrenProblem *page.Problem
	RootPolicies    []attached
	// S3 is what S3 policies say together, of a member; empty: nothing.
	S3        string
	S3Problem *page.Problem
	Account   string
}

func show(ctx context.Context, v *page.Visit) (*page.View, error) {
	s, err := stand(ctx, v)
	if err != nil {
		return nil, err
	}
	d := &overview{standing: s, Account: v.Account()}
	switch {
	case s.Organization == nil:
		d.Invitations, err = received(ctx, v)
		d.InvitationsProblem = v.Problem(err)
		return &page.View{Title: "Organization", Template: "org-none", Data: d}, nil
	case s.Root() == nil && !s.Management:
		d.S3, err = effectiveS3(ctx, v, "")
		d.S3Problem = v.Problem(err)
		return &page.View{Title: "Organization", Template: "org-member", Data: d}, nil
	case s.Root() == nil:
		return &page.View{Title: "Organization", Template: "org-tree", Data: d}, nil
	}
	root := aws.ToString(s.Root().Id)
	v.Together(func() {
		var err error
		d.Children, err = childrenOf(ctx, v, root, aws.ToString(s.Organization.MasterAccountId), "", "")
		d.ChildrenProblem = v.Problem(err)
	}, func() { d.RootPolicies, _ = attachedTo(ctx, v, root) })
	return &page.View{Title: "Organization", Template: "org-tree", Data: d}, nil
}

// effectiveS3 returns what S3 policies say together about an account; empty: nothing. An empty account is the visitor's.
func effectiveS3(ctx context.Context, v *page.Visit, account string) (string, error) {
	out, err := v.AWS.Organizations().DescribeEffectivePolicy(ctx, &organizations.DescribeEffectivePolicyInput{PolicyType: types.EffectivePolicyTypeS3Policy, TargetId: page.Optional(account)})
	if page.Absent(err, "EffectivePolicyNotFoundException") {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.EffectivePolicy.PolicyContent), nil
}

// create makes the visitor's account the management account of a new organization.
func create(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().CreateOrganization(ctx, &organizations.CreateOrganizationInput{FeatureSet: types.OrganizationFeatureSet(v.Form("features"))})
	return &page.Done{To: "/organization", Note: "This account is the management account of an organization now."}, err
}

// leave takes the visitor's account out of its organization.
func leave(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed(v.Account()); err != nil {
		return nil, err
	}
	_, err := v.AWS.Organizations().LeaveOrganization(ctx, &organizations.LeaveOrganizationInput{})
	return &page.Done{To: "/organization", Note: "This account is in no organization any more."}, err
}
