package space

import (
	"encoding/json"
	"fmt"
	"regexp"

	"crossgrant/internal/policy"
)

// switches begin the names of condition keys that stand for what may hold or not.
const switches = "aws:crossgrant-switch-"

// rewriter makes, of documents, ones in which what is not told apart exactly is the condition that a switch is on.
// The switch of a condition is one for all places where it stands; so is that of a resource with policy variables,
// which is off wherever nothing that the variables could stand for would make the resource match.
type rewriter struct {
	free map[string]string // names of switches, by the ID of a test or by resource
}

// variables finds policy variables.
var variables = regexp.MustCompile(`\$\{[^}]*\}`)

// widen returns the resource with everything that a policy variable could stand for.
func widen(resource string) string {
	return variables.ReplaceAllStringFunc(resource, func(v string) string {
		switch v {
		case "${*}", "${?}", "${$}":
			return "?"
		}
		return "*"
	})
}

// rewritten is a document with, for each of its statements, the place of the one in the original that it is of.
type rewritten struct {
	*policy.Document
	origin []int
}

// document rewrites a document.
func (w *rewriter) document(d *policy.Document) (rewritten, error) {
	var statements []any
	out := rewritten{}
	changed := false
	for i := range d.Statements {
		parts := w.statement(&d.Statements[i], d.Version, &changed)
		for _, p := range parts {
			statements = append(statements, p)
			out.origin = append(out.origin, i)
		}
	}
	if !changed {
		out.Document = d
		return out, nil
	}
	whole := map[string]any{"Statement": statements}
	if d.Version != "" {
		whole["Version"] = d.Version
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return out, fmt.Errorf("rewrite a policy: %w", err)
	}
	t := d.Type
	if t == policy.Bucket || t == policy.RCP {
		t = policy.Resource // which may have any resource
	}
	if out.Document, err = policy.Parse(t, text, policy.Stored(), policy.Managed()); err != nil {
		return out, fmt.Errorf("rewrite a policy: %w", err)
	}
	return out, nil
}

// statement returns what a statement becomes: one for what has no policy variables, and one for each of its resources
// that has.
func (w *rewriter) statement(s *policy.Statement, version string, changed *bool) []map[string]any {
	conditions := map[string]map[string][]string{}
	for _, c := range s.Conditions {
		t := newTest(c, version)
		if name, free := w.free[t.id()]; free {
			put(conditions, "Bool", name, []string{"true"})
			*changed = true
			continue
		}
		put(conditions, c.Operator, c.Key, c.Values)
	}
	var plain, dynamic []string
	for _, r := range s.Resources {
		if hasVariable(r, version) {
			dynamic = append(dynamic, r)
		} else {
			plain = append(plain, r)
		}
	}
	if len(dynamic) == 0 {
		return []map[string]any{element(s, "", s.Resources, conditions)}
	}
	*changed = true
	if s.NotResource {
		for _, r := range dynamic {
			put(conditions, "Bool", w.free[r], []string{"false"})
		}
		if len(plain) == 0 {
			return []map[string]any{element(s, "Resource", []string{"*"}, conditions)}
		}
		return []map[string]any{element(s, "NotResource", plain, conditions)}
	}
	var parts []map[string]any
	if len(plain) > 0 {
		parts = append(parts, element(s, "Resource", plain, conditions))
	}
	for _, r := range dynamic {
		with := map[string]map[string][]string{}
		for operator, keys := range conditions {
			for key, values := range keys {
				put(with, operator, key, values)
			}
		}
		put(with, "Bool", w.free[r], []string{"true"})
		parts = append(parts, element(s, "Resource", []string{widen(r)}, with))
	}
	return parts
}

func put(conditions map[string]map[string][]string, operator, key string, values []string) {
	if conditions[operator] == nil {
		conditions[operator] = map[string][]string{}
	}
	if values == nil {
		values = []string{}
	}
	conditions[operator][key] = values
}

// element returns a statement as JSON has it. resource names the element of the resources; empty: as in s.
func element(s *policy.Statement, resource string, resources []string, conditions map[string]map[string][]string) map[string]any {
	e := map[string]any{"Effect": s.Effect.String()}
	e[not(s.NotAction)+"Action"] = s.Actions
	if resource == "" {
		resource = not(s.NotResource) + "Resource"
	}
	if len(resources) > 0 {
		e[resource] = resources
	}
	if s.Principals != nil {
		e[not(s.NotPrincipal)+"Principal"] = principals(s.Principals)
	}
	if len(conditions) > 0 {
		e["Condition"] = conditions
	}
	return e
}

func not(n bool) string {
	if n {
		return "Not"
	}
	return ""
}

func principals(p *policy.Principals) any {
	if p.Any {
		return "*"
	}
	kinds := map[policy.PrincipalKind][]string{}
	for _, n := range p.Names {
		kinds[n.Kind] = append(kinds[n.Kind], n.Value)
	}
	return kinds
}

// resourcePattern returns the pattern of a resource.
func resourcePattern(resource, version string) pattern {
	if hasVariable(resource, version) {
		resource = widen(resource)
	}
	return arnGlob(resource)
}
