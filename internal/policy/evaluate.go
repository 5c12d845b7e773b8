package policy

import "strings"

// Grant is the strength of an Allow, weakest first. It tells which principal a resource-based
// policy named; an Allow of a document without principals is Direct.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
type Grant uint8

// The strengths of a grant within one account. Across accounts all are worth the same.
const (
	// None: the statement does not match.
	None Grant = iota
	// Account delegates to the caller's account, whose identity policies must allow as well.
	Account
	// Role grants to the role's sessions, within their boundary and session policies. So does a
	// grant to an IAM user for a federated session of that user.
	Role
	// Direct grants to the caller whatever its other policies leave unsaid.
	Direct
)

// Match is a statement that matches a request. In its zero value no statement does.
type Match struct {
	// Index is the statement's place in Document.Statements.
	Index  int
	Effect Effect
	// Grant is how strongly an Allow names the caller; Direct for a Deny, None if nothing matches.
	Grant Grant
}

// Evaluate returns the first Deny that matches; if none does, the first of the strongest Allows that
// match; if none does either, the zero Match. It allocates nothing, unless a pattern with variables is
// unusually long.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (d *Document) Evaluate(q *Query) Match {
	allow, deny := Match{}, Match{}
	l := d.index.about(q)
	for n := l.last(q.resource); n >= 0; n = l.shorter[n] {
		for _, i := range l.places[n] {
			s := &d.compiled[i]
			m := Match{Index: int(i), Effect: s.effect}
			best := &allow
			if s.effect == Deny {
				best = &deny
			}
			if best.Grant == Direct && best.Index < m.Index {
				continue // it could not change the answer
			}
			if m.Grant = s.match(q); m.before(best) {
				*best = m
			}
		}
	}
	if deny.Grant != None {
		return deny
	}
	return allow
}

// before reports whether m counts rather than best, which has the same effect: it is stronger, or as strong
// and earlier.
func (m *Match) before(best *Match) bool {
	return m.Grant > best.Grant || m.Grant != None && m.Grant == best.Grant && m.Index < best.Index
}

// Matches returns all statements that match, in their order.
func (d *Document) Matches(q *Query) []Match {
	var out []Match
	for i := range d.compiled {
		s := &d.compiled[i]
		if !s.matchesAction(q.action) {
			continue
		}
		if g := s.match(q); g != None {
			out = append(out, Match{Index: i, Effect: s.effect, Grant: g})
		}
	}
	return out
}

// compiledStatement is what a statement is compiled to.
type compiledStatement struct {
	effect       Effect
	notAction    bool
	notResource  bool
	notPrincipal bool
	actions      []actionPattern
	resources    []resourcePattern
	principals   *compiledPrincipals // nil: the statement has none
	trust        bool                // it is of a role's trust policy
	tests        []test
}

// compile prepares every statement for matching. A document that is not compiled matches nothing.
func (d *Document) compile() {
	variables := d.Version == version2012
	d.compiled = make([]compiledStatement, len(d.Statements))
	for i := range d.Statements {
		s, c := &d.Statements[i], &d.compiled[i]
		c.trust = d.Type == Trust
		c.effect, c.notAction, c.notResource, c.notPrincipal = s.Effect, s.NotAction, s.NotResource, s.NotPrincipal
		for _, a := range s.Actions {
			c.actions = append(c.actions, newActionPattern(a))
		}
		for _, r := range s.Resources {
			c.resources = append(c.resources, newResourcePattern(r, variables))
		}
		if s.Principals != nil {
			c.principals = s.Principals.compile()
		}
		for j := range s.Conditions {
			op, _ := parseOperator(s.Conditions[j].Operator)
			c.tests = append(c.tests, compileCondition(op, &s.Conditions[j], variables))
		}
	}
	d.index = newIndex(d.compiled)
	d.public = d.isPublic()
}

// match returns how strongly the statement matches; None if it does not. An action that is known has been
// found to match by the index.
func (s *compiledStatement) match(q *Query) Grant {
	if q.known == unknownAction && !s.matchesAction(q.action) {
		return None
	}
	g := s.matchPrincipal(q)
	if g == None || !s.matchesResource(q) {
		return None
	}
	for i := range s.tests {
		if !s.tests[i].holds(q.context) {
			return None
		}
	}
	return g
}

// matchesAction matches the name of an action in lower case.
func (s *compiledStatement) matchesAction(action string) bool {
	for i := range s.actions {
		if s.actions[i].match(action) {
			return !s.notAction
		}
	}
	return s.notAction
}

// matchesResource is true for a statement without resources, which only a trust policy has.
func (s *compiledStatement) matchesResource(q *Query) bool {
	if len(s.resources) == 0 {
		return true
	}
	for i := range s.resources {
		if s.resources[i].match(q) {
			return !s.notResource
		}
	}
	return s.notResource
}

// resourcePattern is a pattern of resources: an ARN of which each part is a glob, and of which the
// last may have policy variables; "*" is every resource, also that of actions without one.
//
// An ARN of fewer parts matches as if "*" stood for the missing ones.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
type resourcePattern struct {
	any bool
	// parts are partition, service, region and account; nil if none of them has a wildcard. Then whole
	// matches the ARN, else what follows its first five parts.
	parts *[4]glob
	whole pattern
}

func newResourcePattern(s string, variables bool) resourcePattern {
	if s == "*" {
		return resourcePattern{any: true}
	}
	parts := strings.SplitN(s, ":", 6)
	for len(parts) < 6 {
		parts = append(parts, "*")
	}
	head := strings.Join(parts[:5], ":") + ":"
	if !hasWildcard(head) {
		return resourcePattern{whole: newPattern(head, parts[5], variables)}
	}
	p := resourcePattern{parts: new([4]glob), whole: newPattern("", parts[5], variables)}
	for i := range p.parts {
		p.parts[i] = parseGlob(parts[i+1])
	}
	return p
}

// prefix returns the literal text that every ARN that matches begins with.
func (p *resourcePattern) prefix() string {
	switch {
	case p.any || p.parts != nil:
		return ""
	default:
		return p.whole.literal()
	}
}

func (p *resourcePattern) match(q *Query) bool {
	switch {
	case p.any:
		return true
	case p.parts == nil:
		return p.whole.match(q.resource, q.context)
	}
	parts, ok := splitARN(q.resource)
	if !ok {
		return false
	}
	for i := range p.parts {
		if !p.parts[i].match(parts[i+1]) {
			return false
		}
	}
	return p.whole.match(parts[5], q.context)
}
