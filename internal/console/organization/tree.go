package organization

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
	"crossgrant/internal/console/summary"
)

// pageSize is how much of a list is asked for at once.
const pageSize = 20

// node is a root, an organizational unit or an account.
type node struct {
	ID, Name string
	// Kind is root, unit or account.
	Kind         string
	Email, State string
	Management   bool
	// Attached are the policies of the node itself.
	Attached        []attached
	AttachedProblem *page.Problem
}

// To returns the page of the node.
func (n node) To() string {
	switch n.Kind {
	case "root":
		return page.Path("organization", "roots", n.ID)
	case "unit":
		return page.Path("organization", "units", n.ID)
	default:
		return page.Path("organization", "accounts", n.ID)
	}
}

// What returns what the node is, in words.
func (n node) What() string {
	return map[string]string{"root": "root", "unit": "organizational unit", "account": "account"}[n.Kind]
}

// kindOf tells by an ID what it is one of.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Child.html
func kindOf(id string) string {
	switch {
	case strings.HasPrefix(id, "r-"):
		return "root"
	case strings.HasPrefix(id, "ou-"):
		return "unit"
	default:
		return "account"
	}
}

// attached is a policy that is attached to a node.
type attached struct {
	ID, Name, Type string
	AWS            bool
}

// To returns the page of the policy.
func (a attached) To() string { return page.Path("organization", "policies", a.ID) }

// Short returns the type in few letters.
func (a attached) Short() string { return shortType(a.Type) }

// children is a page of what is under a node: its organizational units first.
type children struct {
	Parent string
	Nodes  []node
	// NextKind and Next are where the next page begins; empty: there is none.
	NextKind, Next string
}

// To returns the page that begins where this one ends, for who has no script.
func (c *children) To() string {
	return page.Query(node{ID: c.Parent, Kind: kindOf(c.Parent)}.To(), "kind", c.NextKind, "token", c.Next)
}

// childrenOf reads a page of what is under a node, from where a page before says.
func childrenOf(ctx context.Context, v *page.Visit, parent, management, kind, token string) (*children, error) {
	out := &children{Parent: parent}
	if kind != "accounts" {
		units, err := v.AWS.Organizations().ListOrganizationalUnitsForParent(ctx, &organizations.ListOrganizationalUnitsForParentInput{ParentId: &parent, MaxResults: aws.Int32(pageSize), NextToken: page.Optional(token)})
		if err != nil {
			return nil, err
		}
		for _, u := range units.OrganizationalUnits {
			out.Nodes = append(out.Nodes, node{ID: aws.ToString(u.Id), Name: aws.ToString(u.Name), Kind: "unit"})
		}
		token = ""
		if units.NextToken != nil {
			out.NextKind, out.Next = "units", *units.NextToken
		}
	}
	if out.Next == "" {
		accounts, err := v.AWS.Organizations().ListAccountsForParent(ctx, &organizations.ListAccountsForParentInput{ParentId: &parent, MaxResults: aws.Int32(pageSize), NextToken: page.Optional(token)})
		if err != nil {
			return nil, err
		}
		for _, a := range accounts.Accounts {
			out.Nodes = append(out.Nodes, accountNode(a, management))
		}
		if accounts.NextToken != nil {
			out.NextKind, out.Next = "accounts", *accounts.NextToken
		}
	}
	var ask []func()
	for i := range out.Nodes {
		n := &out.Nodes[i]
		ask = append(ask, func() {
			var err error
			n.Attached, err = attachedTo(ctx, v, n.ID)
			n.AttachedProblem = v.Problem(err)
		})
	}
	v.Together(ask...)
	return out, nil
}

func accountNode(a types.Account, management string) node {
	return node{ID: aws.ToString(a.Id), Name: aws.ToString(a.Name), Kind: "account", Email: aws.ToString(a.Email), State: stateOf(a), Management: aws.ToString(a.Id) == management}
}

// stateOf returns the state of an account. Status is what it was called before, and says the same.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
func stateOf(a types.Account) string { return cmp.Or(string(a.State), string(a.Status)) }

// boundTypes are the types of policy that bear on authorization.
var boundTypes = []types.PolicyType{types.PolicyTypeServiceControlPolicy, types.PolicyTypeResourceControlPolicy}

// attachedTo returns the SCPs and RCPs that are attached to a node itself.
func attachedTo(ctx context.Context, v *page.Visit, target string) ([]attached, error) {
	return attachedOf(ctx, v, target, boundTypes)
}

func attachedOf(ctx context.Context, v *page.Visit, target string, kinds []types.PolicyType) ([]attached, error) {
	lists, errs := make([][]attached, len(kinds)), make([]error, len(kinds))
	var ask []func()
	for i, kind := range kinds {
		ask = append(ask, func() {
			var out *organizations.ListPoliciesForTargetOutput
			if out, errs[i] = v.AWS.Organizations().ListPoliciesForTarget(ctx, &organizations.ListPoliciesForTargetInput{TargetId: &target, Filter: kind}); errs[i] != nil {
				return
			}
			for _, p := range out.Policies {
				lists[i] = append(lists[i], attached{aws.ToString(p.Id), aws.ToString(p.Name), string(p.Type), p.AwsManaged})
			}
		})
	}
	v.Together(ask...)
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(lists...), nil
}

// showTree answers with a page of what is under a node, as a part of the tree.
func showTree(ctx context.Context, v *page.Visit) (*page.View, error) {
	d, err := childrenOf(ctx, v, v.Query("parent"), v.Query("management"), v.Query("kind"), v.Query("token"))
	if err != nil {
		return nil, err
	}
	return &page.View{Template: "org-children", Bare: true, Data: map[string]any{"Children": d, "Management": v.Query("management")}}, nil
}

// level is one step of the way from the root to a node.
type level struct {
	node
	SCPs, RCPs []effect
	Problem    *page.Problem
}

// Allows reports whether an SCP of the level allows everything, whatever others deny.
func (l level) Allows() bool {
	return slices.ContainsFunc(l.SCPs, func(e effect) bool { return slices.ContainsFunc(e.Says, summary.Statement.Everything) })
}

// wayTo returns the way from the root to a node, the node itself at its end, with the policies that are attached to each.
func wayTo(ctx context.Context, v *page.Visit, of node, s *standing) ([]level, error) {
	way := []level{{node: of}}
	for way[0].Kind != "root" {
		out, err := v.AWS.Organizations().ListParents(ctx, &organizations.ListParentsInput{ChildId: aws.String(way[0].ID)})
		if err != nil {
			return nil, err
		}
		if len(out.Parents) == 0 {
			break
		}
		up := node{ID: aws.ToString(out.Parents[0].Id), Kind: "root"}
		if out.Parents[0].Type == types.ParentTypeOrganizationalUnit {
			up.Kind = "unit"
		}
		if up.Name, err = nameOf(ctx, v, up, s); err != nil {
			return nil, err
		}
		way = slices.Insert(way, 0, level{node: up})
	}
	var ask []func()
	for i := range way {
		ask = append(ask, func() {
			all, err := attachedTo(ctx, v, way[i].ID)
			way[i].Attached = all
			if err == nil {
				err = effects(ctx, v, &way[i])
			}
			way[i].Problem = v.Problem(err)
		})
	}
	v.Together(ask...)
	return way, nil
}

// nameOf returns the name of a root or organizational unit.
func nameOf(ctx context.Context, v *page.Visit, n node, s *standing) (string, error) {
	if n.Kind == "root" {
		if root := s.Root(); root != nil && aws.ToString(root.Id) == n.ID {
			return aws.ToString(root.Name), nil
		}
		return "Root", nil
	}
	out, err := v.AWS.Organizations().DescribeOrganizationalUnit(ctx, &organizations.DescribeOrganizationalUnitInput{OrganizationalUnitId: aws.String(n.ID)})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.OrganizationalUnit.Name), nil
}

// ofWay returns a node with the policies that the end of the way to it has.
func ofWay(n node, way []level) node {
	if len(way) > 0 {
		n.Attached = way[len(way)-1].Attached
	}
	return n
}

// crumbsOf lead along the way to a node.
func crumbsOf(way []level) []page.Crumb {
	out := crumbs()
	for i, l := range way {
		c := page.Crumb{Text: l.Name, To: l.To()}
		if i == len(way)-1 {
			c.To = ""
		}
		out = append(out, c)
	}
	return out
}
