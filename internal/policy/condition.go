package policy

import (
	"net/netip"
	"strings"
)

// test is a compiled Condition.
type test struct {
	op     operator
	key    string // in lower case
	values []matcher
	// null tells for the Null operator which of its answers, "true" and "false", are listed.
	null [2]bool
}

// matcher is one value of a policy's condition.
type matcher interface {
	// match compares the request's value with the policy's. valid is false if one of them is not of
	// the operator's type; then the test fails, negated or not.
	match(value string, op operator, c *Context) (matches, valid bool)
}

// compileCondition compiles a condition whose operator is op.
func compileCondition(op operator, c *Condition, variables bool) test {
	t := test{op: op, key: strings.ToLower(c.Key)}
	for _, v := range c.Values {
		if op.family == famNull {
			if b, ok := parseBool(v); ok {
				t.null[index(b)] = true
			}
			continue
		}
		t.values = append(t.values, newMatcher(op.family, v, variables))
	}
	return t
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

// newMatcher compiles one value.
func newMatcher(f family, v string, variables bool) matcher {
	variables = variables && f.takesVariables()
	switch f {
	case famString, famStringFold, famBool:
		return newTextMatcher(v, variables)
	case famStringLike:
		return &likeMatcher{newPattern(v, variables)}
	case famNumeric:
		d, ok := parseDecimal(v)
		return &numericMatcher{d, ok}
	case famDate:
		i, ok := parseInstant(v)
		return &dateMatcher{i, ok}
	case famBinary:
		b, ok := parseBinary(v)
		return &binaryMatcher{b, ok}
	case famIP:
		p, ok := parseNetwork(v)
		return &ipMatcher{p, ok}
	default:
		return newARNMatcher(v, variables)
	}
}

// holds reports whether the test is passed.
//
// A single-valued key counts as a set of one under a set operator. A multivalued key without set
// operator never matches: AWS's documentation calls the set operator mandatory, and for negated
// operators, where sources are silent, this is the cautious reading.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (t *test) holds(c *Context) bool {
	values, multi, present := c.Lookup(t.key)
	op := t.op
	if op.family == famNull {
		return !present && t.null[1] || len(values) > 0 && t.null[0]
	}
	if len(values) == 0 {
		switch {
		case op.ifExists:
			return true
		case op.quantifier == forAllValues:
			return true
		case op.quantifier == forAnyValue:
			return false
		default:
			return op.negated
		}
	}
	switch op.quantifier {
	case forAnyValue:
		for _, v := range values {
			if t.one(v, c) {
				return true
			}
		}
		return false
	case forAllValues:
		if len(values) == 1 && values[0] == "" {
			return true // AWS: "resolves to a null dataset, such as an empty string"
		}
		for _, v := range values {
			if !t.one(v, c) {
				return false
			}
		}
		return true
	default:
		return !multi && t.one(values[0], c)
	}
}

// one reports whether one value of the request passes: it matches some value of the policy, or none
// of them if the operator is negated.
func (t *test) one(value string, c *Context) bool {
	found := false
	for _, m := range t.values {
		matches, valid := m.match(value, t.op, c)
		if !valid && t.op.negated {
			return false
		}
		found = found || valid && matches
	}
	return found != t.op.negated
}

// textMatcher serves StringEquals, StringEqualsIgnoreCase and Bool.
type textMatcher struct {
	template template
	static   string
}

func newTextMatcher(v string, variables bool) *textMatcher {
	m := &textMatcher{template: parseTemplate(v, variables)}
	if !m.template.dynamic {
		m.static, _ = m.template.expand(nil)
	}
	return m
}

func (m *textMatcher) match(value string, op operator, c *Context) (matches, valid bool) {
	want := m.static
	if m.template.dynamic {
		var ok bool
		if want, ok = m.template.expand(c); !ok {
			return false, true
		}
	}
	switch op.family {
	case famStringFold:
		return strings.EqualFold(value, want), true
	case famBool:
		got, ok1 := parseBool(value)
		b, ok2 := parseBool(want)
		return got == b, ok1 && ok2
	default:
		return value == want, true
	}
}

// likeMatcher serves StringLike.
type likeMatcher struct{ pattern pattern }

func (m *likeMatcher) match(value string, _ operator, c *Context) (matches, valid bool) {
	return m.pattern.match(value, c), true
}

type numericMatcher struct {
	want decimal
	ok   bool
}

func (m *numericMatcher) match(value string, op operator, _ *Context) (matches, valid bool) {
	got, ok := parseDecimal(value)
	return ok && op.cmp.holds(got.compare(m.want)), ok && m.ok
}

type dateMatcher struct {
	want instant
	ok   bool
}

func (m *dateMatcher) match(value string, op operator, _ *Context) (matches, valid bool) {
	got, ok := parseInstant(value)
	return ok && op.cmp.holds(got.compare(m.want)), ok && m.ok
}

type binaryMatcher struct {
	want string
	ok   bool
}

func (m *binaryMatcher) match(value string, _ operator, _ *Context) (matches, valid bool) {
	got, ok := parseBinary(value)
	return got == m.want, ok && m.ok
}

// ipMatcher serves IpAddress. An address of one family is never in a block of the other.
type ipMatcher struct {
	block netip.Prefix
	ok    bool
}

func (m *ipMatcher) match(value string, _ operator, _ *Context) (matches, valid bool) {
	got, ok := parseAddress(value)
	return ok && m.block.Contains(got), ok && m.ok
}

// arnMatcher serves the Arn operators: the six parts of an ARN compare one by one, each as a glob;
// ArnEquals and ArnLike are the same. Variables may stand anywhere and may bring in colons. A lone
// "*" is taken as any ARN.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
type arnMatcher struct {
	template template
	static   arnGlobs
}

// arnGlobs are the globs of an ARN's parts; any stands for every ARN, and neither any nor whole for none.
type arnGlobs struct {
	any, whole bool
	parts      [6]glob
}

func newARNMatcher(v string, variables bool) *arnMatcher {
	m := &arnMatcher{template: parseTemplate(v, variables)}
	if !m.template.dynamic {
		tokens, _ := m.template.tokens(nil)
		m.static = newARNGlobs(tokens)
	}
	return m
}

// newARNGlobs splits a pattern at its first five colons.
func newARNGlobs(tokens []rune) arnGlobs {
	g := arnGlobs{any: len(tokens) == 1 && tokens[0] == tokStar}
	n, start := 0, 0
	for i, t := range tokens {
		if t == ':' && n < 5 {
			g.parts[n] = newGlob(tokens[start:i])
			n++
			start = i + 1
		}
	}
	g.parts[n] = newGlob(tokens[start:])
	g.whole = n == 5
	return g
}

func (g *arnGlobs) match(value string) bool {
	parts := strings.SplitN(value, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return false
	}
	for i := range g.parts {
		if !g.any && !g.parts[i].match(parts[i]) {
			return false
		}
	}
	return g.any || g.whole
}

func (m *arnMatcher) match(value string, _ operator, c *Context) (matches, valid bool) {
	if !m.template.dynamic {
		return m.static.match(value), true
	}
	tokens, ok := m.template.tokens(c)
	if !ok {
		return false, true
	}
	g := newARNGlobs(tokens)
	return g.match(value), true
}
