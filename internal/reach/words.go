package reach

import (
	"fmt"
	"slices"
	"strings"
)

// text tells the path in one line.
func (p *Path) text() string {
	out := ActionsText(p.Actions) + " in " + p.Where()
	if !strings.HasPrefix(p.Target, bucketHead) {
		out = "assume role " + p.Target + " (" + strings.Join(p.Actions, ", ") + ")"
	}
	out += ", by " + p.By()
	if s := p.When(); s != "" {
		out += ", " + s
	}
	if s := p.Except(); s != "" {
		out += ", " + s
	}
	switch {
	case p.OneSided && !p.Proven:
		out += " (possible: the account that owns it has to allow it as well)"
	case !p.Proven:
		out += " (possible, not proven)"
	}
	return out
}

// Where tells in words what the path is about.
func (p *Path) Where() string {
	var places []string
	for i := range p.Resources {
		r := &p.Resources[i]
		s := strings.Join(shortened(r.Patterns), " and ")
		if len(r.Not) > 0 {
			s += " but not " + listOf(shortened(r.Not), "or")
		}
		places = append(places, s)
	}
	out := listOf(places, "or")
	switch {
	case p.Keys == NewKeys:
		out += " (keys that no object has)"
	case p.Keys == ExistingKeys:
		out += " (objects of the bucket's owner)"
	case len(p.Objects) > 0:
		owner := "account " + string(p.Objects[0].Account)
		if p.Objects[0].Account == "" {
			owner = string(p.Objects[0].Owner)
		}
		out += " (owned by " + owner + ", with the ACL it has)"
	}
	return out
}

// shortened returns ARNs of S3 without what all have in common.
func shortened(patterns []string) []string {
	out := make([]string, len(patterns))
	for i, s := range patterns {
		out[i] = strings.TrimPrefix(s, bucketHead)
	}
	return out
}

// By tells in words what lets the path through.
func (p *Path) By() string {
	var parts []string
	for i := range p.Parts {
		parts = append(parts, p.Parts[i].String())
	}
	for i := range p.Limits {
		var any []string
		for j := range p.Limits[i].Any {
			a := &p.Limits[i].Any[j]
			any = append(any, a.Part.String()+narrowed(a.Resources, a.Conditions, p.Resources))
		}
		if len(any) == 0 {
			any = []string{"what the " + strings.ReplaceAll(p.Limits[i].Layer, "policy", "policies") + " of the organization allow"}
		}
		parts = append(parts, "within "+listOf(any, "or"))
	}
	return strings.Join(parts, " and ")
}

// narrowed tells to which of resources, unless they are whole, and under which conditions a statement is limited.
func narrowed(resources []Resource, conditions []Condition, whole []Resource) string {
	var out string
	if !sameResources(resources, whole) {
		out = " in " + (&Path{Resources: resources}).Where()
	}
	if s := conditionsText(conditions); s != "" {
		out += " " + s
	}
	return out
}

func sameResources(a, b []Resource) bool {
	return slices.EqualFunc(a, b, func(x, y Resource) bool { return slices.Equal(x.Patterns, y.Patterns) && slices.Equal(x.Not, y.Not) })
}

// String names the part.
func (p Part) String() string {
	switch {
	case p.Grant != "":
		return p.Layer + " (" + p.Grant + ")"
	case p.Policy == "":
		if p.Setting != "" {
			return p.Setting
		}
		return "being the " + p.Layer
	}
	name := p.Policy
	if !strings.HasPrefix(name, "bucket policy") && !strings.HasPrefix(name, "whatever") {
		name = p.Layer + " " + name
	}
	switch {
	case p.Statement == nil || strings.HasPrefix(p.Policy, "whatever"):
		return name
	case p.Sid != "":
		return fmt.Sprintf("%s, statement %d (%s)", name, *p.Statement, p.Sid)
	default:
		return fmt.Sprintf("%s, statement %d", name, *p.Statement)
	}
}

// When tells in words under which conditions the path is open; empty if always.
func (p *Path) When() string {
	var out []string
	if s := conditionsText(p.Conditions); s != "" {
		out = append(out, "only "+s)
	}
	if p.RequesterPays {
		out = append(out, "only if the requester accepts the charge")
	}
	if len(p.Needs) > 0 {
		out = append(out, "which needs "+listOf(p.Needs, "and")+" as well")
	}
	return strings.Join(out, ", ")
}

func conditionsText(conditions []Condition) string {
	var out []string
	for i := range conditions {
		if !slices.Contains(out, conditions[i].Text) {
			out = append(out, conditions[i].Text)
		}
	}
	return strings.Join(out, " and ")
}

// Except tells in words what the exceptions take away; empty if there are none.
func (p *Path) Except() string {
	var out []string
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		if len(e.Resources) == 0 {
			out = append(out, "except what "+e.Part.String()+" denies")
			continue
		}
		s := "except"
		if !sameResources(e.Resources, p.Resources) {
			s += " in " + (&Path{Resources: e.Resources}).Where()
		}
		if c := conditionsText(e.Conditions); c != "" {
			s += " " + c
		}
		out = append(out, s+", by "+e.Part.String())
	}
	return strings.Join(out, ", ")
}

// listOf joins words, of which it tells no more than some.
func listOf(words []string, last string) string {
	const most = 6
	if len(words) > most {
		more := len(words) - most + 1
		words = append(slices.Clone(words[:most-1]), fmt.Sprintf("%d more", more))
		last = "and"
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}
