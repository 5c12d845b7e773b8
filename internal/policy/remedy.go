package policy

import (
	"slices"
	"strconv"
	"strings"
)

// What follows is for whoever changes a document so that it says something else about one request.

// Text returns the statement as canonical JSON, as in Document.Text of a document of this type.
func (s *Statement) Text(t Type) string {
	w := &writer{ascii: t != Bucket}
	w.statement(s)
	return w.b.String()
}

// ParseStatements parses text as Parse does and returns its statements. It costs less than a Document.
func ParseStatements(t Type, text []byte, opts ...Option) ([]Statement, error) {
	o := options{rcpServices: []string{"s3", "sts"}}
	for _, opt := range opts {
		opt(&o)
	}
	d, err := parse(t, text, &o)
	if err != nil {
		return nil, err
	}
	return d.Statements, nil
}

// HasVariables reports whether the document's version of the language has policy variables, and with them
// the escapes ${*}, ${?} and ${$}.
func (d *Document) HasVariables() bool { return d.Version == version2012 }

// Literal returns the pattern of resources that matches resource and nothing else. Without variables the
// language cannot say that of a resource that has wildcards in it: exact is then false, and the pattern is the
// resource itself.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
func Literal(resource string, variables bool) (pattern string, exact bool) {
	if resource == "*" {
		return "*", true
	}
	if !variables {
		return resource, !hasWildcard(resource)
	}
	return strings.NewReplacer("*", "${*}", "?", "${?}", "${", "${$}{").Replace(resource), true
}

// MatchesResource reports whether a pattern of resources matches a resource in a context; variables tells
// whether the document that it is of has them.
func MatchesResource(pattern, resource string, variables bool, c *Context) bool {
	p, q := newResourcePattern(pattern, variables), NewQuery(&Request{Resource: resource, Context: c})
	return p.match(&q)
}

// OneResource reports whether a pattern of resources matches at most one resource in any one context.
func OneResource(pattern string, variables bool) bool {
	if pattern == "*" || strings.Count(pattern, ":") < 5 {
		return false
	}
	for _, p := range parseTemplate(pattern, variables).pieces {
		if p.kind == pieceText && hasWildcard(p.text) {
			return false
		}
	}
	return true
}

// fewNames is how many actions are listed one by one where a pattern would be split.
const fewNames = 12

// OtherActions returns patterns that match, of the known actions, those that pattern matches and not action.
// An action that none of them matches may be one that is not known.
func OtherActions(pattern, action string) []string {
	others := slices.DeleteFunc(MatchingActions(pattern), func(name string) bool { return strings.EqualFold(name, action) })
	literal, found := strings.CutSuffix(pattern, "*")
	if len(others) <= fewNames || !found || hasWildcard(literal) || !strings.Contains(literal, ":") {
		return others
	}
	for i, name := range others {
		others[i] = upToDifference(name, action)
	}
	return slices.Compact(others)
}

// upToDifference returns the pattern of the names that differ from other where name first does.
func upToDifference(name, other string) string {
	n := 0
	for n < len(name) && n < len(other) && strings.EqualFold(name[n:n+1], other[n:n+1]) {
		n++
	}
	if n == len(name) {
		return name
	}
	return name[:n+1] + "*"
}

// Holds reports whether condition j of statement i holds in a context.
func (d *Document) Holds(i, j int, c *Context) bool { return d.compiled[i].tests[j].holds(c) }

// Nearby returns values around which the answer of condition j of statement i changes: those that it compares
// with, with something for their wildcards and variables, and for numbers their neighbours. Which of them
// satisfy the condition is for Holds to say.
func (d *Document) Nearby(i, j int, c *Context) []string {
	t := &d.compiled[i].tests[j]
	var out []string
	for _, v := range t.condition.Values {
		out = append(out, nearby(v, t.op.family, d.HasVariables(), c)...)
	}
	return out
}

func nearby(v string, f family, variables bool, c *Context) []string {
	switch f {
	case famNull:
		return nil
	case famNumeric:
		n, err := strconv.Atoi(v)
		if err != nil {
			return []string{v}
		}
		return []string{v, strconv.Itoa(n - 1), strconv.Itoa(n + 1)}
	case famIP:
		p, ok := parseNetwork(v)
		if !ok {
			return nil
		}
		first := p.Masked().Addr()
		return []string{first.Next().String(), first.String()}
	}
	t := parseTemplate(v, variables && f.takesVariables())
	var b strings.Builder
	for i := range t.pieces {
		text, ok := t.pieces[i].resolve(c)
		if !ok {
			return nil
		}
		if t.pieces[i].kind == pieceText && (f == famStringLike || f == famARN) {
			text = strings.NewReplacer("*", "", "?", "x").Replace(text)
		}
		b.WriteString(text)
	}
	return []string{b.String()}
}
