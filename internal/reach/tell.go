package reach

import (
	"slices"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// tell returns the path as it is told.
func (d *draft) tell() Path {
	d = d.half()
	p := Path{
		Principal: d.c.ID, Target: d.t.ARN, Actions: d.actions.names(), Resources: d.resourcesOf(d.places), Objects: d.objects(),
		RequesterPays: d.shape.charge, Parts: []Part{}, Needs: d.needs, Proven: d.proven, Witness: d.witness,
		OneSided: d.t.elsewhere || d.c.Elsewhere || d.world.For != "" && d.c.Kind == AnyAccount,
	}
	switch {
	case d.both:
	case d.area.state == newObject:
		p.Keys = NewKeys
	case d.area.state == ordinaryObject:
		p.Keys = ExistingKeys
	}
	for i := range d.shape.rules {
		p.Parts = append(p.Parts, ruleOf(&d.shape.rules[i]))
	}
	for _, st := range d.parts {
		p.Parts = append(p.Parts, st.part())
		p.Conditions = append(p.Conditions, st.conditions()...)
	}
	for _, clause := range d.limits {
		l := Limit{Layer: clause[0].layer.String(), Level: clause[0].level}
		if d.withheld(clause[0]) {
			p.Limits = append(p.Limits, Limit{Layer: l.Layer, Any: []Alternative{}})
			continue
		}
		for _, st := range clause {
			l.Any = append(l.Any, Alternative{st.part(), d.resourcesOf(d.placesOf(st)), st.conditions()})
		}
		p.Limits = append(p.Limits, l)
	}
	for _, st := range d.denies {
		if d.withheld(st) {
			p.Exceptions = append(p.Exceptions, d.exception(st))
			continue
		}
		p.Exceptions = append(p.Exceptions, Exception{st.part(), d.resourcesOf(d.placesOf(st)), st.conditions()})
	}
	p.Text = p.text()
	return p
}

// objects returns the objects with an owner or ACL of their own that the path leads to.
func (d *draft) objects() []Object {
	out := slices.Clone(d.area.objects)
	for i := range out {
		for _, a := range d.world.Accounts {
			if a.CanonicalID == out[i].Owner {
				out[i].Account = a.ID
			}
		}
	}
	return out
}

// placesOf returns what of the path a statement is about.
func (d *draft) placesOf(st *statement) []place { return d.cleaned(d.within(d.places, &st.resources)) }

// resourcesOf returns places as they are told.
func (d *draft) resourcesOf(places []place) []Resource {
	out := make([]Resource, len(places))
	for i, p := range places {
		out[i] = Resource{Patterns: d.told(p.must), Not: d.told(p.not)}
	}
	return out
}

func (d *draft) told(globs []policy.Glob) []string {
	var out []string
	for _, g := range globs {
		s := policy.LiteralGlob(d.t.head).Then(g).String()
		if s == d.t.ARN+"/?*" { // no key is empty
			s = d.t.ARN + "/*"
		}
		out = append(out, s)
	}
	return out
}

func (st *statement) part() Part {
	i := st.index + 1
	return Part{Layer: st.layer.String(), Level: st.level, Policy: st.source.Name, Statement: &i, Sid: st.text().Sid}
}

// conditions returns those that remain of a statement.
func (st *statement) conditions() []Condition {
	var out []Condition
	for _, j := range st.remaining {
		c := st.text().Conditions[j]
		out = append(out, Condition{c.Operator, c.Key, c.Values, conditionText(&c)})
	}
	return out
}

// ruleOf returns the grant of an ACL, or a rule that lets through by itself.
func ruleOf(f *authz.Finding) Part {
	p := Part{Layer: f.Layer.String(), Setting: f.Setting.String()}
	if f.ACL != nil {
		p.Grant = f.Source()
	}
	return p
}
