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

// kind is a type of policy.
type kind struct {
	Type, Short, Name string
	// Text tells what policies of the type do.
	Text string
}

// Checked reports whether the editor can check documents of the type.
func (k kind) Checked() bool { return k.Type != string(types.PolicyTypeS3Policy) }

// Phrase is the name within a sentence.
func (k kind) Phrase() string {
	if k.Short == "S3" {
		return k.Name
	}
	return strings.ToLower(k.Name)
}

// kinds are the types of policy that the server offers.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html
var kinds = []kind{
	{string(types.PolicyTypeServiceControlPolicy), "SCP", "Service control policies", "A service control policy limits what the users and roles of member accounts may do, the root user too. It gives nobody anything: a permission is there only if every level from the root to the account allows it and none denies it. The management account is not bound."},
	{string(types.PolicyTypeResourceControlPolicy), "RCP", "Resource control policies", "A resource control policy limits who may reach the resources of member accounts, whoever asks, from within the organization or outside. It gives nobody anything. Resources of the management account are not bound."},
	{string(types.PolicyTypeS3Policy), "S3", "S3 policies", "An S3 policy sets Block Public Access of member accounts, for all of their buckets. What it sets the accounts cannot change."},
}

// kindNamed returns a type; service control policies for what is none.
func kindNamed(name string) kind {
	for _, k := range kinds {
		if k.Type == name {
			return k
		}
	}
	return kinds[0]
}

func shortType(name string) string {
	for _, k := range kinds {
		if k.Type == name {
			return k.Short
		}
	}
	return name
}

// policyList is the page of the policies of a type.
type policyList struct {
	*standing
	Kind     kind
	Kinds    []kind
	Enabled  bool
	Policies []types.PolicySummary
	Problem  *page.Problem
	Next     string
}

func showPolicies(ctx context.Context, v *page.Visit) (*page.View, error) {
	s, err := stand(ctx, v)
	if err != nil {
		return nil, err
	}
	d := &policyList{standing: s, Kind: kindNamed(v.Query("type")), Kinds: kinds}
	if s.Organization == nil {
		return &page.View{Title: "Organization policies", Template: "org-policies", Data: d}, nil
	}
	d.Enabled = slices.Contains(s.enabledTypes(), types.PolicyType(d.Kind.Type))
	out, err := v.AWS.Organizations().ListPolicies(ctx, &organizations.ListPoliciesInput{Filter: types.PolicyType(d.Kind.Type), MaxResults: aws.Int32(pageSize), NextToken: page.Optional(v.Query("token"))})
	if err != nil {
		d.Problem = v.Problem(err)
	} else {
		d.Policies = out.Policies
		if out.NextToken != nil {
			d.Next = page.Query("/organization/policies", "type", d.Kind.Type, "token", *out.NextToken)
		}
	}
	return &page.View{Title: "Organization policies", Template: "org-policies", Data: d}, nil
}

// choices returns the policies to choose from, of the types that are enabled in the root: the first of each.
func choices(ctx context.Context, v *page.Visit, s *standing) []types.PolicySummary {
	var out []types.PolicySummary
	for _, enabled := range s.enabledTypes() {
		list, err := v.AWS.Organizations().ListPolicies(ctx, &organizations.ListPoliciesInput{Filter: enabled, MaxResults: aws.Int32(pageSize)})
		if err != nil {
			continue // the page of policies says why
		}
		out = append(out, list.Policies...)
	}
	return out
}

// policyForm is the page of a new policy.
type policyForm struct {
	Kind   kind
	Starts []page.Start
}

func showCreatePolicy(ctx context.Context, v *page.Visit) (*page.View, error) {
	k := kindNamed(v.Query("type"))
	id := ""
	if out, err := v.AWS.Organizations().DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{}); err == nil {
		id = aws.ToString(out.Organization.Id)
	}
	d := &policyForm{Kind: k, Starts: starts(k.Type, id, v.Region())}
	return &page.View{Title: "Create policy", Crumbs: policyCrumbs(k, "Create policy"), Template: "org-policy-create", Data: d}, nil
}

func policyCrumbs(k kind, name string) []page.Crumb {
	return []page.Crumb{{Text: "Organization policies", To: "/organization/policies"}, {Text: k.Name, To: page.Query("/organization/policies", "type", k.Type)}, {Text: name}}
}

func createPolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if v.Text("name") == "" {
		return nil, page.Invalid("Give the policy a name.")
	}
	// The description is required, and may be empty.
	out, err := v.AWS.Organizations().CreatePolicy(ctx, &organizations.CreatePolicyInput{
		Name: aws.String(v.Text("name")), Description: aws.String(v.Text("description")), Type: types.PolicyType(kindNamed(v.Query("type")).Type), Content: aws.String(v.Form("policy")),
	})
	if err != nil || v.Dry() {
		return nil, err
	}
	return &page.Done{To: page.Path("organization", "policies", aws.ToString(out.Policy.PolicySummary.Id)), Note: "The policy is there. It binds nobody until it is attached."}, nil
}

// policyPage is the page of one policy.
type policyPage struct {
	*standing
	Policy         types.PolicySummary
	Kind           kind
	Content        string
	Says           []summary.Statement
	Targets        []node
	TargetsNext    string
	TargetsProblem *page.Problem
	Places         []node
	Tags           []types.Tag
	TagsProblem    *page.Problem
}

func policyTo(v *page.Visit) string { return page.Path("organization", "policies", v.Path("policy")) }

func showPolicy(ctx context.Context, v *page.Visit) (*page.View, error) {
	s, err := stand(ctx, v)
	if err != nil {
		return nil, err
	}
	id := v.Path("policy")
	out, err := v.AWS.Organizations().DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: &id})
	if err != nil {
		return nil, err
	}
	d := &policyPage{standing: s, Policy: *out.Policy.PolicySummary, Content: page.ShowJSON(aws.ToString(out.Policy.Content)), Says: inWords(out.Policy.Content)}
	d.Kind = kindNamed(string(d.Policy.Type))
	v.Together(func() {
		out, err := v.AWS.Organizations().ListTargetsForPolicy(ctx, &organizations.ListTargetsForPolicyInput{PolicyId: &id, MaxResults: aws.Int32(pageSize), NextToken: page.Optional(v.Query("token"))})
		if err != nil {
			d.TargetsProblem = v.Problem(err)
			return
		}
		for _, t := range out.Targets {
			d.Targets = append(d.Targets, node{ID: aws.ToString(t.TargetId), Name: aws.ToString(t.Name), Kind: kindOf(aws.ToString(t.TargetId))})
		}
		if out.NextToken != nil {
			d.TargetsNext = page.Query(policyTo(v), "token", *out.NextToken)
		}
	}, func() { d.Places = places(ctx, v, s) }, func() {
		if d.Policy.AwsManaged {
			return
		}
		var err error
		d.Tags, err = tags(ctx, v, id)
		d.TagsProblem = v.Problem(err)
	})
	return &page.View{Title: aws.ToString(d.Policy.Name), Crumbs: policyCrumbs(d.Kind, aws.ToString(d.Policy.Name)), Template: "org-policy", Data: d}, nil
}

func updatePolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().UpdatePolicy(ctx, &organizations.UpdatePolicyInput{
		PolicyId: aws.String(v.Path("policy")), Name: page.Optional(v.Text("name")), Description: aws.String(v.Text("description")), Content: aws.String(v.Form("policy")),
	})
	return &page.Done{To: policyTo(v), Note: "The policy is saved. It holds wherever it is attached."}, err
}

func deletePolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	id := v.Path("policy")
	if err := v.Confirmed(id); err != nil {
		return nil, err
	}
	_, err := v.AWS.Organizations().DeletePolicy(ctx, &organizations.DeletePolicyInput{PolicyId: &id})
	return &page.Done{To: "/organization/policies", Note: "The policy is deleted."}, err
}

func tagPolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	return tag(ctx, v, v.Path("policy"), policyTo(v))
}

func untagPolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	return untag(ctx, v, v.Path("policy"), policyTo(v))
}
