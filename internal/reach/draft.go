package reach

import (
	"slices"
	"strings"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// draft is a path before it is told.
type draft struct {
	*view
	area    *area
	actions set
	shape   *shape
	parts   []*statement // all have to match
	limits  [][]*statement
	denies  []*statement // none may match
	places  []place
	// both says that it holds for keys with and without an ordinary object alike; with them, also has the stored
	// objects that it holds for.
	both bool
	also []*area

	proven  bool
	witness *Witness
	needs   []string
}

// sides are the statements of every layer that may bear on a view.
type sides struct {
	resource, identity, boundary, session []*statement
	scps, rcps                            [][]*statement
	denies                                map[authz.LayerKind][]*statement
}

func (v *view) sides() *sides {
	s := &sides{denies: map[authz.LayerKind][]*statement{}}
	take := func(kind authz.LayerKind, level int, layer authz.Layer) []*statement {
		allows, denies := v.statements(kind, level, layer)
		s.denies[kind] = append(s.denies[kind], denies...)
		return allows
	}
	if v.t.resource != nil {
		s.resource = take(v.resourceKind(), 0, authz.Layer{*v.t.resource})
	}
	s.identity = take(authz.IdentityPolicy, 0, v.c.Identity)
	if v.c.Boundary != nil {
		s.boundary = take(authz.PermissionsBoundary, 0, *v.c.Boundary)
	}
	if v.c.Session != nil {
		s.session = take(authz.SessionPolicy, 0, *v.c.Session)
	}
	if v.c.Exempt {
		return s
	}
	for i, level := range v.c.SCPs {
		s.scps = append(s.scps, take(authz.SCP, i, level))
	}
	for i, level := range v.t.rcps {
		s.rcps = append(s.rcps, take(authz.RCP, i, level))
	}
	return s
}

func (v *view) resourceKind() authz.LayerKind {
	if v.t.trust {
		return authz.TrustPolicy
	}
	return authz.ResourcePolicy
}

// effective returns the Deny statements of the layers in which they count.
func (s *sides) effective(l layers) []*statement {
	var out []*statement
	for _, side := range []struct {
		counts bool
		kinds  []authz.LayerKind
	}{
		{l.rcps, []authz.LayerKind{authz.RCP}}, {l.scps, []authz.LayerKind{authz.SCP}},
		{l.resource, []authz.LayerKind{authz.ResourcePolicy, authz.TrustPolicy}}, {l.identity, []authz.LayerKind{authz.IdentityPolicy}},
		{l.boundary, []authz.LayerKind{authz.PermissionsBoundary}}, {l.session, []authz.LayerKind{authz.SessionPolicy}},
	} {
		for _, kind := range side.kinds {
			if side.counts {
				out = append(out, s.denies[kind]...)
			}
		}
	}
	return out
}

// drafts returns the paths of a caller to a target.
func (v *view) drafts() []*draft {
	p := v.newProber(v.t, v.c)
	known := v.shapes(p)
	if known.none {
		return nil
	}
	v.open()
	s := v.sides()
	var all []*draft
	for i := range v.t.areas {
		for j := range known.areas[i] {
			g := &known.areas[i][j]
			denies := s.effective(g.denies)
			for k := range g.all {
				all = append(all, v.ofShape(&v.t.areas[i], g.actions, &g.all[k], s, denies)...)
			}
		}
	}
	return merged(all)
}

// known is what is known of a relation: the shapes of each area. none says that there are none.
type known struct {
	areas [][]shapes
	none  bool
}

// shapes returns the shapes of a caller, which those of its relation share.
func (v *view) shapes(p *prober) *known {
	r := p.relation(v.namedBy(v.t))
	key := related{v.t, r}
	if kept, ok := v.known[key]; ok {
		return kept
	}
	k := &known{areas: make([][]shapes, len(v.t.areas)), none: true}
	for i := range v.t.areas {
		k.areas[i] = p.learn(&v.t.areas[i])
		k.none = k.none && len(k.areas[i]) == 0
	}
	v.known[key] = k
	return k
}

type related struct {
	t *target
	r relation
}

// ofShape returns the paths of one shape in one area.
func (v *view) ofShape(a *area, actions set, sh *shape, s *sides, denies []*statement) []*draft {
	var out []*draft
	grants := oneOf(sh.resource != policy.None, s.resource, func(r *statement) bool { return r.grant >= sh.resource })
	identities := oneOf(sh.identity, s.identity, nil)
	for _, r := range grants {
		for _, i := range identities {
			if v.enough() {
				return out
			}
			left, parts := actions, []*statement(nil)
			for _, part := range []*statement{r, i} {
				if part != nil {
					left, parts = left.and(part.actions), append(parts, part)
				}
			}
			if left.empty() {
				continue
			}
			places := v.where(a, parts)
			if len(places) == 0 {
				continue
			}
			out = append(out, v.limited(&draft{view: v, area: a, actions: left, shape: sh, parts: parts, places: places}, s, denies)...)
		}
	}
	return out
}

// oneOf returns those of statements that are good; one that is nil where none is needed.
func oneOf(needed bool, statements []*statement, good func(*statement) bool) []*statement {
	if !needed {
		return []*statement{nil}
	}
	var out []*statement
	for _, s := range statements {
		if good == nil || good(s) {
			out = append(out, s)
		}
	}
	return out
}

// limited returns what the limits and the Deny statements leave of a draft: one for each set of actions that they
// treat alike.
func (v *view) limited(d *draft, s *sides, denies []*statement) []*draft {
	clauses := d.shape.clauses(s)
	var cuts []set
	for _, clause := range append(clauses, denies, d.parts) {
		for _, st := range clause {
			cuts = append(cuts, st.actions)
			cuts = append(cuts, v.takers(st)...)
		}
	}
	var out []*draft
	for _, actions := range refine(d.actions, cuts) {
		next := *d
		next.actions, next.parts = actions, slices.Clip(d.parts)
		if next.limit(clauses) && next.deny(denies) {
			out = append(out, &next)
		}
	}
	return out
}

// takers returns for each condition key of S3 that a statement tests which actions take it.
func (v *view) takers(st *statement) []set {
	var out []set
	for _, j := range st.remaining {
		key := strings.ToLower(st.text().Conditions[j].Key)
		if !strings.HasPrefix(key, "s3:") {
			continue
		}
		kept, ok := v.taking[key]
		if !ok {
			kept = those(func(a string) bool { return policy.S3ActionTakes(a, key) })
			v.taking[key] = kept
		}
		out = append(out, kept)
	}
	return out
}

// clauses returns the layers that limit: of each, one statement has to match.
func (sh *shape) clauses(s *sides) [][]*statement {
	var out [][]*statement
	if sh.boundary {
		out = append(out, s.boundary)
	}
	if sh.session {
		out = append(out, s.session)
	}
	for i, needed := range sh.scps {
		if needed {
			out = append(out, s.scps[i])
		}
	}
	for i, needed := range sh.rcps {
		if needed {
			out = append(out, s.rcps[i])
		}
	}
	return out
}

// limit puts into d what clauses leave of it; it returns false if that is certainly nothing. A clause of one
// statement becomes a part, and one that lets everything through is left out.
func (d *draft) limit(clauses [][]*statement) bool {
	for _, clause := range clauses {
		able, free := d.able(clause)
		switch {
		case free:
		case len(able) == 0:
			return false
		case len(able) == 1:
			d.parts = append(d.parts, able[0])
		default:
			d.limits = append(slices.Clip(d.limits), able)
		}
	}
	d.places = d.where(d.area, d.parts)
	return len(d.places) > 0
}

// able returns the statements that let something of d through; free says that one lets through all of it.
func (d *draft) able(clause []*statement) (able []*statement, free bool) {
	for _, st := range clause {
		if st.actions.and(d.actions).empty() || len(d.within(d.places, &st.resources)) == 0 {
			continue
		}
		if st.always() && st.exact() && d.coveredBy(st) {
			return nil, true
		}
		able = append(able, st)
	}
	return able, false
}

// coveredBy reports whether a statement is certainly about all that d is about.
func (d *draft) coveredBy(st *statement) bool {
	if st.resources.Not {
		for _, p := range d.places {
			if slices.ContainsFunc(st.resources.Globs, func(g policy.Glob) bool { return d.some(append(slices.Clip(p.must), g), p.not) }) {
				return false
			}
		}
		return true
	}
	for _, p := range d.places {
		if !slices.ContainsFunc(st.resources.Globs, func(g policy.Glob) bool { return (&place{must: []policy.Glob{g}}).covers(&p) }) {
			return false
		}
	}
	return true
}

// deny puts into d the Deny statements that take a part of it away; it returns false if they certainly take all.
func (d *draft) deny(denies []*statement) bool {
	var hard []*statement
	for _, st := range denies {
		if st.actions.and(d.actions).empty() || len(d.cleaned(d.within(d.places, &st.resources))) == 0 {
			continue
		}
		d.denies = append(d.denies, st)
		if st.always() && st.exact() {
			hard = append(hard, st)
		}
	}
	return d.left(d.places, hard)
}
