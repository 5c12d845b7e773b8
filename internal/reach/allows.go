package reach

import (
	"slices"

	"crossgrant/internal/policy"
)

// Asked is a request that is looked for in a Result.
type Asked struct {
	Principal string // Principal.ID
	Target    string // Target.ARN
	Action    string // in AWS's spelling
	Resource  string // ARN
	// Context are all condition keys of the request.
	Context *policy.Context
	// Object is the object that the request addresses; nil: none.
	Object        *StoredObject
	AcceptsCharge bool
}

// Allows reports whether a request is on some path of the result that Answer returned, and on none of that path's
// exceptions. For whoever a symbolic principal stands for, the symbolic one is asked about.
func (r *Result) Allows(a *Asked) bool {
	for _, d := range r.drafts {
		if d.c.ID == a.Principal && d.t.ARN == a.Target && d.has(a) {
			return true
		}
	}
	return false
}

// has reports whether a request is on the path: it asks only what the path tells.
func (d *draft) has(a *Asked) bool {
	tail, ok := cutHead(a.Resource, d.t.head)
	if !ok || !d.takes(a.Action) || !d.addresses(a.Object) || d.shape.charge && !a.AcceptsCharge {
		return false
	}
	q := policy.NewQuery(&policy.Request{
		Action: a.Action, Resource: a.Resource, Principal: &d.c.As, Context: a.Context, HasBoundary: d.c.Boundary != nil,
	})
	if !anyPlace(d.places, tail) {
		return false
	}
	whole := d.whole()
	for _, st := range d.parts {
		if whole && !st.conditionsHold(&q) || !whole && !st.matches(&q, tail) {
			return false
		}
	}
	for _, clause := range d.limits {
		if !anyMatches(clause, &q, tail) {
			return false
		}
	}
	return !anyMatches(d.denies, &q, tail)
}

// whole reports whether the places of the path are exactly what its parts are about.
func (d *draft) whole() bool {
	return !d.many() && !slices.ContainsFunc(d.parts, func(st *statement) bool { return !st.exact() })
}

// many reports whether the path may be about more places than are told.
func (d *draft) many() bool {
	n := len(d.area.domain) + len(d.area.except)
	for _, st := range d.parts {
		if !st.resources.Not {
			n *= len(st.resources.Globs)
		}
	}
	return n > maxPlaces
}

func (d *draft) takes(action string) bool {
	i, ok := slices.BinarySearch(actions, action)
	return ok && d.actions.has(i)
}

func anyMatches(statements []*statement, q *policy.Query, tail string) bool {
	for _, st := range statements {
		if st.matches(q, tail) {
			return true
		}
	}
	return false
}

func anyPlace(places []place, tail string) bool {
	for i := range places {
		if places[i].matches(tail) {
			return true
		}
	}
	return false
}

func cutHead(resource, head string) (tail string, ok bool) {
	if len(resource) < len(head) || resource[:len(head)] != head {
		return "", false
	}
	return resource[len(head):], true
}

// addresses reports whether a request about an object, nil for none, is about what the path is about.
func (d *draft) addresses(o *StoredObject) bool {
	return d.area.addresses(o, d.both) || slices.ContainsFunc(d.also, func(a *area) bool { return a.addresses(o, false) })
}

// addresses reports whether a request about an object, nil for none, is about the area. both says that new keys are
// taken with ordinary objects.
func (a *area) addresses(o *StoredObject, both bool) bool {
	switch a.state {
	case noObject:
		return o == nil
	case newObject:
		return o == nil
	case ordinaryObject:
		return o == nil && both || o != nil && o.Owner == a.object.Owner && o.ACL.OnlyOwner(o.Owner)
	}
	for _, own := range a.objects {
		if o != nil && own.Key == o.Key && own.VersionID == o.VersionID {
			return true
		}
	}
	return false
}
