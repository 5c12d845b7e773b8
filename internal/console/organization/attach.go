package organization

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
	"crossgrant/internal/console/summary"
)

// What is looked at, at most, to tell whom a policy binds.
const (
	mostUnits    = 40
	mostAccounts = 60
)

// attachPage tells what attaching a policy to a target, or detaching it, does to whom.
type attachPage struct {
	Policy types.PolicySummary
	Kind   kind
	Says   []summary.Statement
	Target node
	// Attached says that it is attached now.
	Attached bool
	// Bound are the accounts that it binds there. More says that there are more.
	Bound        []node
	BoundProblem *page.Problem
	More         bool
	// Spared says that the management account is among what is below the target; it is not bound.
	Spared bool
}

// Denies reports whether some statement denies.
func (a *attachPage) Denies() bool {
	return slices.ContainsFunc(a.Says, func(s summary.Statement) bool { return s.Deny })
}

// Opens reports whether the policy allows everything.
func (a *attachPage) Opens() bool { return slices.ContainsFunc(a.Says, summary.Statement.Everything) }

func showAttach(ctx context.Context, v *page.Visit) (*page.View, error) {
	policy, target := v.Query("policy"), strings.TrimSpace(v.Query("target"))
	if policy == "" || target == "" {
		return nil, page.Missing("Choose a policy and what it is attached to.")
	}
	s, err := stand(ctx, v)
	if err != nil {
		return nil, err
	}
	if s.Organization == nil {
		return nil, page.Missing("This account is in no organization.")
	}
	out, err := v.AWS.Organizations().DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: &policy})
	if err != nil {
		return nil, err
	}
	d := &attachPage{Policy: *out.Policy.PolicySummary, Says: inWords(out.Policy.Content), Target: node{ID: target, Kind: kindOf(target)}}
	d.Kind = kindNamed(string(d.Policy.Type))
	management := aws.ToString(s.Organization.MasterAccountId)
	if d.Target.Kind == "account" {
		out, err := v.AWS.Organizations().DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: &target})
		if err != nil {
			return nil, err
		}
		d.Target = accountNode(*out.Account, management)
		d.bind(d.Target)
	} else if d.Target.Name, err = nameOf(ctx, v, d.Target, s); err != nil {
		return nil, err
	}
	now, err := attachedOf(ctx, v, target, []types.PolicyType{d.Policy.Type})
	if err != nil {
		return nil, err
	}
	d.Attached = slices.ContainsFunc(now, func(a attached) bool { return a.ID == policy })
	if d.Target.Kind != "account" {
		d.BoundProblem = v.Problem(d.below(ctx, v, management))
	}
	return &page.View{Title: "Attach policy", Crumbs: append(policyCrumbs(d.Kind, aws.ToString(d.Policy.Name))[:2], page.Crumb{Text: aws.ToString(d.Policy.Name), To: page.Path("organization", "policies", policy)}, page.Crumb{Text: d.Target.Name}), Template: "org-attach", Data: d}, nil
}

// bind adds an account that the policy binds.
func (a *attachPage) bind(n node) {
	if n.Management {
		a.Spared = true
		return
	}
	a.Bound = append(a.Bound, n)
}

// below looks for the accounts below the target.
func (a *attachPage) below(ctx context.Context, v *page.Visit, management string) error {
	units := []string{a.Target.ID}
	for asked := 0; len(units) > 0; asked++ {
		if asked == mostUnits || len(a.Bound) > mostAccounts {
			a.More = true
			return nil
		}
		parent := units[0]
		units = units[1:]
		accounts, err := v.AWS.Organizations().ListAccountsForParent(ctx, &organizations.ListAccountsForParentInput{ParentId: &parent, MaxResults: aws.Int32(pageSize)})
		if err != nil {
			return err
		}
		for _, each := range accounts.Accounts {
			a.bind(accountNode(each, management))
		}
		under, err := v.AWS.Organizations().ListOrganizationalUnitsForParent(ctx, &organizations.ListOrganizationalUnitsForParentInput{ParentId: &parent, MaxResults: aws.Int32(pageSize)})
		if err != nil {
			return err
		}
		for _, each := range under.OrganizationalUnits {
			units = append(units, aws.ToString(each.Id))
		}
		a.More = a.More || accounts.NextToken != nil || under.NextToken != nil
	}
	return nil
}

func attach(ctx context.Context, v *page.Visit) (*page.Done, error) {
	policy, target := v.Query("policy"), strings.TrimSpace(v.Query("target"))
	_, err := v.AWS.Organizations().AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: &policy, TargetId: &target})
	return &page.Done{To: node{ID: target, Kind: kindOf(target)}.To(), Note: "The policy is attached, and holds."}, err
}

func detach(ctx context.Context, v *page.Visit) (*page.Done, error) {
	policy, target := v.Query("policy"), strings.TrimSpace(v.Query("target"))
	if err := v.Confirmed(policy); err != nil {
		return nil, err
	}
	_, err := v.AWS.Organizations().DetachPolicy(ctx, &organizations.DetachPolicyInput{PolicyId: &policy, TargetId: &target})
	return &page.Done{To: node{ID: target, Kind: kindOf(target)}.To(), Note: "The policy is detached."}, err
}
