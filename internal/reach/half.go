package reach

import (
	"slices"
	"strings"

	"crossgrant/internal/authz"
)

// withheld reports whether what a statement says is not told: it is of an organization, and the answer for one of its
// accounts.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
func (v *view) withheld(st *statement) bool {
	return v.world.For != "" && (st.layer == authz.SCP || st.layer == authz.RCP)
}

// half returns the draft as it is told: where an account asks, without what would tell what the policies of its
// organization say. Which actions they leave is told, as every request tells it; that they limit the path, and which
// of them deny something of it. Resources are those of the other statements, and there is no witness, which is made
// of values from all of them.
func (d *draft) half() *draft {
	withheld := slices.ContainsFunc(d.parts, d.withheld) || slices.ContainsFunc(d.denies, d.withheld) ||
		slices.ContainsFunc(d.limits, func(clause []*statement) bool { return d.withheld(clause[0]) })
	if !withheld {
		return d
	}
	out := *d
	out.witness, out.parts, out.limits, out.denies = nil, nil, nil, nil
	limit := func(clause []*statement) {
		same := func(l []*statement) bool { return l[0].layer == clause[0].layer }
		if !d.withheld(clause[0]) || !slices.ContainsFunc(out.limits, same) {
			out.limits = append(out.limits, clause)
		}
	}
	for _, st := range d.parts {
		if d.withheld(st) {
			limit([]*statement{st})
		} else {
			out.parts = append(out.parts, st)
		}
	}
	for _, clause := range d.limits {
		limit(clause)
	}
	for _, st := range d.denies {
		same := func(o *statement) bool { return o.source == st.source }
		if !d.withheld(st) || !slices.ContainsFunc(out.denies, same) {
			out.denies = append(out.denies, st)
		}
	}
	area := d.area
	if len(d.also) > 0 {
		area = d.area.with(d.also)
	}
	out.places = d.where(area, out.parts)
	return &out
}

// exception tells of a policy of an organization that it denies something.
func (v *view) exception(st *statement) Exception {
	p := Part{Layer: st.layer.String()}
	if strings.HasPrefix(st.source.Name, "arn:") {
		p.Policy = st.source.Name
	}
	return Exception{Part: p, Resources: []Resource{}}
}
