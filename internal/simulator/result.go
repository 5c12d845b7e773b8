package simulator

import (
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// Result is the outcome for one action, over all resources.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
type Result struct {
	Action string
	// ResourceResult is the outcome if there is one resource, else the most restrictive of all: its
	// Resource is "*" then. Missing is empty if resources were named, whose results tell it.
	ResourceResult
	// Resources has the outcome for each resource, in their order; nil if the only one is "*".
	Resources []ResourceResult
}

// ResourceResult is the outcome for one action on one resource.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ResourceSpecificResult.html
type ResourceResult struct {
	Resource string
	Decision authz.Effect
	// Matched are the statements that made the decision: those that deny, or those that allow; none for
	// an implicit deny.
	Matched []Statement
	// Missing are the condition keys that the policies use and the request lacks, as they are written.
	Missing []string
	// Organizations tells whether the service control policies allow the action, and Boundary whether
	// the permissions boundary does; nil if there are none.
	Organizations, Boundary *bool
	// Details tells what each kind of policy says, where the resource is another account's than the
	// caller; else nil.
	Details *Details
}

// Details is what each kind of policy says by itself.
type Details struct {
	Identity, Resource authz.Effect
	Boundary           *authz.Effect // nil: there is none
}

// Statement is a statement that made a decision.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Statement.html
type Statement struct {
	// Policy is the name of a managed policy; for an inline one the kind and name of its entity and its
	// own name, joined by underscores; for a document that was passed, its place, such as
	// "PolicyInputList.1".
	Policy string
	// Type is IdentityType, BoundaryType or ResourceType.
	Type string
	// Start and End tell where in the document the statement is; zero for a policy that cannot be read,
	// which denies everything.
	Start, End policy.Position
}

// Kinds of policy as results call them. The model of the API has other words, which AWS does not use.
//
// Source: observed, https://blog.scottlogic.com/2025/07/10/automated-iam-policy-simulator-testing.html; the one
// for boundaries is taken by likeness.
const (
	IdentityType = "IAM Policy"
	BoundaryType = "Permissions Boundary Policy"
	ResourceType = "Resource Policy"
)

// matched returns the statements that made a decision. Allows of a boundary grant nothing and are not among
// them.
func matched(in *authz.Input, effect authz.Effect) []Statement {
	if effect == authz.ImplicitDeny {
		return nil
	}
	q := policy.NewQuery(&in.Request)
	var out []Statement
	if in.Resource != nil {
		out = append(out, matchedIn(in.Resource, ResourceType, effect, &q)...)
	}
	for i := range in.Identity {
		out = append(out, matchedIn(&in.Identity[i], IdentityType, effect, &q)...)
	}
	if in.Boundary != nil && effect == authz.ExplicitDeny {
		for i := range *in.Boundary {
			out = append(out, matchedIn(&(*in.Boundary)[i], BoundaryType, effect, &q)...)
		}
	}
	return out
}

// matchedIn returns the statements of one policy that match and have the effect.
func matchedIn(s *authz.Source, kind string, effect authz.Effect, q *policy.Query) []Statement {
	if s.Document == nil {
		if effect == authz.ExplicitDeny {
			return []Statement{{Policy: policyID(s.Name), Type: kind}}
		}
		return nil
	}
	var out []Statement
	for _, m := range s.Document.Matches(q) {
		if (m.Effect == policy.Allow) == (effect == authz.Allow) {
			start, end := place(s.Document, m.Index)
			out = append(out, Statement{policyID(s.Name), kind, start, end})
		}
	}
	return out
}

// policyID returns the name by which results call a policy: package access names managed policies by ARN and
// inline ones as kind/entity/policy.
//
// Source: the form for inline policies is one that users report, such as "role_my-role_my-policy".
func policyID(name string) string {
	if a, err := arn.Parse(name); err == nil {
		return a.Name()
	}
	return strings.ReplaceAll(name, "/", "_")
}

// place returns where a statement begins and ends, as the simulator of AWS counts: lines from 1, and columns
// as the place of its parser, counted from 1, when it has read the brace that closes the statement; and,
// before the statement, the brace of a single one, the bracket of the list, or the statement before it in
// the list.
//
// Sources: observed, for a single statement in
// https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-custom-policy.html (38 to 167), for a list in
// https://blog.scottlogic.com/2025/07/10/automated-iam-policy-simulator-testing.html (38 to 248, 248 to 470),
// and for several lines in
// https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-principal-policy.html (3:19 to 9:10)
func place(d *policy.Document, i int) (start, end policy.Position) {
	switch s := &d.Statements[i]; {
	case d.List == policy.Position{}:
		start = s.Start
	case i == 0:
		start = d.List
	default:
		start = d.Statements[i-1].End
	}
	end = d.Statements[i].End
	start.Column++
	end.Column++
	return start, end
}

// newResult puts the outcomes for the resources of one action together.
func newResult(action string, each []ResourceResult) Result {
	if len(each) == 1 && each[0].Resource == "*" {
		return Result{Action: action, ResourceResult: each[0]}
	}
	out := Result{Action: action, ResourceResult: each[0], Resources: each}
	out.Missing = nil
	for i := 1; i < len(each); i++ {
		out.ResourceResult = strictest(out.ResourceResult, each[i])
	}
	out.Matched = deciding(out.Decision, each)
	return out
}

// strictest returns what two outcomes come to, but for the statements.
func strictest(a, b ResourceResult) ResourceResult {
	return ResourceResult{
		Resource: "*", Decision: stricter(a.Decision, b.Decision),
		Organizations: and(a.Organizations, b.Organizations), Boundary: and(a.Boundary, b.Boundary),
		Details: a.Details.with(b.Details),
	}
}

// deciding returns the statements of the outcomes that are what all come to, each once.
func deciding(e authz.Effect, each []ResourceResult) []Statement {
	var out []Statement
	seen := map[Statement]bool{}
	for i := range each {
		if each[i].Decision != e {
			continue
		}
		for _, s := range each[i].Matched {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// stricter returns the more restrictive effect: an explicit deny, then an implicit one.
func stricter(a, b authz.Effect) authz.Effect {
	for _, e := range []authz.Effect{authz.ExplicitDeny, authz.ImplicitDeny} {
		if a == e || b == e {
			return e
		}
	}
	return authz.Allow
}

func and(a, b *bool) *bool {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	return both(a, *b)
}

// with returns what two details come to; either may be nil.
func (d *Details) with(o *Details) *Details {
	if d == nil || o == nil {
		if d == nil {
			return o
		}
		return d
	}
	out := &Details{Identity: stricter(d.Identity, o.Identity), Resource: stricter(d.Resource, o.Resource)}
	if d.Boundary != nil && o.Boundary != nil {
		e := stricter(*d.Boundary, *o.Boundary)
		out.Boundary = &e
	}
	return out
}
