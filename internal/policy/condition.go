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
	// condition is what the test was compiled from.
	condition *Condition
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
	t := test{op: op, key: strings.ToLower(c.Key), condition: c}
	for _, v := range c.Values {
		if op.family == famNull {
			if b, ok := parseBool(v); ok {
				t.null[bit(b)] = true
			}
			continue
		}
		t.values = append(t.values, newMatcher(op.family, v, variables))
	}
	return t
}

func bit(b bool) int {
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
		return &likeMatcher{newPattern("", v, variables)}
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
	v := c.find(t.key)
	size := 0
	if v != nil {
		size = v.size()
	}
	op := t.op
	if op.family == famNull {
		return v == nil && t.null[1] || size > 0 && t.null[0]
	}
	if size == 0 {
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
		for i := range size {
			if t.one(v.at(i), c) {
				return true
			}
		}
		return false
	case forAllValues:
		if size == 1 && v.at(0) == "" {
			return true // AWS: "resolves to a null dataset, such as an empty string"
		}
		for i := range size {
			if !t.one(v.at(i), c) {
				return false
			}
		}
		return true
	default:
		return !v.multi && t.one(v.at(0), c)
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
}

func newTextMatcher(v string, variables bool) *textMatcher {
	t := parseTemplate(v, variables)
	if !t.dynamic {
		text, _ := t.expand(nil)
		t.pieces = []piece{{kind: pieceLiteral, text: text}}
	}
	return &textMatcher{t}
}

func (m *textMatcher) match(value string, op operator, c *Context) (matches, valid bool) {
	if op.family == famString {
		return m.template.equals(value, c), true
	}
	want, ok := m.template.expand(c)
	switch {
	case !ok:
		return false, true
	case op.family == famStringFold:
		return strings.EqualFold(value, want), true
	default:
		got, ok1 := parseBool(value)
		b, ok2 := parseBool(want)
		return got == b, ok1 && ok2
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
	any     bool
	static  *[6]glob // nil: the pattern is dynamic, or has not six parts and matches no ARN
	dynamic template // without pieces: static counts
}

func newARNMatcher(v string, variables bool) *arnMatcher {
	t := parseTemplate(v, variables)
	if t.dynamic {
		return &arnMatcher{dynamic: t}
	}
	tokens, _ := t.appendTokens(nil, nil)
	m := &arnMatcher{any: len(tokens) == 1 && tokens[0] == tokStar}
	if parts, ok := cutTokens(tokens); ok {
		m.static = new([6]glob)
		for i := range parts {
			m.static[i] = newGlob(parts[i])
		}
	}
	return m
}

// cutTokens splits a pattern at its first five colons; ok is false if there are fewer.
func cutTokens(tokens []rune) (parts [6][]rune, ok bool) {
	n, start := 0, 0
	for i, t := range tokens {
		if t == ':' && n < 5 {
			parts[n] = tokens[start:i]
			n++
			start = i + 1
		}
	}
	parts[n] = tokens[start:]
	return parts, n == 5
}

func (m *arnMatcher) match(value string, _ operator, c *Context) (matches, valid bool) {
	parts, ok := splitARN(value)
	switch {
	case !ok:
		return false, true
	case m.dynamic.pieces != nil:
		return m.matchDynamic(&parts, c), true
	case m.static == nil:
		return m.any, true
	}
	for i := range parts {
		if !m.static[i].match(parts[i]) {
			return false, true
		}
	}
	return true, true
}

func (m *arnMatcher) matchDynamic(parts *arnParts, c *Context) bool {
	var stack [stackTokens]rune
	tokens, ok := m.dynamic.appendTokens(stack[:0], c)
	if !ok {
		return false
	}
	pattern, ok := cutTokens(tokens)
	if !ok {
		return len(tokens) == 1 && tokens[0] == tokStar
	}
	for i := range parts {
		if !matchTokens(pattern[i], parts[i]) {
			return false
		}
	}
	return true
}
