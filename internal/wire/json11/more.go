package json11

import (
	"maps"
	"slices"
)

// Bool returns the value of an optional boolean, or nil if it was not sent.
func (r *Reader) Bool(name string) *bool {
	if !r.Has(name) {
		return nil
	}
	v := r.members[name]
	if v.kind != boolKind {
		r.wrongType(name, "Boolean")
	}
	b := v.text == "true"
	return &b
}

// Map returns a reader of an optional map, whose members are its entries, and its keys in order. Each entry has to
// be read.
func (r *Reader) Map(name string) (entries *Reader, keys []string) {
	entries = r.Object(name)
	return entries, slices.Sorted(maps.Keys(entries.members))
}

// Check refuses the request unless value, which did not come in the body, satisfies the rules of a member.
func (r *Reader) Check(name, value string, rules ...Rule) {
	for _, rule := range rules {
		if fault := rule(value); fault != 0 {
			r.refuse(name, fault)
		}
	}
}

// Refuse refuses the request because of a member.
func (r *Reader) Refuse(name string, f Fault) { r.refuse(name, f) }

// Skip takes all members of the object, whatever they are. It is for what is refused anyway.
func (r *Reader) Skip() {
	for name := range r.members {
		r.asked[name] = true
	}
}
