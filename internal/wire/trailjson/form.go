package trailjson

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// node is a part of a form: a value, a structure or a list.
type node struct {
	value   string
	members map[string]*node
	items   map[int]*node // by their numbers
}

// Form returns the parameters of a query-protocol request; nil if there are none. They need not be valid: of a
// parameter that is given twice the first value is told, and of one that is both a value and more the latter. No input
// of IAM or STS has a map.
//
// Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
func (m *Members) Form(form url.Values) []byte {
	root, size := new(node), 0
	for name, values := range form {
		if len(values) == 0 {
			continue
		}
		if size += len(name) + len(values[0]); size > 4*MaxSize {
			return nil // names repeat those of the structures that they are in; no object of MaxSize needs so many
		}
		if at := m.find(root, strings.Split(name, ".")); at != nil {
			at.value = values[0]
		}
	}
	object, _ := m.write(root, "", "").(map[string]any)
	return encode(object)
}

// find returns the node below n that a path leads to; nil if the path is none of the model, or leads to a secret. Nodes
// are made for paths that are right up to their end only.
func (m *Members) find(n *node, path []string) *node {
	if len(path) > 2*maxDepth || !m.leads(path) {
		return nil
	}
	for len(path) > 0 {
		if len(path) > 1 && path[0] == listed {
			number, _ := strconv.Atoi(path[1])
			n.items, n = below(n.items, number)
			path = path[2:]
			continue
		}
		n.members, n = below(n.members, path[0])
		path = path[1:]
	}
	return n
}

// listed stands before the number of an item.
const listed = "member"

// leads reports whether a path consists of members that are shown and of numbers of items, which stand behind a
// member.
func (m *Members) leads(path []string) bool {
	named := false
	for len(path) > 0 {
		if named && path[0] == listed {
			if len(path) == 1 {
				return false
			}
			number, err := strconv.Atoi(path[1])
			if err != nil || number < 1 || strconv.Itoa(number) != path[1] {
				return false
			}
			path, named = path[2:], false
			continue
		}
		if _, ok := m.shown(path[0]); !ok {
			return false
		}
		path, named = path[1:], true
	}
	return true
}

// below returns the entry of a map under key, which is made if it is not there, and the map.
func below[K comparable](entries map[K]*node, key K) (map[K]*node, *node) {
	if entries == nil {
		entries = map[K]*node{}
	}
	if entries[key] == nil {
		entries[key] = new(node)
	}
	return entries, entries[key]
}

// write returns what is written of a node, which is a member of parent.
func (m *Members) write(n *node, parent, name string) any {
	if text, veiled := m.veil(parent, name, n.value); veiled {
		return text
	}
	switch {
	case n.items != nil:
		items := make([]any, 0, len(n.items))
		for _, number := range slices.Sorted(maps.Keys(n.items)) {
			items = append(items, m.write(n.items[number], parent, name))
		}
		return items
	case n.members != nil:
		object := make(map[string]any, len(n.members))
		for member, below := range n.members {
			object[lower(member)] = m.write(below, name, member)
		}
		return object
	}
	return typed(m.kinds[name], n.value)
}

// typed returns the value of a parameter as its type is written, or as text if it is not of its type.
func typed(k kind, text string) any {
	switch k {
	case integer:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return json.Number(strconv.FormatInt(n, 10))
		}
	case boolean:
		if text == "true" || text == "false" {
			return text == "true"
		}
	}
	return text
}
