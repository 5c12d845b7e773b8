package summary

import (
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// Statement is what one statement of a policy says.
type Statement struct {
	Deny bool
	// Sid and Line name the statement. Line counts from 1.
	Sid  string
	Line int
	// Who is whom the statement is about; empty in policies of identities.
	Who []string
	// Actions are the patterns of Action, and Except those of NotAction: what the statement is not about, which is then
	// about all else, of all services.
	Actions, Except []string
	// Resources and Conditions in words. No condition: always.
	Resources  []Resource
	Conditions []string
}

// Resource is a pattern of resources.
type Resource struct {
	// Words tell what Text means.
	Words, Text string
	// Not says that it is what the statement is not about.
	Not bool
}

// Statements returns what the statements of a policy document say, in its order.
func Statements(document string) ([]Statement, error) {
	root, at, ok := policy.ReadTree(document)
	if !ok {
		return nil, fmt.Errorf("%w: line %d", errSyntax, at.Line)
	}
	named := root.Member("Statement")
	if named == nil {
		return nil, errNone
	}
	all := []policy.Node{*named}
	if named.Kind == policy.ArrayNode {
		all = named.Items
	}
	var out []Statement
	for i := range all {
		s := &all[i]
		if s.Kind != policy.ObjectNode {
			continue
		}
		out = append(out, Statement{
			Deny: textOf(s.Member("Effect")) == "Deny", Sid: textOf(s.Member("Sid")), Line: s.Start.Line,
			Who: who(s), Actions: texts(s.Member("Action")), Except: texts(s.Member("NotAction")),
			Resources: resources(s), Conditions: conditions(s.Member("Condition")),
		})
	}
	return out, nil
}

// What returns the actions as part of a sentence: "everything", "s3:*", "everything but iam:*".
func (s Statement) What() string {
	switch {
	case s.Except != nil:
		return "everything but " + strings.Join(s.Except, ", ")
	case slices.Contains(s.Actions, "*"):
		return "everything"
	default:
		return strings.Join(s.Actions, ", ")
	}
}

// On returns the resources as part of a sentence; empty: all of them.
func (s Statement) On() string {
	except := ""
	var on []string
	for _, r := range s.Resources {
		if r.Text == "*" && !r.Not {
			return ""
		}
		if r.Not {
			except = "all resources but "
		}
		words := r.Words
		if words == "" {
			words = r.Text
		}
		on = append(on, words)
	}
	return except + strings.Join(on, ", ")
}

// Everything reports whether the statement allows every action on every resource, always.
func (s Statement) Everything() bool {
	return !s.Deny && s.What() == "everything" && s.On() == "" && len(s.Conditions) == 0
}
