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

// policyPage is how many policies are asked for at once, the most that IAM gives.
const policyPage = 1000

// choice is policies to choose from.
type choice struct {
	Scope, Search string
	Policies      []types.Policy
	Next, First   string
}

// choose lists policies of a scope whose names have what is searched for, one page of the API.
func choose(ctx context.Context, v *page.Visit, path string, in *iam.ListPoliciesInput) (*choice, error) {
	c := &choice{Scope: string(in.Scope), Search: strings.TrimSpace(v.Query("search"))}
	in.MaxItems = aws.Int32(policyPage)
	if marker := v.Query("marker"); marker != "" {
		in.Marker, c.First = &marker, page.Query(path, "scope", c.Scope, "search", c.Search, "attached", v.Query("attached"))
	}
	out, err := v.AWS.IAM().ListPolicies(ctx, in)
	if err != nil {
		return nil, err
	}
	for _, p := range out.Policies {
		if strings.Contains(strings.ToLower(aws.ToString(p.PolicyName)), strings.ToLower(c.Search)) {
			c.Policies = append(c.Policies, p)
		}
	}
	c.Next = page.Query(path, "scope", c.Scope, "search", c.Search, "attached", v.Query("attached"), "marker", aws.ToString(out.Marker))
	if !out.IsTruncated {
		c.Next = ""
	}
	return c, nil
}

// scopeOf returns which policies are asked for.
func scopeOf(v *page.Visit, otherwise types.PolicyScopeType) types.PolicyScopeType {
	if scope := types.PolicyScopeType(v.Query("scope")); slices.Contains(scope.Values(), scope) {
		return scope
	}
	return otherwise
}

// attaching is the page on which policies are attached.
type attaching struct {
	Kind *kind
	Name string
	*choice
	// Has are the ARNs of those that are attached, as far as the visitor may know.
	Has map[string]bool
}

// attachable reports whether a policy can be attached, which those for service-linked roles cannot.
func attachable(p *types.Policy) bool {
	return p.IsAttachable && !strings.HasPrefix(aws.ToString(p.Path), "/aws-service-role/")
}

func (k *kind) attachRow() page.Row {
	return page.Row{Path: "/" + k.Area + "/{name}/attach", Area: k.Area, Get: k.showAttach, Actions: map[string]page.Action{"attach": k.attachChosen}}
}

func (k *kind) showAttach(ctx context.Context, v *page.Visit) (*page.View, error) {
	name := v.Path("name")
	a := attaching{Kind: k, Name: name, Has: map[string]bool{}}
	var err error
	v.Together(func() {
		a.choice, err = choose(ctx, v, k.path(name, "attach"), &iam.ListPoliciesInput{Scope: scopeOf(v, types.PolicyScopeTypeAll)})
	}, func() {
		for _, p := range k.policies(ctx, v, name).Attached {
			a.Has[aws.ToString(p.PolicyArn)] = true
		}
	})
	if err != nil {
		return nil, err
	}
	a.Policies = slices.DeleteFunc(a.Policies, func(p types.Policy) bool { return !attachable(&p) })
	return &page.View{Title: "Attach policies", Crumbs: k.crumbs(name, "Attach policies"), Template: "attach", Data: a}, nil
}

func (k *kind) attachChosen(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	arns, err := chosen(v, "policy", "Choose the policies to attach.")
	if err != nil {
		return nil, err
	}
	if err := k.attachAll(ctx, v, name, arns); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query(k.path(name), "tab", "permissions"), Note: "Attached to the " + k.Word + " " + name + "."}, nil
}

func (k *kind) attachAll(ctx context.Context, v *page.Visit, name string, arns []string) error {
	for _, arn := range arns {
		if err := k.attach(ctx, v.AWS.IAM(), name, arn); err != nil {
			return err
		}
	}
	return nil
}
