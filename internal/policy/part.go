package policy

import (
	"slices"
	"strings"
)

// What follows tells of single elements of a statement, for whoever works out what policies let through without a
// request to try.

// Takes reports whether the Action or NotAction element of statement i is about an action.
func (d *Document) Takes(i int, action string) bool {
	return d.compiled[i].matchesAction(strings.ToLower(action))
}

// Names returns how strongly the Principal or NotPrincipal element of statement i is about a caller: Direct for a
// statement without one, and for a Deny; None if it is not. boundary tells that the caller has a permissions
// boundary.
func (d *Document) Names(i int, caller *Principal, boundary bool) Grant {
	return d.compiled[i].matchPrincipal(&Query{principal: caller, boundary: boundary})
}

// Bare returns a document of which the one statement is statement i, about every action and every resource and
// without its conditions. S3 counts it as public if it counts d so.
func (d *Document) Bare(i int) *Document {
	s, c := d.Statements[i], d.compiled[i]
	s.Actions, s.NotAction, s.Conditions = []string{"*"}, false, nil
	c.actions, c.notAction, c.tests = []actionPattern{newActionPattern("*")}, false, nil
	if len(s.Resources) > 0 {
		s.Resources, s.NotResource = []string{"*"}, false
		c.resources, c.notResource = []resourcePattern{newResourcePattern("*", false)}, false
	}
	bare := &Document{Type: d.Type, Version: d.Version, Statements: []Statement{s}, compiled: []compiledStatement{c}, public: d.public}
	bare.index = newIndex(bare.compiled)
	return bare
}

// Variables returns the condition keys, in lower case, that the values of condition j of statement i take from
// the request.
func (d *Document) Variables(i, j int) []string {
	var out []string
	op, _ := parseOperator(d.Statements[i].Conditions[j].Operator)
	if d.Version != version2012 || !op.family.takesVariables() {
		return nil
	}
	for _, v := range d.Statements[i].Conditions[j].Values {
		out = append(out, variablesOf(v)...)
	}
	return out
}

// variablesOf returns the keys of the variables of a text, in lower case.
func variablesOf(s string) []string {
	var out []string
	for _, p := range parseTemplate(s, true).pieces {
		if p.kind == pieceVariable {
			out = append(out, p.text)
		}
	}
	return out
}

// Resources is what the Resource or NotResource element of a statement says of ARNs that begin with one text.
type Resources struct {
	// Not says that the element is NotResource: what none of Globs matches.
	Not bool
	// Globs match what follows the beginning.
	Globs []Glob
	// Variables are the condition keys, in lower case, of variables that are not known. With any, more resources
	// are told than the element is about: a star stands for a variable, and a pattern of a NotResource that has
	// one is left out.
	Variables []string
}

// Matches reports whether the element, as it is told, is about a resource, given by what follows the beginning.
func (r *Resources) Matches(tail string) bool {
	return slices.ContainsFunc(r.Globs, func(g Glob) bool { return g.Match(tail) }) != r.Not
}

// ResourcesUnder returns what the resources of statement i are among the ARNs that begin with head, which ends
// with the colon before the sixth part of an ARN. keys has the condition keys that are known; what open reports
// true of, a key in lower case, is not. All resources, for a statement without such an element.
func (d *Document) ResourcesUnder(i int, head string, keys *Context, open func(key string) bool) Resources {
	s := &d.Statements[i]
	if len(s.Resources) == 0 {
		return Resources{Globs: []Glob{AnyText()}}
	}
	out := Resources{Not: s.NotResource}
	for _, text := range s.Resources {
		tail, ok := underHead(text, head)
		if !ok {
			continue
		}
		tokens, missing, ok := openTokens(tail, d.Version == version2012, keys, open)
		if !ok {
			continue
		}
		out.Variables = append(out.Variables, missing...)
		if len(missing) == 0 || !out.Not {
			out.Globs = append(out.Globs, globOf(tokens))
		}
	}
	return out
}

// underHead returns the pattern of what follows head in the ARNs that pattern matches; ok is false if none of
// those begins with head.
func underHead(pattern, head string) (tail string, ok bool) {
	if pattern == "*" {
		return "*", true
	}
	parts := strings.SplitN(pattern, ":", 6)
	for len(parts) < 6 {
		parts = append(parts, "*")
	}
	want := strings.Split(head, ":")
	if len(want) < 6 || parts[0] != want[0] {
		return "", false
	}
	if !hasWildcard(strings.Join(parts[:5], ":")) {
		return parts[5], strings.Join(parts[:5], ":")+":" == head
	}
	for n := 1; n < 5; n++ {
		g := parseGlob(parts[n])
		if !g.match(want[n]) {
			return "", false
		}
	}
	return parts[5], true
}

// openTokens returns the tokens of a pattern, with a star for each variable of which the key is open, and those
// keys; ok is false if the pattern matches nothing, because a variable has no value.
func openTokens(s string, variables bool, keys *Context, open func(key string) bool) (tokens []rune, missing []string, ok bool) {
	t := parseTemplate(s, variables)
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.kind == pieceVariable && open(p.text) {
			tokens, missing = append(tokens, tokStar), append(missing, p.text)
			continue
		}
		one := template{pieces: t.pieces[i : i+1]}
		more, ok := one.appendTokens(nil, keys)
		if !ok {
			return nil, nil, false
		}
		tokens = append(tokens, more...)
	}
	return tokens, missing, true
}
