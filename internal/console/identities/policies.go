package identities

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// policyRows are the pages of managed policies.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
func policyRows() []page.Row {
	return []page.Row{
		{Path: "/policies", Area: "policies", Get: listPolicies},
		{Path: "/create/policy", Area: "policies", Get: showCreatePolicy, Actions: map[string]page.Action{"create": createPolicy}},
		{Path: "/policies/view", Area: "policies", Get: showPolicy, Actions: map[string]page.Action{
			"version": createVersion, "default": setDefault, "delete-version": deleteVersion, "detach": detachEntities, "tags": savePolicyTags, "delete": deletePolicy,
		}},
		{Path: "/policies/last-used", Area: "policies", Get: lastUsed(func(_ context.Context, v *page.Visit, _ string) (string, error) { return v.Query("arn"), nil })},
		{Path: "/policies/summary", Area: "policies", Get: policySummary},
	}
}

// policyList is a page of the list.
type policyList struct {
	*choice
	Attached bool
}

func listPolicies(ctx context.Context, v *page.Visit) (*page.View, error) {
	in := &iam.ListPoliciesInput{Scope: scopeOf(v, types.PolicyScopeTypeLocal), OnlyAttached: v.Query("attached") == "1"}
	found, err := choose(ctx, v, "/policies", in)
	if err != nil {
		return nil, err
	}
	return &page.View{Title: "Policies", Template: "policies", Data: policyList{found, in.OnlyAttached}}, nil
}

// creatingPolicy is the form for a new policy.
type creatingPolicy struct {
	Starts []page.Start
	Tags   []page.Pair
}

func showCreatePolicy(_ context.Context, v *page.Visit) (*page.View, error) {
	return &page.View{Title: "Create policy", Crumbs: []page.Crumb{{Text: "Policies", To: "/policies"}, {Text: "Create policy"}}, Template: "policy-create",
		Data: creatingPolicy{starts(v), tagForm(v, "create", nil)}}, nil
}

func createPolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, text := v.Text("name"), v.Form("document")
	if name == "" {
		return nil, page.Invalid("Type a name for the policy.")
	}
	tags, err := typedTags(v)
	if err != nil {
		return nil, err
	}
	out, err := v.AWS.IAM().CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &text, Path: page.Optional(v.Text("path")), Description: page.Optional(v.Text("description")), Tags: tags})
	if err != nil || v.Dry() {
		return nil, err
	}
	return &page.Done{To: policyPath(aws.ToString(out.Policy.Arn)), Note: "The policy " + name + " is there. It says nothing until it is attached."}, nil
}

func policyPath(arn string, more ...string) string {
	return page.Query("/policies/view", append([]string{"arn", arn}, more...)...)
}

// policyView is the page of a managed policy. Of its parts, only the one of its tab is set.
type policyView struct {
	ARN    string
	Policy *types.Policy
	// AWS says that the policy is one of AWS's, which only AWS changes.
	AWS  bool
	Tab  string
	Tabs []tab

	// Version is the version that is shown, if it is not the one in force.
	Version         string
	Document        *document
	DocumentProblem *page.Problem
	Versions        []types.PolicyVersion
	VersionsProblem *page.Problem
	// Oldest is the version that would have to go for a new one, as there are as many as there may be; empty: none.
	Oldest          string
	Compared        *comparison
	Entities        *entities
	EntitiesProblem *page.Problem
	Tags            *tagged
}

var policyTabs = []tab{
	{ID: "permissions", Text: "Permissions"}, {ID: "edit", Text: "Edit"}, {ID: "versions", Text: "Versions"}, {ID: "attached", Text: "Attached to"},
	{ID: "tags", Text: "Tags"}, {ID: "used", Text: "Last used"}, {ID: "settings", Text: "Delete"},
}

func ofAWS(arn string) bool { return strings.HasPrefix(arn, "arn:aws:iam::aws:") }

func showPolicy(ctx context.Context, v *page.Visit) (*page.View, error) {
	arn := v.Query("arn")
	tabs := policyTabs
	if ofAWS(arn) {
		tabs = slices.DeleteFunc(slices.Clone(tabs), func(t tab) bool { return t.ID == "edit" || t.ID == "tags" || t.ID == "settings" })
	}
	p := policyView{ARN: arn, AWS: ofAWS(arn)}
	p.Tab, p.Tabs = tabsOf(v, tabs, "/policies/view", "arn", arn)
	out, err := v.AWS.IAM().GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return nil, err
	}
	p.Policy = out.Policy
	var parts []func()
	if p.Tab == "permissions" || p.Tab == "edit" {
		version := aws.ToString(p.Policy.DefaultVersionId)
		if asked := v.Query("version"); asked != "" && asked != version {
			version, p.Version = asked, asked
		}
		parts = append(parts, func() {
			p.Document, p.DocumentProblem = documentOfVersion(ctx, v, arn, version)
		})
	}
	if p.Tab == "edit" || p.Tab == "versions" {
		parts = append(parts, func() {
			var err error
			p.Versions, err = versionsOf(ctx, v, arn)
			p.VersionsProblem, p.Oldest = v.Problem(err), oldest(p.Versions)
		})
	}
	switch p.Tab {
	case "versions":
		parts = append(parts, func() { p.Compared = compare(ctx, v, arn, v.Query("left"), v.Query("right")) })
	case "attached":
		parts = append(parts, func() { p.Entities, p.EntitiesProblem = entitiesOf(ctx, v, arn) })
	case "tags":
		p.Tags = &tagged{Tags: tagForm(v, "tags", p.Policy.Tags)}
	}
	v.Together(parts...)
	name := aws.ToString(p.Policy.PolicyName)
	return &page.View{Title: name, Crumbs: []page.Crumb{{Text: "Policies", To: "/policies"}, {Text: name}}, Template: "policy", Data: p}, nil
}

// documentOfVersion reads a version of a policy.
func documentOfVersion(ctx context.Context, v *page.Visit, arn, version string) (*document, *page.Problem) {
	out, err := v.AWS.IAM().GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: &version})
	if err != nil {
		return nil, v.Problem(err)
	}
	return documentOf(out.PolicyVersion.Document), nil
}

// policySummary is the part of other pages that tells what a managed policy says.
func policySummary(ctx context.Context, v *page.Visit) (*page.View, error) {
	arn := v.Query("arn")
	out, err := v.AWS.IAM().GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return &page.View{Template: "no-part", Data: v.Problem(err), Bare: true}, nil
	}
	found, problem := documentOfVersion(ctx, v, arn, aws.ToString(out.Policy.DefaultVersionId))
	if problem != nil {
		return &page.View{Template: "no-part", Data: problem, Bare: true}, nil
	}
	return &page.View{Template: "summary", Data: found, Bare: true}, nil
}

func savePolicyTags(ctx context.Context, v *page.Visit) (*page.Done, error) {
	arn, c := v.Query("arn"), v.AWS.IAM()
	err := changeTags(v, func(marker *string) ([]types.Tag, *string, error) {
		out, err := c.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: &arn, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.Tags, out.Marker, nil
	}, func(tags []types.Tag) error {
		_, err := c.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: &arn, Tags: tags})
		return err
	}, func(keys []string) error {
		_, err := c.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: &arn, TagKeys: keys})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &page.Done{To: policyPath(arn, "tab", "tags"), Note: "The tags of the policy are saved."}, nil
}

// deletePolicy deletes a policy, and before it what IAM wants removed: its attachments and its other versions.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
func deletePolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	arn, c := v.Query("arn"), v.AWS.IAM()
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	if err := v.Confirmed(name); err != nil {
		return nil, err
	}
	attached, problem := entitiesOf(ctx, v, arn)
	if problem == nil {
		for _, e := range attached.All {
			if err := e.kind.detach(ctx, c, e.Name, arn); err != nil {
				return nil, err
			}
		}
	}
	versions, err := versionsOf(ctx, v, arn)
	if err != nil {
		return nil, err
	}
	for _, version := range versions {
		if !version.IsDefaultVersion {
			if _, err := c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: version.VersionId}); err != nil {
				return nil, err
			}
		}
	}
	if _, err := c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &arn}); err != nil {
		return nil, err
	}
	return &page.Done{To: "/policies", Note: "The policy " + name + " is deleted."}, nil
}
