package reach

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// Change is what a change of a bucket does to who can reach it.
type Change struct {
	// Gains are what would be allowed that is not allowed, Loses what would not be any more, in the order of a Result's
	// Paths. Each is a path of after, or of before, with the actions and resources in which it differs from the other
	// side. Its Witness is a request that only one side allows; one without is possible, and not proven.
	Gains, Loses []Path
	// Kept is how many paths of after have nothing that before did not allow.
	Kept int
	// Before and After are how many paths there are to the bucket, and would be.
	Before, After int
	// Principals are those of Gains and Loses, and Accounts theirs and the bucket's, as in Result.
	Principals []Principal
	Accounts   []Account
	// Cut is as in Result.
	Cut []string `json:",omitempty"`

	gains, loses []*draft // what Gains and Loses tell, in their order
}

// Compare compares who reaches a bucket as it is before a change and after it: the callers of w, of which the buckets
// do not matter. action is as in Question.
//
// The paths of each principal are compared with those that it has on the other side. What of a path lies within one of
// the other side is not told: that has all of its actions, asks for no condition and has no exception that the path
// does not have, and is about the same resources or more. Where that leaves something, requests are looked for that
// take the path and that the engine allows on one side and refuses on the other: for each set of actions that no
// statement of either side tells apart, resources of every sort that these can tell apart, with values of the
// condition keys by which conditions of either side hold and do not hold. If there is one, the path differs, and that
// is its witness. If there is none, it is not told, unless the search was given up: then it is told as possible.
//
// So a policy that is written in another way changes nothing. Policies of which the search cannot tell all
// combinations apart may have gains and losses that are not proven.
func Compare(w *World, before, after *Bucket, action string) *Change {
	q := &Question{Bucket: after.Name, Action: action, For: w.For}
	k := &comparison{solver: newSolver(w), before: bucketTarget(before, q), after: bucketTarget(after, q), cells: map[string]cells{}}
	out := &Change{Gains: []Path{}, Loses: []Path{}, Principals: []Principal{}, Accounts: []Account{}}
	for _, c := range w.Callers {
		gains, loses := k.of(c, out)
		if k.enough() {
			out.Cut = append(out.Cut, fmt.Sprintf("It would take too long to look at everything: what changes for the principals from %s on was not looked at.", c.ID))
			break
		}
		out.gains, out.loses = append(out.gains, gains...), append(out.loses, loses...)
		if k.full(len(out.gains) + len(out.loses)) {
			out.Cut = append(out.Cut, fmt.Sprintf("More than %d paths change: what changes for the principals after %s was not looked at.", w.Most, c.ID))
			break
		}
	}
	out.Cut = append(slices.Clip(w.Cut), out.Cut...)
	out.tell(w)
	return out
}

// of compares the paths of a caller, and counts them.
func (k *comparison) of(c *Caller, out *Change) (gains, loses []*draft) {
	olds, nows := newView(k.solver, c, k.before).drafts(), newView(k.solver, c, k.after).drafts()
	out.Before, out.After = out.Before+len(olds), out.After+len(nows)
	for _, d := range nows {
		more := k.beyond(d, k.before, olds)
		if gains = append(gains, more...); len(more) == 0 {
			out.Kept++
		}
	}
	for _, d := range olds {
		loses = append(loses, k.beyond(d, k.after, nows)...)
	}
	return gains, loses
}

// tell puts drafts into the change.
func (out *Change) tell(w *World) {
	accounts, seen := map[ids.AccountID]bool{}, map[*Caller]bool{}
	for _, side := range []struct {
		drafts []*draft
		paths  *[]Path
	}{{out.gains, &out.Gains}, {out.loses, &out.Loses}} {
		slices.SortStableFunc(side.drafts, byPrincipal)
		for _, d := range side.drafts {
			*side.paths = append(*side.paths, d.tell())
			accounts[d.c.Account], accounts[d.t.Account] = true, true
			if !seen[d.c] {
				seen[d.c] = true
				out.Principals = append(out.Principals, d.c.Principal)
			}
		}
	}
	for _, a := range w.Accounts {
		if accounts[a.ID] {
			out.Accounts = append(out.Accounts, a)
		}
	}
	slices.SortFunc(out.Accounts, func(a, b Account) int { return strings.Compare(string(a.ID), string(b.ID)) })
}

// comparison is two sides of a change.
type comparison struct {
	*solver
	before, after *target
	cells         map[string]cells
}

// beyond returns what of a path the other side, with its paths of the same caller, does not allow.
func (k *comparison) beyond(d *draft, other *target, others []*draft) []*draft {
	var cuts []set
	for _, o := range others {
		cuts = append(cuts, o.actions)
		for _, st := range o.statements() {
			cuts = append(cuts, d.takers(st)...)
		}
	}
	byPlaces, order := map[string]*draft{}, []*draft{}
	for _, part := range refine(d.actions, cuts) {
		found := k.part(d, part, other, others)
		if found == nil {
			continue
		}
		key := fmt.Sprint(found.proven, d.resourcesOf(found.places))
		if kept := byPlaces[key]; kept != nil {
			kept.actions = kept.actions.or(part)
			continue
		}
		byPlaces[key] = found
		order = append(order, found)
	}
	return order
}

// part is beyond for actions that no statement tells apart; nil for nothing.
func (k *comparison) part(d *draft, part set, other *target, others []*draft) *draft {
	out := *d
	out.actions, out.proven, out.witness, out.needs, out.places = part, false, nil, nil, nil
	var open []*area // those in which something is left
	for _, a := range d.areas() {
		left := k.left(d, a, part, others)
		if len(left) > 0 {
			open = append(open, a)
			out.places = append(out.places, left...)
		}
	}
	out.places = k.cleaned(out.places)
	if len(out.places) == 0 {
		return nil
	}
	s := &differing{comparison: k, draft: &out, other: other, others: others, tries: maxTries}
	for _, a := range open {
		if s.in(a) {
			out.proven = true
			if !slices.ContainsFunc(others, func(o *draft) bool { return slices.ContainsFunc(o.statements(), d.withheld) }) {
				out.witness = s.found // its values are not those of policies of an organization
			}
			return &out
		}
	}
	if s.sure() {
		return nil
	}
	return &out
}

// areas are all that a path holds for.
func (d *draft) areas() []*area {
	out := []*area{d.area}
	if d.both {
		out = append(out, &area{actions: d.area.actions, state: newObject, domain: d.area.domain, except: d.area.except})
	}
	return append(out, d.also...)
}

// statements are all that bear on a path.
func (d *draft) statements() []*statement {
	out := slices.Concat(d.parts, d.denies)
	for _, clause := range d.limits {
		out = append(out, clause...)
	}
	return out
}

// left returns what of a path, in an area, does not lie within the others.
func (k *comparison) left(d *draft, a *area, part set, others []*draft) []place {
	left := k.where(a, d.parts)
	for _, o := range others {
		if !part.without(o.actions).empty() || !o.holdsIn(a) || !d.asMuchAs(o, part) {
			continue
		}
		left = k.minus(left, o.placesIn(a), !slices.ContainsFunc(o.parts, d.withheld))
	}
	return left
}

// holdsIn reports whether a path holds in an area of the other side that is like a.
func (d *draft) holdsIn(a *area) bool {
	return slices.ContainsFunc(d.areas(), func(own *area) bool {
		return own.state == a.state && (a.state != storedObject || slices.Equal(own.objects, a.objects))
	})
}

// placesIn returns what a path is about in an area.
func (d *draft) placesIn(a *area) []place { return d.where(a, d.parts) }

// minus returns places less those that lie within others. If narrow is true, what others of one pattern are about is
// taken out of the rest.
func (k *comparison) minus(places, others []place, narrow bool) []place {
	var out []place
	for _, p := range places {
		if slices.ContainsFunc(others, func(o place) bool { return o.covers(&p) }) {
			continue
		}
		for _, o := range others {
			if narrow && len(o.must) == 1 && len(o.not) == 0 {
				p.not = k.except(p.must, p.not, o.must[0])
			}
		}
		out = append(out, p)
	}
	return k.cleaned(out)
}

// asMuchAs reports whether d, for some actions, asks for all that o asks for but resources, and excepts all that it
// excepts.
func (d *draft) asMuchAs(o *draft, part set) bool {
	if o.shape.charge && !d.shape.charge || o.many() {
		return false
	}
	for _, st := range o.parts {
		if !st.exact() && !slices.ContainsFunc(d.parts, st.like) {
			return false
		}
		for _, j := range st.remaining {
			if !d.asks(&st.text().Conditions[j]) {
				return false
			}
		}
	}
	for _, clause := range o.limits {
		if !slices.ContainsFunc(d.limits, func(own []*statement) bool { return within(own, clause) }) {
			return false
		}
	}
	return !slices.ContainsFunc(o.denies, func(st *statement) bool {
		return !st.actions.and(part).empty() && !slices.ContainsFunc(d.denies, func(own *statement) bool {
			return st.actions.and(part).without(own.actions).empty() && own.like(st)
		})
	})
}

// within reports whether each of some statements is like one of others.
func within(some, others []*statement) bool {
	return !slices.ContainsFunc(some, func(st *statement) bool { return !slices.ContainsFunc(others, st.like) })
}

// like reports whether two statements have the same resources and conditions.
func (st *statement) like(o *statement) bool {
	if st.source == o.source && st.index == o.index {
		return true
	}
	a, b := st.text(), o.text()
	return a.NotResource == b.NotResource && slices.Equal(a.Resources, b.Resources) && a.NotPrincipal == b.NotPrincipal &&
		st.source.Document.Version == o.source.Document.Version && slices.Equal(st.keysOf(), o.keysOf())
}

// keysOf returns the conditions that remain of a statement, as text.
func (st *statement) keysOf() []string {
	var out []string
	for _, j := range st.remaining {
		out = append(out, conditionKey(&st.text().Conditions[j]))
	}
	slices.Sort(out)
	return out
}

func conditionKey(c *policy.Condition) string {
	return fmt.Sprintf("%q %q %q", c.Operator, strings.ToLower(c.Key), slices.Sorted(slices.Values(c.Values)))
}

// asks reports whether the path has a condition that holds only if c does: the same, or one of fewer values.
func (d *draft) asks(c *policy.Condition) bool {
	o := operatorOf(c.Operator)
	for _, st := range d.parts {
		for _, j := range st.remaining {
			own := &st.text().Conditions[j]
			if !strings.EqualFold(own.Key, c.Key) || own.Operator != c.Operator {
				continue
			}
			fewer := !slices.ContainsFunc(own.Values, func(v string) bool { return !slices.Contains(c.Values, v) })
			more := !slices.ContainsFunc(c.Values, func(v string) bool { return !slices.Contains(own.Values, v) })
			if fewer && more || fewer && o.set == "" && !o.negated() && o.base != "Null" || more && o.set == "" && o.negated() {
				return true
			}
		}
	}
	return false
}

// differing looks for a request that takes a path and that one side allows and the other does not.
type differing struct {
	*comparison
	draft  *draft
	other  *target
	others []*draft
	tries  int
	found  *Witness
	// allowed says that some request was allowed on the path's side: if none was, nothing is known of it.
	allowed bool
	// cut says that something was not tried.
	cut bool
}

// sure reports whether there is no such request, as far as it was looked for everywhere.
func (s *differing) sure() bool { return s.allowed && !s.cut }

// in looks in an area.
func (s *differing) in(a *area) bool {
	choose := make([]*statement, 0, len(s.draft.limits))
	var choosing func(n int) bool
	choosing = func(n int) bool {
		if n == len(s.draft.limits) {
			return s.with(a, slices.Concat(s.draft.parts, choose))
		}
		for _, st := range s.draft.limits[n] {
			choose = append(choose[:n], st)
			if choosing(n + 1) {
				return true
			}
		}
		return false
	}
	return choosing(0)
}

// with looks among the requests that all of must match.
func (s *differing) with(a *area, must []*statement) bool {
	w := &search{draft: s.draft, must: must, tries: &s.tries, values: map[string][]value{}, chosen: map[string]value{}}
	for _, o := range s.others {
		w.beside = append(w.beside, o.statements()...)
	}
	for _, st := range slices.Concat(must, s.draft.denies, w.beside) {
		s.cut = s.cut || s.draft.varies(st)
	}
	conditions := w.conditions()
	w.keys = slices.Sorted(maps.Keys(conditions))
	for _, key := range w.keys {
		w.values[key] = w.fitting(key, conditions[key])
	}
	resources := s.resources(a, must, w.beside)
	return s.choose(w, a, resources, 0)
}

// varies reports whether what a statement is about, or a value that it compares with, depends on what is not known of a
// request: such values are not told apart.
func (v *view) varies(st *statement) bool {
	return !st.exact() || slices.ContainsFunc(st.remaining, func(j int) bool {
		return slices.ContainsFunc(st.source.Document.Variables(st.index, j), v.unsettled)
	})
}

// resources returns a resource of every sort that statements tell apart, of those that all of must are about.
func (s *differing) resources(a *area, must, also []*statement) []string {
	var globs []policy.Glob
	var name strings.Builder
	for _, st := range slices.Concat(must, s.draft.denies, also) {
		for _, g := range st.resources.Globs {
			text := g.String()
			if !slices.ContainsFunc(globs, func(o policy.Glob) bool { return o.String() == text }) {
				globs = append(globs, g)
				name.WriteString(text + "\x00")
			}
		}
	}
	var out []string
	for _, p := range s.where(a, must) {
		found := s.comparison.sorts(p, globs, name.String())
		out = append(out, found.texts...)
		s.cut = s.cut || !found.all
	}
	return out
}

// cells are texts of every sort that some patterns tell apart; all says that there are no others.
type cells struct {
	texts []string
	all   bool
}

// maxCells bounds how many sorts of resources are looked at.
const maxCells = 48

// sorts returns texts in a place of every sort that globs tell apart.
func (k *comparison) sorts(p place, globs []policy.Glob, name string) cells {
	var b strings.Builder
	for _, g := range slices.Concat(p.must, p.not) {
		b.WriteString(g.String() + "\x00")
	}
	key := fmt.Sprint(len(p.must), " ", b.String(), "\x01", name)
	if kept, ok := k.cells[key]; ok {
		return kept
	}
	seen := map[string]bool{}
	out := cells{all: true}
	others := append(slices.Clip(p.not), globs...)
	for {
		var last string
		text, found, sure := policy.FindText(p.must, others, func(matched []bool) bool {
			if slices.Contains(matched[:len(p.not)], true) {
				return false
			}
			last = fmt.Sprint(matched[len(p.not):])
			return !seen[last]
		})
		if !found {
			out.all = sure
			break
		}
		seen[last] = true
		out.texts = append(out.texts, text)
		if len(seen) == maxCells || k.enough() {
			out.all = false
			break
		}
	}
	k.cells[key] = out
	return out
}

// choose tries the values of the keys from the n-th on.
func (s *differing) choose(w *search, a *area, resources []string, n int) bool {
	if n == len(w.keys) {
		if s.tries--; s.tries < 0 || s.enough() {
			s.cut = true
			return false
		}
		return s.try(w, a, resources)
	}
	for _, v := range w.values[w.keys[n]] {
		w.chosen[w.keys[n]] = v
		if s.choose(w, a, resources, n+1) {
			return true
		}
		if s.tries < 0 {
			return false
		}
	}
	return false
}

// try asks both sides about every resource.
func (s *differing) try(w *search, a *area, resources []string) bool {
	keys := policy.Over(&w.settled)
	for key, v := range w.chosen {
		v.set(&keys, key)
	}
	action := actions[s.draft.actions.places()[0]]
	for _, tail := range resources {
		resource := s.draft.t.head + tail
		if !s.allows(s.draft.t, a, action, resource, &keys) {
			continue
		}
		s.allowed = true
		if s.allows(s.other, a, action, resource, &keys) {
			continue
		}
		s.found = &Witness{Action: action, Resource: resource, Context: map[string][]string{}}
		for key, v := range w.chosen {
			if v.list != nil {
				s.found.Context[key] = v.list
			}
		}
		return true
	}
	return false
}

// allows asks the engine about a request to one side.
func (s *differing) allows(t *target, a *area, action, resource string, keys *policy.Context) bool {
	in := t.input(s.draft.c, a, action, resource, keys)
	t.fill(&in, s.draft.c)
	if in.S3 != nil {
		in.S3.AcceptsCharge = s.draft.shape.charge
	}
	d := authz.Decide(&in)
	return d.Allowed()
}
