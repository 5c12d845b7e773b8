package keytest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/policy"
)

// Table holds the operations of one service against its reference.
type Table struct {
	Service string
	// Operations are all of the service, each of which has a case, or is in Unasked with the reason.
	Operations []string
	Unasked    map[string]string
	// Forms are the forms of the resources of actions that have no type of resource in the reference, or
	// may be about something of no such type. Without a form, only "*" stands for no resource.
	Forms map[string][]string
	// Missing are keys that nothing here has, each with the reason; Always are those that every request has.
	Missing map[string]string
	Always  []string
	// Also are keys that questions have although the reference does not list them for their actions, each
	// with the reason.
	Also map[string]string
	// Start makes a world and returns what sends a request in it.
	Start func(t *testing.T) Ask
	Cases []Case
}

// Ask sends a request of an operation and returns what was asked about it.
type Ask func(t *testing.T, operation, request string) []Question

// Case is one operation, requests that between them carry everything that it takes, and one that carries as
// little as it can, about things that have nothing.
type Case struct {
	Operation string
	Full      []string
	Bare      string // empty: there is nothing that could be left out
	// Actions are all that is asked for, if it is not the action of the operation's name alone. It is not
	// held if there is none of that name.
	Actions []string
	// Elsewhere are actions of other services that are asked for as well. They are not held.
	Elsewhere []string
	// Absent are the keys that the reference has for an action and the operation has not, with the reason. A
	// key may stand behind the name of the one action that has it not, and a blank.
	Absent map[string]string
	// Needed are the keys that also the bare request has.
	Needed []string
}

// Full sends the requests that carry everything. Each question is for an action of the reference, on a
// resource of the form that the reference has for it, with no key that AWS does not fill for them. Between
// them the questions for an action have all keys that AWS fills, but for those that are told to be missing.
func (table *Table) Full(t *testing.T) {
	r, global := Read(t, table.Service), globalKeys(t)
	covered := maps.Clone(table.Unasked)
	if covered == nil {
		covered = map[string]string{}
	}
	for _, c := range table.Cases {
		covered[c.Operation] = "has a case"
		t.Run(c.Operation, func(t *testing.T) {
			t.Parallel()
			ask := table.Start(t)
			sum := map[string]*keysOf{}
			for _, request := range c.Full {
				for _, q := range c.own(t, ask(t, c.Operation, request)) {
					if sum[q.Action] == nil {
						sum[q.Action] = &keysOf{map[string]bool{}, map[string]bool{}}
					}
					table.hold(t, r, global, &q, sum[q.Action], request)
				}
			}
			table.holdAll(t, r, &c, sum)
		})
	}
	for _, name := range table.Operations {
		if covered[name] == "" {
			t.Errorf("%s is not in the table", name)
		}
	}
}

// own returns the questions for actions of the service. All those of other services have to be among the others.
func (c *Case) own(t *testing.T, asked []Question) []Question {
	t.Helper()
	missing := map[string]bool{}
	for _, action := range c.Elsewhere {
		missing[action] = true
	}
	var own []Question
	for _, q := range asked {
		if slices.Contains(c.Elsewhere, q.Action) {
			delete(missing, q.Action)
		} else {
			own = append(own, q)
		}
	}
	if len(missing) > 0 {
		t.Errorf("%s did not ask for %v", c.Operation, slices.Sorted(maps.Keys(missing)))
	}
	return own
}

// keysOf are the keys that the questions for an action have, and those that they have to have.
type keysOf struct{ found, listed map[string]bool }

// hold holds one question, and adds its keys to sum.
func (table *Table) hold(t *testing.T, r *Reference, global map[string]bool, q *Question, sum *keysOf, request string) {
	t.Helper()
	if _, ok := r.Actions[r.name(q.Action)]; !ok || r.name(q.Action) == q.Action {
		t.Errorf("%s: %s is no action of the reference", request, q.Action)
	}
	if !table.hasForm(r, q) {
		t.Errorf("%s: %s is asked on %s, which no type of its resources has the form of", request, q.Action, q.Resource)
	}
	listed := r.listed(q.Action, q.Resource)
	maps.Copy(sum.listed, listed)
	for _, key := range q.Keys.Keys() {
		sum.found[key] = true
		if !listed[key] && !global[untagged(key)] && !has(table.Also, key) {
			t.Errorf("%s: %s has %s, which AWS does not fill for it", request, q.Action, key)
		}
		values, multi, _ := q.Keys.Lookup(key)
		info, known := policy.KeyInfo(key)
		if !known || info.Multivalued != multi || slices.ContainsFunc(values, func(v string) bool { return !info.Accepts(v) }) {
			t.Errorf("%s: %s has %s of another type than AWS: %v, multivalued %t", request, q.Action, key, values, multi)
		}
	}
}

// hasForm reports whether the resource of a question is one that its action can be about.
func (table *Table) hasForm(r *Reference, q *Question) bool {
	hasForm := func(form string) bool { return HasForm(q.Resource, form) }
	if slices.ContainsFunc(table.Forms[r.name(q.Action)], hasForm) {
		return true
	}
	if len(r.Actions[r.name(q.Action)].Resources) == 0 {
		return q.Resource == "*"
	}
	return len(r.typesOf(q.Action, q.Resource)) > 0
}

// holdAll holds what an operation asked altogether.
func (table *Table) holdAll(t *testing.T, r *Reference, c *Case, sum map[string]*keysOf) {
	t.Helper()
	actions := c.Actions
	if _, ok := r.Actions[c.Operation]; ok && actions == nil {
		actions = []string{r.Service + ":" + c.Operation}
	}
	if asked := slices.Sorted(maps.Keys(sum)); actions != nil && !slices.Equal(asked, slices.Sorted(slices.Values(actions))) {
		t.Errorf("asked for %v, want %v", asked, actions)
	}
	lacked := map[string]bool{}
	for action, keys := range sum {
		for key := range keys.listed {
			if keys.found[key] {
				continue
			}
			here := r.name(action) + " " + key
			lacked[key], lacked[strings.ToLower(here)] = true, true
			if !has(table.Missing, key) && !has(c.Absent, key) && !has(c.Absent, here) {
				t.Errorf("%s has no %s", action, key)
			}
		}
	}
	for key := range c.Absent {
		if !lacked[strings.ToLower(key)] {
			t.Errorf("%s is told to be absent, and is not", key)
		}
	}
}

// Bare sends the bare requests: a key that a request does not fill is absent, and not empty or a default.
// That is what the operators Null and IfExists tell apart.
func (table *Table) Bare(t *testing.T) {
	global := globalKeys(t)
	for _, c := range table.Cases {
		if c.Bare == "" {
			continue
		}
		t.Run(c.Operation, func(t *testing.T) {
			t.Parallel()
			for _, q := range c.own(t, table.Start(t)(t, c.Operation, c.Bare)) {
				for _, key := range q.Keys.Keys() {
					is := func(name string) bool { return strings.EqualFold(name, key) }
					if !global[untagged(key)] && !slices.ContainsFunc(table.Always, is) && !slices.ContainsFunc(c.Needed, is) {
						t.Errorf("%s: %s has %s", c.Bare, q.Action, key)
					}
				}
			}
		})
	}
}

// has reports whether a map has a name, in whatever letters.
func has(m map[string]string, name string) bool {
	for want := range m {
		if strings.EqualFold(name, want) {
			return true
		}
	}
	return false
}

// globalKeys are the keys that do not depend on the action, in lower case. The keys of tags of requests and
// resources do: the references list the actions that have them.
func globalKeys(t *testing.T) map[string]bool {
	t.Helper()
	global := map[string]bool{}
	for key := range Read(t, "global").ConditionKeys {
		global[untagged(strings.ToLower(key))] = true
	}
	for _, key := range []string{"aws:requesttag/", "aws:resourcetag/", "aws:tagkeys"} {
		delete(global, key)
	}
	return global
}

// untagged returns the name of a key without the tag's.
func untagged(key string) string {
	name, _, tag := strings.Cut(key, "/")
	if tag {
		name += "/"
	}
	return name
}
