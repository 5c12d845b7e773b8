package reach

import (
	"strings"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// statement is a statement as it bears on one caller and one target.
type statement struct {
	source *authz.Source
	index  int
	layer  authz.LayerKind
	level  int
	grant  policy.Grant
	// actions are those that it is about, and resources those of the target, less its head.
	actions   set
	resources policy.Resources
	// remaining are the places of those of its conditions that neither the caller nor the target settles. The
	// others hold.
	remaining []int
}

// text returns the statement as it was parsed.
func (s *statement) text() *policy.Statement { return &s.source.Document.Statements[s.index] }

// exact reports whether its resources are all that the element says.
func (s *statement) exact() bool { return len(s.resources.Variables) == 0 }

// always reports whether the statement matches whatever the request is, as long as it is about its actions and
// resources.
func (s *statement) always() bool { return len(s.remaining) == 0 }

// matches reports whether the statement, as it is told, matches a request for a resource, given less the target's
// head.
func (s *statement) matches(q *policy.Query, tail string) bool {
	if s.exact() && len(s.remaining) == 0 {
		return s.resources.Matches(tail)
	}
	t := s.source.Document.Try(s.index, q)
	if s.exact() && !s.resources.Matches(tail) || !s.exact() && !t.Resource {
		return false
	}
	for _, j := range s.remaining {
		if !t.Conditions[j].Holds {
			return false
		}
	}
	return true
}

// view is what a caller and a target have to do with each other.
type view struct {
	*solver
	c *Caller
	t *target
	// settled are the condition keys that caller and target settle.
	settled policy.Context
	request policy.Request
	query   policy.Query
}

func newView(s *solver, c *Caller, t *target) *view {
	return &view{solver: s, c: c, t: t}
}

// open makes v ready to look at statements: for most callers there is no need to.
func (v *view) open() {
	v.settled = policy.Over(&v.c.Keys)
	copyKeys(&v.settled, v.t.keys)
	v.request = policy.Request{Principal: &v.c.As, Context: &v.settled, HasBoundary: v.c.Boundary != nil}
	v.query = policy.NewQuery(&v.request)
}

// copyKeys puts all keys of one context into another one.
func copyKeys(to, from *policy.Context) {
	for _, key := range from.Keys() {
		values, multi, _ := from.Lookup(key)
		if multi {
			to.SetMulti(key, values)
		} else {
			to.Set(key, values[0])
		}
	}
}

// statements returns the statements of a layer that may match a request of the caller for the target, those that
// allow and those that deny.
func (v *view) statements(kind authz.LayerKind, level int, layer authz.Layer) (allows, denies []*statement) {
	for i := range layer {
		if layer[i].Document == nil {
			continue // it denies everything: there is no shape
		}
		a, d := v.ofPolicy(kind, level, &layer[i])
		allows, denies = append(allows, a...), append(denies, d...)
	}
	return allows, denies
}

func (v *view) ofPolicy(kind authz.LayerKind, level int, source *authz.Source) (allows, denies []*statement) {
	d := source.Document
	taken := v.taken(d)
	for i := range d.Statements {
		s := &statement{source: source, index: i, layer: kind, level: level, actions: taken[i]}
		if s.actions.empty() || !v.settle(s) {
			continue
		}
		if d.Statements[i].Effect == policy.Allow {
			allows = append(allows, s)
		} else {
			denies = append(denies, s)
		}
	}
	return allows, denies
}

// settle completes a statement; it returns false if the statement cannot match.
func (v *view) settle(s *statement) bool {
	d := s.source.Document
	if s.grant = d.Names(s.index, &v.c.As, v.c.Boundary != nil); s.grant == policy.None {
		return false
	}
	s.resources = v.resources(d, s.index)
	if len(s.resources.Globs) == 0 && !s.resources.Not {
		return false
	}
	conditions := s.text().Conditions
	if len(conditions) == 0 {
		return true
	}
	trial := d.Try(s.index, &v.query)
	for j := range conditions {
		switch {
		case v.opens(d, s.index, j):
			if v.impossible(d, s.index, j) {
				return false
			}
			s.remaining = append(s.remaining, j)
		case !trial.Conditions[j].Holds:
			return false
		}
	}
	return true
}

// unsettled reports whether neither the caller nor the target settles a condition key, in lower case.
func (v *view) unsettled(key string) bool {
	return v.c.open(key) || v.t.elsewhere && listed(targetKeys, key)
}

// opens reports whether a condition depends on what neither the caller nor the target settles.
func (v *view) opens(d *policy.Document, i, j int) bool {
	if v.unsettled(strings.ToLower(d.Statements[i].Conditions[j].Key)) {
		return true
	}
	for _, key := range d.Variables(i, j) {
		if v.unsettled(key) {
			return true
		}
	}
	return false
}

// resources returns the resources of a statement among those of the target. Those without variables are the same
// for all callers.
func (v *view) resources(d *policy.Document, i int) policy.Resources {
	key := placeOf{d, v.t.head}
	kept, ok := v.fixed[key]
	if !ok {
		kept = make([]*policy.Resources, len(d.Statements))
		v.fixed[key] = kept
	}
	if kept[i] != nil {
		return *kept[i]
	}
	r := d.ResourcesUnder(i, v.t.head, &v.settled, v.unsettled)
	if !strings.Contains(strings.Join(d.Statements[i].Resources, " "), "${") {
		kept[i] = &r
	}
	return r
}

// placeOf names a document and the beginning of the resources that are looked at.
type placeOf struct {
	document *policy.Document
	head     string
}

// taken returns the actions of each statement of a document.
func (s *solver) taken(d *policy.Document) []set {
	if kept, ok := s.actions[d]; ok {
		return kept
	}
	sets := make([]set, len(d.Statements))
	for i := range d.Statements {
		sets[i] = those(func(a string) bool { return d.Takes(i, a) })
	}
	s.actions[d] = sets
	return sets
}
