package organization

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
)

// accessRole is what the role is called by which the management account administers an account, unless it is told another
// name.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html
const accessRole = "OrganizationAccountAccessRole"

// createPage is the page of the form, with what was asked for last.
type createPage struct {
	Role    string
	Last    []types.CreateAccountStatus
	Problem *page.Problem
}

func showCreate(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &createPage{Role: accessRole}
	out, err := v.AWS.Organizations().ListCreateAccountStatus(ctx, &organizations.ListCreateAccountStatusInput{MaxResults: aws.Int32(pageSize)})
	if err != nil {
		d.Problem = v.Problem(err)
	} else {
		d.Last = out.CreateAccountStatuses
	}
	return &page.View{Title: "Create account", Crumbs: crumbs(page.Crumb{Text: "Create account"}), Template: "org-create", Data: d}, nil
}

// createAccount asks for an account, which is made after the answer.
func createAccount(ctx context.Context, v *page.Visit) (*page.Done, error) {
	in := &organizations.CreateAccountInput{AccountName: aws.String(v.Text("name")), Email: aws.String(v.Text("email")), RoleName: page.Optional(v.Text("role"))}
	if v.Text("name") == "" || v.Text("email") == "" {
		return nil, page.Invalid("Type a name for the account, and an e-mail address that no other account has.")
	}
	out, err := v.AWS.Organizations().CreateAccount(ctx, in)
	if err != nil || v.Dry() {
		return nil, err
	}
	return &page.Done{To: page.Query(page.Path("organization", "requests", aws.ToString(out.CreateAccountStatus.Id)), "role", v.Text("role")), Note: "The account is being created."}, nil
}

// request is the state of an account that is being created.
type request struct {
	types.CreateAccountStatus
	Role string
	Self string
}

// Over reports whether it has ended.
func (r request) Over() bool { return r.State != types.CreateAccountStateInProgress }

// showRequest tells the state, and asks again, as a part of the page, until it has ended.
func showRequest(ctx context.Context, v *page.Visit) (*page.View, error) {
	out, err := v.AWS.Organizations().DescribeCreateAccountStatus(ctx, &organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: aws.String(v.Path("request"))})
	if err != nil {
		return nil, err
	}
	d := &request{*out.CreateAccountStatus, v.Query("role"), v.Request.URL.RequestURI()}
	if d.Role == "" {
		d.Role = accessRole
	}
	if v.Part() {
		return &page.View{Template: "org-request-state", Data: d, Bare: true}, nil
	}
	return &page.View{Title: "Create account", Crumbs: crumbs(page.Crumb{Text: "Create account", To: "/organization/accounts/create"}, page.Crumb{Text: aws.ToString(out.CreateAccountStatus.AccountName)}), Template: "org-request", Data: d}, nil
}
