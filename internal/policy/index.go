package policy

import (
	"slices"
	"sort"
	"strings"
)

// index finds the statements of a document that a request may match: first by its action, then by the text
// that its resource begins with. A decision looks at no others.
type index struct {
	class []uint16 // by place in knownActions: which of lists; many actions share one
	lists []prefixList
	all   prefixList // of every statement, for actions that are not known
}

// maxPrefixes is how many prefixes an index holds in all. A document of which the statements have so many
// resources, or tell so many actions apart, that there would be more is searched by action alone: it would
// take seconds and a gigabyte to index the longest that the policy simulator takes.
const maxPrefixes = 1 << 16

// newIndex returns the index of statements.
func newIndex(statements []compiledStatement) index {
	x := index{class: make([]uint16, len(knownActions))}
	lists := [][]int32{nil}
	var all []int32
	prefixes := make([][]string, len(statements))
	for i := range statements {
		all = append(all, int32(i))
		prefixes[i] = statements[i].prefixes()
		lists = x.split(lists, int32(i), &statements[i])
	}
	n := 0
	for _, places := range lists {
		for _, i := range places {
			n += len(prefixes[i])
		}
	}
	for _, places := range lists {
		if n > maxPrefixes {
			x.lists = append(x.lists, prefixList{prefixes: []string{""}, shorter: []int32{-1}, places: [][]int32{places}})
		} else {
			x.lists = append(x.lists, newPrefixList(prefixes, places))
		}
	}
	x.all = newPrefixList(prefixes, all)
	return x
}

// split adds a statement to the lists of the actions that it is about: each class of which it takes only some
// actions becomes two. So there are never more classes than actions.
func (x *index) split(lists [][]int32, place int32, s *compiledStatement) [][]int32 {
	takes, leaves := make([]bool, len(x.class)), make([]bool, len(lists))
	for action, class := range x.class {
		takes[action] = s.matchesAction(lowerActions[action])
		leaves[class] = leaves[class] || !takes[action]
	}
	into := map[uint16]uint16{}
	for action, class := range x.class {
		if !takes[action] {
			continue
		}
		with, ok := into[class]
		if !ok {
			if with = class; leaves[class] {
				with = uint16(len(lists))
				lists = append(lists, slices.Clone(lists[class]))
			}
			into[class] = with
			lists[with] = append(lists[with], place)
		}
		x.class[action] = with
	}
	return lists
}

// about returns the statements that may be about the query's action. For a known action they are.
func (x *index) about(q *Query) *prefixList {
	if q.known == unknownAction || x.class == nil {
		return &x.all
	}
	return &x.lists[x.class[q.known]]
}

// prefixList holds statements under the literal texts that their resource patterns begin with: under "" those
// whose patterns begin with a wildcard, and those with NotResource.
type prefixList struct {
	prefixes []string // sorted, without repetitions
	// shorter is, for each prefix, the place of the longest other one that it begins with; -1 for none.
	shorter []int32
	places  [][]int32 // for each prefix: statements, ascending
}

// newPrefixList returns the list of the statements at places; prefixes has those of every statement.
func newPrefixList(prefixes [][]string, places []int32) prefixList {
	under := map[string][]int32{}
	for _, i := range places {
		for _, prefix := range prefixes[i] {
			if list := under[prefix]; len(list) == 0 || list[len(list)-1] != i {
				under[prefix] = append(list, i)
			}
		}
	}
	l := prefixList{}
	for prefix := range under {
		l.prefixes = append(l.prefixes, prefix)
	}
	slices.Sort(l.prefixes)
	for n, prefix := range l.prefixes {
		l.places = append(l.places, under[prefix])
		// All that begin with a prefix follow it without a gap: what precedes is the one looked for, or
		// begins with it.
		m := int32(n) - 1
		for m >= 0 && !strings.HasPrefix(prefix, l.prefixes[m]) {
			m = l.shorter[m]
		}
		l.shorter = append(l.shorter, m)
	}
	return l
}

// last returns the place of the longest prefix that resource begins with; -1 for none. The others follow
// through shorter.
func (l *prefixList) last(resource string) int32 {
	n := int32(sort.Search(len(l.prefixes), func(i int) bool { return l.prefixes[i] > resource })) - 1
	for n >= 0 && !strings.HasPrefix(resource, l.prefixes[n]) {
		n = l.shorter[n]
	}
	return n
}

// prefixes returns the literal texts that the statement's resources begin with.
func (s *compiledStatement) prefixes() []string {
	if s.notResource || len(s.resources) == 0 {
		return []string{""}
	}
	var out []string
	for i := range s.resources {
		out = append(out, s.resources[i].prefix())
	}
	return out
}
