package authz

import (
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// undeny returns the edits that answer a statement that denies: other values for one of its conditions, then
// its exception; or that of a document that cannot be read.
func (s *step) undeny() []Edit {
	layer, _ := layerAt(s.in, s.by.Layer, s.by.Level)
	place := slices.IndexFunc(layer, func(o Source) bool { return s.isBy(&o) })
	if place < 0 {
		return nil
	}
	e := Edit{
		Kind: RepairDocument, Side: side(s.by.Layer), Layer: s.by.Layer, Level: s.by.Level,
		Policy: layer[place].Name, Place: place, Statement: int(s.by.Statement), Also: anything,
	}
	d := layer[place].Document
	if d == nil || s.by.Statement < 0 {
		return []Edit{e}
	}
	edits := s.denyKeys(e, d)
	e.Kind = ExceptFromDeny
	for _, form := range s.forms(d) {
		e.Statements, e.Also = form.texts(d.Type), form.also
		next, err := e.Apply(s.in)
		if err == nil && s.denials(next) < s.denials(s.in) {
			return append(edits, e)
		}
	}
	return edits
}

// isBy reports whether a policy is the one that decided. Those that cannot be read have but their names.
func (s *step) isBy(o *Source) bool {
	return o.Document == s.by.Policy.Document && o.Name == s.by.Policy.Name
}

// denials returns how many statements of the layer that decided deny the request.
func (s *step) denials(in *Input) int {
	n := 0
	layer, _ := layerAt(in, s.by.Layer, s.by.Level)
	for i := range layer {
		if layer[i].Document == nil {
			n++
			continue
		}
		for _, m := range layer[i].Document.Matches(&s.q) {
			n += bit(m.Effect == policy.Deny)
		}
	}
	return n
}

// form is what a statement that denies may be replaced by.
type form struct {
	statements []policy.Statement
	also       Opening
}

// texts returns the statements as JSON. Only the first keeps the Sid, which may have to be unique.
func (f *form) texts(t policy.Type) []string {
	var out []string
	for i := range f.statements {
		if i > 0 {
			f.statements[i].Sid = ""
		}
		out = append(out, f.statements[i].Text(t))
	}
	return out
}

// forms returns the ways to except the request from the statement that denies it, the most exact first. All
// that it denies is denied by one of three statements like it unless it is the request: one about the other
// actions, one about the other principals, and one about the other resources. The latter two are about this
// action alone, unless the language does not let the statement's conditions go with it.
func (s *step) forms(d *policy.Document) []form {
	x := &exception{step: s, document: d, deny: d.Statements[s.by.Statement]}
	actions := x.otherActions()
	exact := form{statements: slices.Clone(actions)}
	x.others(&exact, x.thisAction())
	wide := form{statements: slices.Clone(actions)}
	x.others(&wide, x.deny)
	open := form{also: OtherActions}
	x.others(&open, x.deny)
	return []form{exact, wide, open, {also: anything}}
}

// exception is a statement that denies while the request is excepted from it.
type exception struct {
	*step
	document *policy.Document
	deny     policy.Statement
}

// others adds to f the statements like deny about other principals and about other resources.
func (x *exception) others(f *form, deny policy.Statement) {
	_, isNot, identified := x.identified()
	switch {
	case x.private():
	case identified:
		other := deny
		other.Conditions = withCondition(deny.Conditions, isNot)
		f.statements = append(f.statements, other)
	default:
		f.also |= OtherPrincipals
	}
	other, exists, exact := x.otherResources(deny)
	if !exact {
		f.also |= OtherResources
	}
	if exists {
		f.statements = append(f.statements, other)
	}
}

// private reports whether the policy bears on no other user or role than the caller's: a session policy, or
// one that is inlaid in the user or role.
func (x *exception) private() bool {
	switch x.by.Layer {
	case SessionPolicy:
		return !strings.HasPrefix(x.by.Policy.Name, "arn:") // else it was chosen among managed ones
	case IdentityPolicy:
		kind, name, ok := strings.Cut(x.by.Policy.Name, "/")
		return ok && (kind == "user" || kind == "role") && strings.HasPrefix(name, entityName(x.caller)+"/")
	default:
		return false
	}
}

// entityName returns the name of the user or role behind a caller.
func entityName(p *policy.Principal) string {
	return p.EntityARN[strings.LastIndexByte(p.EntityARN, '/')+1:]
}

// thisAction returns the statement about this action alone.
func (x *exception) thisAction() policy.Statement {
	s := x.deny
	s.Actions, s.NotAction = []string{x.in.Request.Action}, false
	return s
}

// otherActions returns the statement about all actions but this one; none if that leaves none.
func (x *exception) otherActions() []policy.Statement {
	s, action := x.deny, x.in.Request.Action
	switch {
	case s.NotAction:
		s.Actions = append(slices.Clone(s.Actions), action)
	case x.document.Type != policy.RCP && slices.ContainsFunc(s.Actions, x.everyAction):
		s.Actions, s.NotAction = []string{action}, true
	default:
		if s.Actions = x.withoutAction(s.Actions); len(s.Actions) == 0 {
			return nil
		}
	}
	return []policy.Statement{s}
}

// everyAction reports whether a pattern matches every action that the document can be about.
func (x *exception) everyAction(pattern string) bool {
	switch pattern = strings.ToLower(pattern); x.document.Type {
	case policy.Bucket:
		return pattern == "*" || pattern == "s3:*"
	case policy.Trust:
		return pattern == "sts:*"
	default:
		return pattern == "*"
	}
}

// withoutAction returns patterns of the actions that patterns match, but for this one.
func (x *exception) withoutAction(patterns []string) []string {
	var out []string
	for _, pattern := range patterns {
		if !x.matchesAction(pattern) {
			out = append(out, pattern)
			continue
		}
		for _, other := range policy.OtherActions(pattern, x.in.Request.Action) {
			if x.fits(other) {
				out = append(out, other)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// matchesAction reports whether a pattern matches the action of the request.
func (x *exception) matchesAction(pattern string) bool {
	return pattern == "*" || slices.ContainsFunc(policy.MatchingActions(pattern), func(a string) bool {
		return strings.EqualFold(a, x.in.Request.Action)
	}) || strings.EqualFold(pattern, x.in.Request.Action)
}

// fits reports whether an action may stand in the statement: in a bucket policy only one that goes with a
// resource of it does.
func (x *exception) fits(action string) bool {
	if x.document.Type != policy.Bucket {
		return true
	}
	s := x.deny
	s.Actions = []string{action}
	_, err := readStatements(x.document, []string{s.Text(x.document.Type)})
	return err == nil
}

// otherResources returns the statement about all resources but this one. exists is false if there are none,
// or if the language cannot name them, in which case exact is false as well.
func (x *exception) otherResources(deny policy.Statement) (other policy.Statement, exists, exact bool) {
	resource := x.in.Request.Resource
	if len(deny.Resources) == 0 || resource == "*" {
		return other, false, true
	}
	pattern, exact := policy.Literal(resource, x.document.HasVariables())
	other = deny
	if deny.NotResource {
		other.Resources = append(slices.Clone(deny.Resources), pattern)
		return other, true, exact
	}
	other.Resources = nil
	for _, r := range deny.Resources {
		switch {
		case !policy.MatchesResource(r, resource, x.document.HasVariables(), x.in.Request.Context):
			other.Resources = append(other.Resources, r)
		case policy.OneResource(r, x.document.HasVariables()):
		default:
			return x.complement(deny, pattern, exact)
		}
	}
	return other, len(other.Resources) > 0, true
}

// complement returns the statement about all resources that do not match pattern, if those are the others of
// the statement's.
func (x *exception) complement(deny policy.Statement, pattern string, exact bool) (policy.Statement, bool, bool) {
	other := deny
	other.Resources, other.NotResource = []string{pattern}, true
	bucket, _, isObject := strings.Cut(strings.TrimPrefix(x.in.Request.Resource, "arn:aws:s3:::"), "/")
	all := func(r string) bool {
		one := len(deny.Actions) == 1 && !deny.NotAction && strings.EqualFold(deny.Actions[0], x.in.Request.Action)
		return r == "*" || r == "arn:aws:s3:::*" && one || x.document.Type == policy.Bucket && isObject && r == "arn:aws:s3:::"+bucket+"/*"
	}
	if !slices.ContainsFunc(deny.Resources, all) {
		return other, false, false
	}
	if x.document.Type == policy.Bucket && isObject && !slices.Contains(deny.Resources, "arn:aws:s3:::"+bucket) {
		other.Resources = append(other.Resources, "arn:aws:s3:::"+bucket)
	}
	return other, true, exact
}

// withCondition adds a condition that some of a list of values is not met. Conditions of one operator lie
// together, and one on the same key takes the values in.
func withCondition(conditions []policy.Condition, c policy.Condition) []policy.Condition {
	out := slices.Clone(conditions)
	last := len(out)
	for i := range out {
		if out[i].Operator != c.Operator {
			continue
		}
		if strings.EqualFold(out[i].Key, c.Key) {
			out[i].Values = append(slices.Clone(out[i].Values), c.Values...)
			return out
		}
		last = i + 1
	}
	return slices.Insert(out, last, c)
}
