package selector

import (
	"slices"
	"strings"
)

// Event is what selectors look at of an event.
type Event struct {
	Management bool // else it is a data event
	ReadOnly   bool
	Name       string // such as PutObject
	Source     string // such as s3.amazonaws.com
	// ResourceType and ResourceARN are those of a data event.
	ResourceType, ResourceARN string
	UserARN                   string // of the caller; empty if it has none
	FromConsole               bool   // the caller's session began with a password
}

// objectType is the only type of resource that there is here.
const objectType = "AWS::S3::Object"

// Set is the selectors of a trail, compiled. It is not changed, and may be shared.
type Set struct {
	management []rule
	data       []rule // those about objects; all others would choose nothing
}

// rule is a selector about events of one category.
type rule struct {
	read, write bool // which events it chooses
	conditions  []condition
}

// condition is that on one field.
type condition struct {
	field    string
	any      bool   // in is not looked at
	in, out  values // one of in has to fit, and none of out
	constant string // the value that all events have, for fields that say nothing here
}

// values are texts that something may be, begin with, and end with. The first two are sorted; of prefixes none is the
// beginning of another one.
type values struct{ exact, prefixes, suffixes []string }

// Compile returns the selectors of a trail, of which one list is empty. Errors are those of Check.
func Compile(basic []Basic, advanced []Advanced) (*Set, error) {
	if err := Check(basic, advanced); err != nil {
		return nil, err
	}
	s := new(Set)
	for i := range basic {
		s.addBasic(&basic[i])
	}
	for i := range advanced {
		s.addAdvanced(&advanced[i])
	}
	return s, nil
}

func (s *Set) addBasic(b *Basic) {
	r := rule{read: b.ReadWriteType != WriteOnly, write: b.ReadWriteType != ReadOnly}
	if b.IncludeManagementEvents {
		m := r
		if len(b.ExcludeManagementEventSources) > 0 {
			m.conditions = []condition{{field: eventSource, any: true, out: newValues(b.ExcludeManagementEventSources, nil, nil)}}
		}
		s.management = append(s.management, m)
	}
	for _, d := range b.DataResources {
		if d.Type == objectType {
			o := r
			o.conditions = []condition{{field: resourceARN, in: newValues(nil, d.Values, nil)}}
			s.data = append(s.data, o)
		}
	}
}

func (s *Set) addAdvanced(a *Advanced) {
	r := rule{read: true, write: true}
	for i := range a.FieldSelectors {
		f := &a.FieldSelectors[i]
		switch f.Field {
		case eventCategory, resourceType:
		case readOnly:
			r.read, r.write = f.Equals[0] == "true", f.Equals[0] == "false"
		default:
			c := condition{
				field: f.Field, any: len(f.Equals)+len(f.StartsWith)+len(f.EndsWith) == 0,
				in: newValues(f.Equals, f.StartsWith, f.EndsWith), out: newValues(f.NotEquals, f.NotStartsWith, f.NotEndsWith),
			}
			if f.Field == eventType {
				c.constant = "AwsApiCall" // there are no data events of another type
			}
			r.conditions = append(r.conditions, c)
		}
	}
	switch {
	case a.single(eventCategory) == management:
		s.management = append(s.management, r)
	case a.single(resourceType) == objectType:
		s.data = append(s.data, r)
	}
}

// Data reports whether any data event that there is here could be chosen.
func (s *Set) Data() bool { return len(s.data) > 0 }

// Matches reports whether an event is chosen. It does not allocate.
func (s *Set) Matches(e *Event) bool {
	rules := s.management
	if !e.Management {
		if e.ResourceType != objectType {
			return false
		}
		rules = s.data
	}
	for i := range rules {
		if rules[i].matches(e) {
			return true
		}
	}
	return false
}

func (r *rule) matches(e *Event) bool {
	if e.ReadOnly && !r.read || !e.ReadOnly && !r.write {
		return false
	}
	for i := range r.conditions {
		c := &r.conditions[i]
		text := c.text(e)
		if c.out.fit(text) || !c.any && !c.in.fit(text) {
			return false
		}
	}
	return true
}

// text returns the value of the field.
func (c *condition) text(e *Event) string {
	switch c.field {
	case resourceARN:
		return e.ResourceARN
	case eventName:
		return e.Name
	case eventSource:
		return e.Source
	case userARN:
		return e.UserARN
	case fromConsole:
		if e.FromConsole {
			return "true"
		}
		return ""
	default:
		return c.constant
	}
}

func newValues(exact, prefixes, suffixes []string) values {
	v := values{exact: slices.Sorted(slices.Values(exact)), suffixes: suffixes}
	for _, p := range slices.Sorted(slices.Values(prefixes)) {
		if n := len(v.prefixes); n == 0 || !strings.HasPrefix(p, v.prefixes[n-1]) {
			v.prefixes = append(v.prefixes, p)
		}
	}
	return v
}

// fit reports whether text is, begins with, or ends with one of the values.
func (v *values) fit(text string) bool {
	if _, found := slices.BinarySearch(v.exact, text); found {
		return true
	}
	// A prefix of text sorts before it, and what lies between the two begins with that prefix: but none of v does.
	if i, found := slices.BinarySearch(v.prefixes, text); found || i > 0 && strings.HasPrefix(text, v.prefixes[i-1]) {
		return true
	}
	for _, suffix := range v.suffixes {
		if strings.HasSuffix(text, suffix) {
			return true
		}
	}
	return false
}
