package policy

import "strings"

// Request is what statements are matched against.
type Request struct {
	// Action is the full name, such as "s3:GetObject"; it compares ignoring case.
	Action string
	// Resource is an ARN, or "*" for an action without a resource type.
	Resource string
	// Principal is the caller; nil counts as anonymous.
	Principal *Principal
	// Context may be nil, which is empty.
	Context *Context
	// HasBoundary tells that the caller has a permissions boundary: a Deny with NotPrincipal then
	// applies whoever is listed.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
	HasBoundary bool
}

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

// Match is a statement that matches a request.
type Match struct {
	// Index is the statement's place in Document.Statements.
	Index  int
	Sid    string
	Effect Effect
	// Grant is how strongly an Allow names the caller; Direct for a Deny.
	Grant Grant
}

// Evaluate matches every statement: deny is the first Deny that matches, allow the first of the
// strongest Allows that match; each is nil if there is none.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (d *Document) Evaluate(r *Request) (allow, deny *Match) {
	q := newQuery(r)
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Effect == Deny && deny != nil {
			continue
		}
		g := s.match(&q)
		switch {
		case g == None:
		case s.Effect == Deny:
			deny = &Match{Index: i, Sid: s.Sid, Effect: Deny, Grant: Direct}
		case allow == nil || g > allow.Grant:
			allow = &Match{Index: i, Sid: s.Sid, Effect: Allow, Grant: g}
		}
	}
	return allow, deny
}

// Matches returns all statements that match, in their order.
func (d *Document) Matches(r *Request) []Match {
	q := newQuery(r)
	var out []Match
	for i := range d.Statements {
		s := &d.Statements[i]
		if g := s.match(&q); g != None {
			if s.Effect == Deny {
				g = Direct
			}
			out = append(out, Match{Index: i, Sid: s.Sid, Effect: s.Effect, Grant: g})
		}
	}
	return out
}

// query is a Request made ready for matching.
type query struct {
	action    string // in lower case
	parts     []string
	principal *Principal
	context   *Context
	boundary  bool
}

var (
	anonymous    Principal
	emptyContext Context
)

func newQuery(r *Request) query {
	q := query{
		action:    strings.ToLower(r.Action),
		principal: r.Principal,
		context:   r.Context,
		boundary:  r.HasBoundary,
	}
	if parts := strings.SplitN(r.Resource, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		q.parts = parts
	}
	if q.principal == nil {
		q.principal = &anonymous
	}
	if q.context == nil {
		q.context = &emptyContext
	}
	return q
}

// compiledStatement is what a statement's patterns and conditions are compiled to.
type compiledStatement struct {
	ready     bool // set by compile, so that a statement made by hand matches nothing
	actions   []actionPattern
	resources []resourcePattern
	tests     []test
}

// compile prepares every statement for matching.
func (d *Document) compile() {
	variables := d.Version == version2012
	for i := range d.Statements {
		s := &d.Statements[i]
		c := compiledStatement{ready: true}
		for _, a := range s.Actions {
			c.actions = append(c.actions, newActionPattern(a))
		}
		for _, r := range s.Resources {
			c.resources = append(c.resources, newResourcePattern(r, variables))
		}
		for j := range s.Conditions {
			op, _ := parseOperator(s.Conditions[j].Operator)
			c.tests = append(c.tests, compileCondition(op, &s.Conditions[j], variables))
		}
		s.compiled = c
	}
}

// match returns how strongly the statement matches; None if it does not.
func (s *Statement) match(q *query) Grant {
	c := &s.compiled
	if !c.ready || !s.matchesAction(q) || !s.matchesResource(q) {
		return None
	}
	g := s.matchPrincipal(q)
	if g == None {
		return None
	}
	for i := range c.tests {
		if !c.tests[i].holds(q.context) {
			return None
		}
	}
	return g
}

func (s *Statement) matchesAction(q *query) bool {
	for i := range s.compiled.actions {
		if s.compiled.actions[i].match(q.action) {
			return !s.NotAction
		}
	}
	return s.NotAction
}

// matchesResource is true for a statement without resources, which only a trust policy has.
func (s *Statement) matchesResource(q *query) bool {
	if len(s.compiled.resources) == 0 {
		return true
	}
	for i := range s.compiled.resources {
		if s.compiled.resources[i].match(q) {
			return !s.NotResource
		}
	}
	return s.NotResource
}

// actionPattern is a pattern of actions: service:name, where only the name may have wildcards; "*"
// is every action, and "*" for the service every service.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
type actionPattern struct {
	any     bool
	service string // in lower case, with its colon; empty for every service
	name    glob
}

func newActionPattern(s string) actionPattern {
	s = strings.ToLower(s)
	if s == "*" {
		return actionPattern{any: true}
	}
	service, name, _ := strings.Cut(s, ":")
	if service += ":"; service == "*:" {
		service = ""
	}
	return actionPattern{service: service, name: parseGlob(name)}
}

// match matches the full name of an action in lower case.
func (p *actionPattern) match(action string) bool {
	if p.any {
		return true
	}
	if p.service == "" {
		_, name, _ := strings.Cut(action, ":")
		return p.name.match(name)
	}
	name, ok := strings.CutPrefix(action, p.service)
	return ok && p.name.match(name)
}

// resourcePattern is a pattern of resources: an ARN of which each part is a glob, and of which the
// last may have policy variables; "*" is every resource, also that of actions without one.
//
// An ARN of fewer parts matches as if "*" stood for the missing ones.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
type resourcePattern struct {
	any   bool
	parts [4]glob // partition, service, region, account
	last  pattern
}

func newResourcePattern(s string, variables bool) resourcePattern {
	if s == "*" {
		return resourcePattern{any: true}
	}
	parts := strings.SplitN(s, ":", 6)
	for len(parts) < 6 {
		parts = append(parts, "*")
	}
	var p resourcePattern
	for i := range p.parts {
		p.parts[i] = parseGlob(parts[i+1])
	}
	p.last = newPattern(parts[5], variables)
	return p
}

func (p *resourcePattern) match(q *query) bool {
	if p.any {
		return true
	}
	if q.parts == nil {
		return false
	}
	for i := range p.parts {
		if !p.parts[i].match(q.parts[i+1]) {
			return false
		}
	}
	return p.last.match(q.parts[5], q.context)
}
