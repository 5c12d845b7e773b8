package organization

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
)

// accountList is the page of all accounts.
type accountList struct {
	*standing
	Accounts []accountFacts
	Next     string
}

// accountFacts are what the organization knows of an account.
type accountFacts struct {
	node
	ARN, Method string
	Joined      *time.Time
}

func factsOf(a types.Account, management string) accountFacts {
	return accountFacts{accountNode(a, management), aws.ToString(a.Arn), string(a.JoinedMethod), a.JoinedTimestamp}
}

func showAccounts(ctx context.Context, v *page.Visit) (*page.View, error) {
	s, err := stand(ctx, v)
	if err != nil {
		return nil, err
	}
	if s.Organization == nil {
		return nil, page.Missing("This account is in no organization.")
	}
	out, err := v.AWS.Organizations().ListAccounts(ctx, &organizations.ListAccountsInput{MaxResults: aws.Int32(pageSize), NextToken: page.Optional(v.Query("token"))})
	if err != nil {
		return nil, err
	}
	d := &accountList{standing: s}
	for _, a := range out.Accounts {
		d.Accounts = append(d.Accounts, factsOf(a, aws.ToString(s.Organization.MasterAccountId)))
	}
	if out.NextToken != nil {
		d.Next = page.Query("/organization/accounts", "token", *out.NextToken)
	}
	return &page.View{Title: "Accounts", Crumbs: crumbs(page.Crumb{Text: "Accounts"}), Template: "org-accounts", Data: d}, nil
}

// accountPage is the page of one account.
type accountPage struct {
	*standing
	Facts       accountFacts
	Node        node
	Choices     []types.PolicySummary
	Way         []level
	WayProblem  *page.Problem
	Tags        []types.Tag
	TagsProblem *page.Problem
	// Services are those that the account administers for the organization.
	Services        []types.DelegatedService
	ServicesProblem *page.Problem
	// Trusted are the services that it could administer.
	Trusted []types.EnabledServicePrincipal
	// Places are where it could be moved to, of the root and what is right under it.
	Places []node
	S3     string
}

// Parent returns the ID of the root or unit that the account is in.
func (a *accountPage) Parent() string {
	if len(a.Way) < 2 {
		return ""
	}
	return a.Way[len(a.Way)-2].ID
}

func showAccount(ctx context.Context, v *page.Visit) (*page.View, error) {
	s, err := stand(ctx, v)
	if err != nil {
		return nil, err
	}
	if s.Organization == nil {
		return nil, page.Missing("This account is in no organization.")
	}
	id := v.Path("account")
	out, err := v.AWS.Organizations().DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: &id})
	if err != nil {
		return nil, err
	}
	d := &accountPage{standing: s, Facts: factsOf(*out.Account, aws.ToString(s.Organization.MasterAccountId))}
	v.Together(func() {
		var err error
		d.Way, err = wayTo(ctx, v, d.Facts.node, s)
		d.WayProblem = v.Problem(err)
	}, func() {
		var err error
		d.Tags, err = tags(ctx, v, id)
		d.TagsProblem = v.Problem(err)
	}, func() {
		if d.Facts.Management {
			return
		}
		out, err := v.AWS.Organizations().ListDelegatedServicesForAccount(ctx, &organizations.ListDelegatedServicesForAccountInput{AccountId: &id})
		if page.Absent(err, "AccountNotRegisteredException") {
			return
		}
		if err != nil {
			d.ServicesProblem = v.Problem(err)
			return
		}
		d.Services = out.DelegatedServices
	}, func() {
		if out, err := v.AWS.Organizations().ListAWSServiceAccessForOrganization(ctx, &organizations.ListAWSServiceAccessForOrganizationInput{}); err == nil {
			d.Trusted = out.EnabledServicePrincipals
		}
	}, func() { d.Choices = choices(ctx, v, s) }, func() { d.Places = places(ctx, v, s) }, func() {
		if !d.Facts.Management && s.AllFeatures() {
			d.S3, _ = effectiveS3(ctx, v, id)
		}
	})
	d.Node = ofWay(d.Facts.node, d.Way)
	way := d.Way
	if way == nil {
		way = []level{{node: d.Facts.node}}
	}
	return &page.View{Title: d.Facts.Name, Crumbs: crumbsOf(way), Template: "org-account", Data: d}, nil
}

// places returns the root and the first organizational units under it, to choose from.
func places(ctx context.Context, v *page.Visit, s *standing) []node {
	root := s.Root()
	if root == nil {
		return nil
	}
	out := []node{{ID: aws.ToString(root.Id), Name: aws.ToString(root.Name), Kind: "root"}}
	units, err := v.AWS.Organizations().ListOrganizationalUnitsForParent(ctx, &organizations.ListOrganizationalUnitsForParentInput{ParentId: root.Id, MaxResults: aws.Int32(pageSize)})
	if err != nil {
		return out
	}
	for _, u := range units.OrganizationalUnits {
		out = append(out, node{ID: aws.ToString(u.Id), Name: aws.ToString(u.Name), Kind: "unit"})
	}
	return out
}

func accountTo(v *page.Visit) string { return page.Path("organization", "accounts", v.Path("account")) }

func moveAccount(ctx context.Context, v *page.Visit) (*page.Done, error) {
	id, to := v.Path("account"), v.Text("to")
	if to == "" {
		return nil, page.Invalid("Choose or type the ID of the root or organizational unit that the account is moved to.")
	}
	parents, err := v.AWS.Organizations().ListParents(ctx, &organizations.ListParentsInput{ChildId: &id})
	if err != nil {
		return nil, err
	}
	if len(parents.Parents) == 0 {
		return nil, page.Invalid("The account is in no organizational unit.")
	}
	_, err = v.AWS.Organizations().MoveAccount(ctx, &organizations.MoveAccountInput{AccountId: &id, SourceParentId: parents.Parents[0].Id, DestinationParentId: &to})
	return &page.Done{To: accountTo(v), Note: "The account is in " + to + " now."}, err
}

func closeAccount(ctx context.Context, v *page.Visit) (*page.Done, error) {
	id := v.Path("account")
	if err := v.Confirmed(id); err != nil {
		return nil, err
	}
	_, err := v.AWS.Organizations().CloseAccount(ctx, &organizations.CloseAccountInput{AccountId: &id})
	return &page.Done{To: accountTo(v), Note: "The account is being closed."}, err
}

func removeAccount(ctx context.Context, v *page.Visit) (*page.Done, error) {
	id := v.Path("account")
	if err := v.Confirmed(id); err != nil {
		return nil, err
	}
	_, err := v.AWS.Organizations().RemoveAccountFromOrganization(ctx, &organizations.RemoveAccountFromOrganizationInput{AccountId: &id})
	return &page.Done{To: "/organization", Note: "The account " + id + " is not in the organization any more."}, err
}

func register(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().RegisterDelegatedAdministrator(ctx, &organizations.RegisterDelegatedAdministratorInput{AccountId: aws.String(v.Path("account")), ServicePrincipal: aws.String(v.Text("service"))})
	return &page.Done{To: accountTo(v), Note: "The account administers " + v.Text("service") + " for the organization now."}, err
}

func deregister(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().DeregisterDelegatedAdministrator(ctx, &organizations.DeregisterDelegatedAdministratorInput{AccountId: aws.String(v.Path("account")), ServicePrincipal: aws.String(v.Form("service"))})
	return &page.Done{To: accountTo(v), Note: "The account does not administer " + v.Form("service") + " any more."}, err
}

func tagAccount(ctx context.Context, v *page.Visit) (*page.Done, error) {
	return tag(ctx, v, v.Path("account"), accountTo(v))
}

func untagAccount(ctx context.Context, v *page.Visit) (*page.Done, error) {
	return untag(ctx, v, v.Path("account"), accountTo(v))
}
