package reach

import (
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// place is a set of resources, less the head of their target: those that all of must match, and none of not.
type place struct{ must, not []policy.Glob }

// maxPlaces bounds how many places a path is told to be about. Statements that would make more of them are not taken
// into account there, so that more is told than there is.
const maxPlaces = 1 << 10

// where returns the places of an area that all statements are about; none if there is certainly no such resource.
func (s *solver) where(a *area, parts []*statement) []place {
	places := make([]place, 0, len(a.domain))
	for _, g := range a.domain {
		p := place{must: []policy.Glob{g}}
		for _, e := range a.except {
			p.not = s.except(p.must, p.not, e)
		}
		places = append(places, p)
	}
	for _, part := range parts {
		places = s.within(places, &part.resources)
	}
	return s.cleaned(places)
}

// within returns what of places the resources of a statement leave.
func (s *solver) within(places []place, r *policy.Resources) []place {
	if len(places)*max(len(r.Globs), 1) > maxPlaces && !r.Not {
		return places
	}
	var out []place
	for _, p := range places {
		if r.Not {
			for _, g := range r.Globs {
				p.not = s.except(p.must, p.not, g)
			}
			out = append(out, p)
			continue
		}
		for _, g := range r.Globs {
			must, some := s.and(p.must, g)
			if some {
				out = append(out, place{must, p.not})
			}
		}
	}
	return out
}

// and returns must with one more glob, less what that makes needless; some is false if nothing certainly matches.
func (s *solver) and(must []policy.Glob, g policy.Glob) (out []policy.Glob, some bool) {
	for _, m := range must {
		if g.Covers(m) {
			return must, true
		}
	}
	for _, m := range must {
		if !m.Covers(g) {
			out = append(out, m)
		}
	}
	out = append(out, g)
	return out, s.some(out, nil)
}

// except returns not with one more glob, unless it takes nothing away.
func (s *solver) except(must, not []policy.Glob, g policy.Glob) []policy.Glob {
	for _, n := range not {
		if n.Covers(g) {
			return not
		}
	}
	if !s.some(append(slices.Clip(must), g), nil) {
		return not
	}
	return append(slices.Clip(not), g)
}

// filled returns places with the same union, in which no place leaves out what is all of another one.
func filled(places []place) []place {
	out := slices.Clone(places)
	for i := range out {
		p := &out[i]
		for j, q := range places {
			if i == j || len(q.must) != 1 || len(q.not) > 0 || slices.ContainsFunc(p.must, func(m policy.Glob) bool { return !m.Covers(q.must[0]) }) {
				continue
			}
			p.not = slices.DeleteFunc(slices.Clone(p.not), q.must[0].Covers)
		}
	}
	return out
}

// cleaned returns the places without those that are certainly empty, and those that lie within others.
func (s *solver) cleaned(places []place) []place {
	places = filled(places)
	var out []place
	for i, p := range places {
		covered := false
		for j, q := range places {
			if i != j && q.covers(&p) && (!p.covers(&q) || j < i) {
				covered = true
				break
			}
		}
		if !covered && (len(p.not) == 0 || s.some(p.must, p.not)) {
			out = append(out, p)
		}
	}
	return out
}

// covers reports whether q is certainly within p.
func (p *place) covers(q *place) bool {
	for _, g := range p.must {
		if !slices.ContainsFunc(q.must, func(h policy.Glob) bool { return g.Covers(h) }) {
			return false
		}
	}
	for _, g := range p.not {
		if !slices.ContainsFunc(q.not, func(h policy.Glob) bool { return h.Covers(g) }) {
			return false
		}
	}
	return true
}

func (p *place) matches(tail string) bool {
	return !slices.ContainsFunc(p.must, func(g policy.Glob) bool { return !g.Match(tail) }) &&
		!slices.ContainsFunc(p.not, func(g policy.Glob) bool { return g.Match(tail) })
}

// some reports whether there may be a text that all of must match and none of not.
func (s *solver) some(must, not []policy.Glob) bool {
	_, found, sure := s.find(must, not, nil, "")
	return found || !sure
}

// find is policy.FindText, of which answers are kept; name tells good apart from others.
func (s *solver) find(must, others []policy.Glob, good func([]bool) bool, name string) (text string, found, sure bool) {
	if len(must) == 1 && len(others) == 0 {
		if text, ok := must[0].Literal(); ok {
			return text, true, true
		}
	}
	var b strings.Builder
	for _, g := range must {
		b.WriteString(g.String())
		b.WriteByte(0)
	}
	b.WriteByte(1)
	for _, g := range others {
		b.WriteString(g.String())
		b.WriteByte(0)
	}
	b.WriteString(name)
	key := b.String()
	if kept, ok := s.found[key]; ok {
		return kept.text, kept.found, kept.sure
	}
	text, found, sure = policy.FindText(must, others, good)
	if len(s.found) < maxFound {
		s.found[key] = finding{text, found, sure}
	}
	return text, found, sure
}

type finding struct {
	text        string
	found, sure bool
}

// maxFound bounds how many answers of find are kept.
const maxFound = 1 << 16

// left reports whether something of places may be left that none of denies is about. Only those that are exact and
// have no conditions take a part away for certain.
func (s *solver) left(places []place, denies []*statement) bool {
	if len(denies) == 0 {
		return len(places) > 0
	}
	for _, p := range places {
		if _, found, sure := s.avoiding(p, denies); found || !sure {
			return true
		}
	}
	return false
}

// avoiding returns a text in a place that none of the statements is about.
func (s *solver) avoiding(p place, denies []*statement) (text string, found, sure bool) {
	others := slices.Clip(p.not)
	var name strings.Builder
	for _, d := range denies {
		others = append(others, d.resources.Globs...)
		if name.WriteByte('d'); d.resources.Not {
			name.WriteByte('n')
		}
		name.WriteString(strings.Repeat("g", len(d.resources.Globs)))
	}
	good := func(matched []bool) bool {
		if slices.Contains(matched[:len(p.not)], true) {
			return false
		}
		matched = matched[len(p.not):]
		for _, d := range denies {
			n := len(d.resources.Globs)
			if slices.Contains(matched[:n], true) != d.resources.Not {
				return false
			}
			matched = matched[n:]
		}
		return true
	}
	return s.find(p.must, others, good, name.String())
}
