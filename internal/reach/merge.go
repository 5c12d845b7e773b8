package reach

import (
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// key tells drafts apart that differ in more than in actions and the state of keys.
func (d *draft) key() string {
	return fmt.Sprintf("%p %d %s", d.area.objectsKey(), d.area.stateKey(), d.policies())
}

// policies tells drafts apart by what lets them through.
func (d *draft) policies() string {
	var b strings.Builder
	fmt.Fprint(&b, d.shape.charge)
	for i := range d.shape.rules {
		fmt.Fprintf(&b, " %d %s", d.shape.rules[i].Layer, d.shape.rules[i].Source())
	}
	write := func(statements []*statement) {
		for _, s := range statements {
			fmt.Fprintf(&b, " %p/%d/%d", s.source, s.index, s.level)
		}
		b.WriteByte(';')
	}
	write(d.parts)
	for _, l := range d.limits {
		write(l)
	}
	b.WriteByte('!')
	write(d.denies)
	return b.String()
}

// objectsKey and stateKey tell areas apart but for those of new and ordinary objects.
func (a *area) objectsKey() *Object {
	if len(a.objects) == 0 {
		return nil
	}
	return &a.objects[0]
}

func (a *area) stateKey() state {
	if a.state == ordinaryObject {
		return newObject
	}
	return a.state
}

// merged returns drafts with those put together that differ in their actions only; and those that hold for new keys
// and for ordinary objects alike are one.
func merged(all []*draft) []*draft {
	byKey := map[string][]*draft{}
	var order []string
	for _, d := range all {
		key := d.key()
		if byKey[key] == nil {
			order = append(order, key)
		}
		byKey[key] = append(byKey[key], d)
	}
	var out []*draft
	for _, key := range order {
		out = append(out, together(byKey[key])...)
	}
	return absorbed(out)
}

// absorbed returns drafts with those for stored objects put to others that hold for all other keys in the same way.
func absorbed(all []*draft) []*draft {
	bases := map[string][]*draft{}
	for _, d := range all {
		if d.both {
			bases[d.policies()] = append(bases[d.policies()], d)
		}
	}
	var out []*draft
	for _, d := range all {
		if d.area.state == storedObject && d.area.objects[0].VersionID == "" {
			for _, base := range bases[d.policies()] {
				if base.actions.without(d.actions).empty() {
					base.also = append(base.also, d.area)
					d.actions = d.actions.without(base.actions)
				}
			}
		}
		if !d.actions.empty() {
			out = append(out, d)
		}
	}
	for _, d := range out {
		if len(d.also) > 0 {
			d.places = d.where(d.area.with(d.also), d.parts)
		}
	}
	return out
}

// with returns the area with the resources of others, that were excepted from it.
func (a *area) with(others []*area) *area {
	out := *a
	out.except = slices.DeleteFunc(slices.Clone(a.except), func(g policy.Glob) bool {
		return slices.ContainsFunc(others, func(o *area) bool {
			return slices.ContainsFunc(o.domain, func(h policy.Glob) bool { return g.String() == h.String() })
		})
	})
	return &out
}

// together puts drafts of one key together.
func together(same []*draft) []*draft {
	var fresh, existing set
	one := map[state]*draft{}
	for _, d := range same {
		if d.area.state == newObject {
			fresh = fresh.or(d.actions)
		} else {
			existing = existing.or(d.actions)
		}
		one[d.area.state] = d
	}
	var out []*draft
	add := func(d *draft, actions set, both bool) {
		if d != nil && !actions.empty() {
			d := *d
			d.actions, d.both = actions, both
			out = append(out, &d)
		}
	}
	if one[newObject] != nil && one[ordinaryObject] != nil {
		add(one[ordinaryObject], fresh.and(existing), true)
	}
	both := fresh.and(existing)
	for _, st := range []state{noObject, newObject, ordinaryObject, storedObject} {
		actions := existing
		if st == newObject {
			actions = fresh
		}
		add(one[st], actions.without(both), false)
	}
	return out
}
