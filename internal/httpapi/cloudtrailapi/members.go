package cloudtrailapi

import (
	"fmt"
	"math"
	"strings"

	"crossgrant/internal/wire/json11"
)

// members returns a decoder that reads the members that spec has, separated by spaces, and keeps those that on names.
// A member is its name with what it is behind it, and "!" if it must be sent:
//
//	Name                   a string
//	Name=A|B Name!=A|B     one of these strings
//	Name# Name? Name@      an integer, a boolean, a timestamp
//	Name[]                 a list of strings
//	Name{} Name[]{}        a structure or map, and a list of them, whatever is in it
//
// It panics, at start, if a member that is to be kept is not in the spec.
func members(spec string, on []string) func(r *json11.Reader, in *input) {
	var all []member
	seen := map[string]bool{}
	for _, word := range strings.Fields(spec) {
		m := parseMember(word)
		all, seen[m.name] = append(all, m), true
	}
	keep := map[string]bool{}
	for _, name := range on {
		if !seen[name] {
			panic(fmt.Sprintf("cloudtrailapi: there is no member %s in %q", name, spec))
		}
		keep[name] = true
	}
	return func(r *json11.Reader, in *input) {
		for _, m := range all {
			values := m.read(r)
			if !keep[m.name] {
				continue
			}
			for _, value := range values {
				if value != "" {
					in.on = append(in.on, value)
				}
			}
			if m.name == "EventDataStore" && r.Has(m.name) {
				in.about = aStore
			}
		}
	}
}

// member is a member of a request.
type member struct {
	name, kind string
	required   bool
	values     []string // of which it is one; none: any
}

func parseMember(word string) member {
	var m member
	head, choice, chosen := strings.Cut(word, "=")
	if chosen {
		m.values = strings.Split(choice, "|")
	}
	head, m.required = strings.CutSuffix(head, "!")
	m.name = strings.TrimRight(head, "#?@[]{}")
	m.kind = head[len(m.name):]
	return m
}

// read reads the member, and returns what it says if it is a string or a list of strings.
func (m *member) read(r *json11.Reader) []string {
	if m.required {
		r.Need(m.name)
	}
	switch m.kind {
	case "#":
		r.Int(m.name, 0, 0, math.MaxInt32)
	case "?":
		r.Bool(m.name)
	case "@":
		r.Time(m.name)
	case "[]":
		return r.Strings(m.name)
	case "{}":
		r.Object(m.name).Skip()
	case "[]{}":
		for _, item := range r.Objects(m.name) {
			item.Skip()
		}
	default:
		var rules []json11.Rule
		if len(m.values) > 0 {
			rules = append(rules, json11.Enum(m.values...))
		}
		return []string{r.String(m.name, rules...)}
	}
	return nil
}
