package organization

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
)

// servicesPage is the page of the services that the organization trusts.
type servicesPage struct {
	*standing
	Services []types.EnabledServicePrincipal
	// Administrators are the accounts that administer some service.
	Administrators        []types.DelegatedAdministrator
	AdministratorsProblem *page.Problem
	Next                  string
	// Known are services to choose from.
	Known []string
}

// known are the services that do something here, and trust an organization.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html
var known = []string{"access-analyzer.amazonaws.com", "cloudtrail.amazonaws.com", "iam.amazonaws.com"}

func showServices(ctx context.Context, v *page.Visit) (*page.View, error) {
	s, err := stand(ctx, v)
	if err != nil {
		return nil, err
	}
	if s.Organization == nil {
		return nil, page.Missing("This account is in no organization.")
	}
	out, err := v.AWS.Organizations().ListAWSServiceAccessForOrganization(ctx, &organizations.ListAWSServiceAccessForOrganizationInput{MaxResults: aws.Int32(pageSize), NextToken: page.Optional(v.Query("token"))})
	if err != nil {
		return nil, err
	}
	d := &servicesPage{standing: s, Services: out.EnabledServicePrincipals, Known: known}
	if out.NextToken != nil {
		d.Next = page.Query("/organization/services", "token", *out.NextToken)
	}
	administrators, err := v.AWS.Organizations().ListDelegatedAdministrators(ctx, &organizations.ListDelegatedAdministratorsInput{MaxResults: aws.Int32(pageSize)})
	if err != nil {
		d.AdministratorsProblem = v.Problem(err)
	} else {
		d.Administrators = administrators.DelegatedAdministrators
	}
	return &page.View{Title: "Services", Crumbs: crumbs(page.Crumb{Text: "Services"}), Template: "org-services", Data: d}, nil
}

func enableService(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if v.Text("service") == "" {
		return nil, page.Invalid("Choose or type the principal of a service.")
	}
	_, err := v.AWS.Organizations().EnableAWSServiceAccess(ctx, &organizations.EnableAWSServiceAccessInput{ServicePrincipal: aws.String(v.Text("service"))})
	return &page.Done{To: "/organization/services", Note: v.Text("service") + " is trusted."}, err
}

func disableService(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed(v.Form("service")); err != nil {
		return nil, err
	}
	_, err := v.AWS.Organizations().DisableAWSServiceAccess(ctx, &organizations.DisableAWSServiceAccessInput{ServicePrincipal: aws.String(v.Form("service"))})
	return &page.Done{To: "/organization/services", Note: v.Form("service") + " is not trusted any more."}, err
}
