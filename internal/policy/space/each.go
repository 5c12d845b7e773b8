package space

import (
	"maps"
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// Each calls visit with every request that some Allow statement of the first document may match, as far as action,
// resource and caller say; of others the first document allows none. It ends when visit returns false. The error is
// ErrTooLarge.
func (s *Space) Each(visit func(r *Request) bool) error {
	callers := []*Caller{nil}
	if s.options.Principals {
		callers = callers[:0]
		for i := range s.callers {
			if c := &s.callers[i]; s.options.Caller == nil || s.options.Caller(c) {
				callers = append(callers, c)
			}
		}
	}
	for _, action := range s.actions {
		for i := range s.resources {
			r := &s.resources[i]
			if s.options.Fits != nil && !s.options.Fits(action, r.text) {
				continue
			}
			for _, c := range callers {
				if more, err := s.triple(action, r, c, visit); err != nil || !more {
					return err
				}
			}
		}
	}
	return nil
}

// triple goes through the requests for an action on a resource by a caller.
func (s *Space) triple(action string, r *resource, c *Caller, visit func(r *Request) bool) (more bool, err error) {
	request := &Request{Request: policy.Request{Action: action, Resource: r.text}, Caller: c}
	if c != nil {
		request.Principal = &c.Principal
	}
	tests, allow := s.relevant(&request.Request)
	for name := range tests {
		if k := s.keys[name]; k != nil {
			s.elements += len(k.options)
		}
	}
	if s.elements > maxElements {
		return false, ErrTooLarge
	}
	if !allow {
		return true, nil
	}
	choices, ok := s.choices(tests, r, c)
	if !ok {
		return true, nil
	}
	for _, boundary := range s.boundaries() {
		request.HasBoundary = boundary
		if more, err := s.combine(request, choices, nil, visit); err != nil || !more {
			return more, err
		}
	}
	return true, nil
}

// boundaries returns whether callers have a permissions boundary, which matters to NotPrincipal alone.
func (s *Space) boundaries() []bool {
	for _, d := range s.documents {
		for i := range d.Statements {
			if d.Statements[i].NotPrincipal {
				return []bool{false, true}
			}
		}
	}
	return []bool{false}
}

// relevant returns, by key, the conditions of all statements that are about the request; allow tells whether one of
// the first document's Allow statements is.
func (s *Space) relevant(r *policy.Request) (tests map[string][]policy.Condition, allow bool) {
	tests = map[string][]policy.Condition{}
	for _, boundary := range s.boundaries() {
		r.HasBoundary = boundary
		q := policy.NewQuery(r)
		s.elements += s.weight
		for i, d := range s.documents {
			for j := range d.Statements {
				if t := d.Try(j, &q); !t.Action || !t.Resource || !t.Principal {
					continue
				}
				allow = allow || i == 0 && d.Statements[j].Effect == policy.Allow
				for _, c := range d.Statements[j].Conditions {
					name := strings.ToLower(c.Key)
					tests[name] = append(tests[name], c)
				}
			}
		}
	}
	return tests, allow
}

// choice is a key with the values that it may have.
type choice struct {
	key     string
	options []option
}

// choices returns the values of each key that matters; ok is false if the caller can have none of one.
func (s *Space) choices(tests map[string][]policy.Condition, r *resource, c *Caller) (all []choice, ok bool) {
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		ch := choice{key: name}
		k := s.keys[name]
		switch {
		case strings.HasPrefix(name, switches):
			ch.options = []option{one("false")}
			if on, ofResource := s.switchOf(name, r); on || !ofResource {
				ch.options = append(ch.options, one("true"))
			}
		case k != nil:
			ch.options = s.optionsOf(k, tests[name], c)
		}
		if len(ch.options) == 0 {
			return nil, false
		}
		all = append(all, ch)
	}
	return all, true
}

// switchOf returns whether a switch that is one of resources may be on.
func (s *Space) switchOf(name string, r *resource) (on, ofResource bool) {
	for i := range s.resources {
		ofResource = ofResource || s.resources[i].on[name]
	}
	return r.on[name], ofResource
}

// optionsOf returns the values of a key that a caller can have, of those that conditions see alike one.
func (s *Space) optionsOf(k *key, conditions []policy.Condition, c *Caller) (options []option) {
	if c != nil {
		if values, known := c.known[k.name]; known {
			if values == nil {
				return []option{{absent: true}}
			}
			return []option{one(values[0])}
		}
	}
	seen := map[string]bool{}
	for i := range k.options {
		o := &k.options[i]
		if c != nil && !s.canHave(c, k.name, o) {
			continue
		}
		var holds []bool
		for j, t := range k.tests {
			if slices.ContainsFunc(conditions, t.same) {
				holds = append(holds, k.holds[i][j])
			}
		}
		if id := vector(holds); !seen[id] {
			seen[id] = true
			options = append(options, *o)
		}
	}
	return options
}

// canHave reports whether a caller can have all values of an option.
func (s *Space) canHave(c *Caller, key string, o *option) bool {
	for _, v := range o.values {
		switch {
		case c.others && key == principalARN && s.named[v],
			c.elsewhere && key == principalAccount && s.accounts[v],
			s.options.Has != nil && !s.options.Has(c, key, v):
			return false
		case key == principalARN && len(c.Account) > 0 && !s.inAccount(c, v):
			return false
		}
	}
	return true
}

// inAccount reports whether a value of aws:PrincipalArn can be that of a caller: of its account or, if that stands for
// others, of none that is named.
func (s *Space) inAccount(c *Caller, value string) bool {
	parts := strings.SplitN(value, ":", 6)
	if len(parts) < 6 {
		return true // what is no ARN stands for nothing that a caller has, and does no harm
	}
	if c.elsewhere {
		return !s.accounts[parts[4]]
	}
	return parts[4] == string(c.Account)
}

// combine goes through the combinations of the values that are left to choose.
func (s *Space) combine(r *Request, left []choice, chosen []option, visit func(r *Request) bool) (more bool, err error) {
	if len(chosen) < len(left) {
		for _, o := range left[len(chosen)].options {
			if more, err := s.combine(r, left, append(chosen, o), visit); err != nil || !more {
				return more, err
			}
		}
		return true, nil
	}
	s.requests++
	s.elements += s.weight
	if s.requests > maxRequests || s.elements > maxElements {
		return false, ErrTooLarge
	}
	c := new(policy.Context)
	for i := range chosen {
		chosen[i].put(c, left[i].key)
	}
	r.Context = c
	return visit(r), nil
}
