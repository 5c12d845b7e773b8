package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// scene is what one layout is made of: houses and their rooms, and links between rooms. In a scene of closed
// houses each house has one room, which is the house itself.
type scene struct {
	closed bool
	houses []house
	rooms  []room
	links  []link
}

// The two sides of a house: the left one has its principals, the right one its buckets.
const (
	left  = 0
	right = 1
)

type house struct {
	account int      // its place among the houses of the map
	name    string   // its first line
	under   []string // the lines below
	title   string   // what it is, in full
	outside bool
	href    string
	rooms   [2][]int    // by side: places in scene.rooms
	hidden  [2][]string // by side: the rooms that are not drawn
}

type room struct {
	number       int // its place among all the rooms of the map
	house        int // its place in scene.houses
	side         int
	kind         Kind
	idle         bool // without arrows: drawn small
	name, detail string
	title, href  string
}

// link is what is drawn as one line: the arrows between two rooms, or all between two closed houses.
type link struct {
	from, to                 int // places in scene.rooms
	access                   Access
	denied, possible, dashed bool
	lines                    []string // on the line: what it is, and the conditions; none: nothing
	title                    string   // in full
	trunk                    string   // links with the same trunk share lanes; empty: with none
}

// idle is how many rooms without arrows are drawn on a side of a house.
const idle = 4

// index finds the houses and rooms of a map by their IDs.
type index struct {
	m      *Map
	rooms  map[string]*Room
	house  map[string]int // by ID of the room
	number map[string]int // by ID of the room
	used   map[string]bool
	groups [][]Arrow // those that are drawn as one
}

func newIndex(m *Map) *index {
	x := &index{m: m, rooms: map[string]*Room{}, house: map[string]int{}, number: map[string]int{}, used: map[string]bool{}}
	for i := range m.Houses {
		for j := range m.Houses[i].Rooms {
			r := &m.Houses[i].Rooms[j]
			x.number[r.ID] = len(x.rooms)
			x.rooms[r.ID], x.house[r.ID] = r, i
		}
	}
	for _, a := range m.Arrows {
		x.used[a.From], x.used[a.To] = true, true
	}
	x.groups = groups(m.Arrows)
	return x
}

// groups returns sorted arrows, those that are drawn as one together.
func groups(arrows []Arrow) [][]Arrow {
	var all [][]Arrow
	for i, a := range arrows {
		if i > 0 && sameLine(arrows[i-1], a) {
			all[len(all)-1] = append(all[len(all)-1], a)
			continue
		}
		all = append(all, []Arrow{a})
	}
	return all
}

func sameLine(a, b Arrow) bool {
	return a.From == b.From && a.To == b.To && a.Denied == b.Denied && a.Possible == b.Possible
}

// open returns the scene with all houses and rooms.
func (x *index) open() *scene {
	s := &scene{}
	for i := range x.m.Houses {
		s.addHouse(x, i, nil)
	}
	s.addLinks(x, x.groups)
	return s
}

// around returns the scene with one house, and of the others only the rooms that have arrows to or from it.
func (x *index) around(focus int) *scene {
	var groups [][]Arrow
	ends := map[string]bool{}
	for _, g := range x.groups {
		if x.house[g[0].From] == focus || x.house[g[0].To] == focus {
			groups = append(groups, g)
			ends[g[0].From], ends[g[0].To] = true, true
		}
	}
	s := &scene{}
	for i, h := range x.m.Houses {
		switch {
		case i == focus:
			s.addHouse(x, i, nil)
		case slices.ContainsFunc(h.Rooms, func(r Room) bool { return ends[r.ID] }):
			s.addHouse(x, i, ends)
		}
	}
	s.addLinks(x, groups)
	return s
}

// addHouse adds a house with the rooms that are in only, or with all if that is nil.
func (s *scene) addHouse(x *index, number int, only map[string]bool) {
	h := &x.m.Houses[number]
	added := house{account: number, name: h.label(), under: h.under(), title: h.title(), outside: h.Outside, href: h.Href}
	if only != nil {
		added.title = "" // it is on the page of the house
	}
	rooms, hidden := x.choose(h, only)
	for _, r := range rooms {
		side := r.side()
		added.rooms[side] = append(added.rooms[side], len(s.rooms))
		s.rooms = append(s.rooms, room{
			number: x.number[r.ID], house: len(s.houses), side: side, kind: r.Kind, idle: !x.used[r.ID],
			name: visible(r.Name), detail: r.under(), title: r.title(h, only == nil), href: r.Href,
		})
	}
	added.hidden = hidden
	s.houses = append(s.houses, added)
}

// more returns the line that tells of the rooms of a side that are not drawn; empty if all are.
func (h *house) more(side int) string {
	if n := len(h.hidden[side]); n > 0 {
		return fmt.Sprintf("and %d more, without arrows", n)
	}
	return ""
}

// choose returns the rooms of h that are drawn, and those of each side that are not.
func (x *index) choose(h *House, only map[string]bool) (rooms []Room, hidden [2][]string) {
	var without [2]int
	for _, r := range h.Rooms {
		if !x.used[r.ID] {
			without[r.side()]++
		}
	}
	var drawn [2]int
	for _, r := range h.Rooms {
		side := r.side()
		switch {
		case only != nil && !only[r.ID]:
			continue
		case only == nil && !x.used[r.ID] && without[side] > idle && drawn[side] == idle-1:
			hidden[side] = append(hidden[side], string(r.Kind)+" "+visible(r.ID))
			continue
		case !x.used[r.ID]:
			drawn[side]++
		}
		rooms = append(rooms, r)
	}
	return rooms, hidden
}

// addLinks adds a link for each group of arrows; their rooms are in s.
func (s *scene) addLinks(x *index, groups [][]Arrow) {
	at := map[int]int{}
	for i, r := range s.rooms {
		at[r.number] = i
	}
	for _, g := range groups {
		a := g[0]
		s.links = append(s.links, link{
			from: at[x.number[a.From]], to: at[x.number[a.To]], access: strongest(g), denied: a.Denied, possible: a.Possible,
			dashed: conditional(g) == len(g), lines: caption(g), title: x.sentence(g),
		})
	}
}

// strongest returns the strongest access of some arrows.
func strongest(g []Arrow) Access {
	best := 0
	for _, a := range g {
		best = max(best, slices.Index(Accesses, a.Access))
	}
	return Accesses[best]
}

// conditional returns how many arrows have conditions.
func conditional(g []Arrow) int {
	n := 0
	for _, a := range g {
		if len(a.Conditions) > 0 {
			n++
		}
	}
	return n
}

// caption returns what is written on the line of some arrows: what they allow, and under which conditions.
func caption(g []Arrow) []string {
	var labels []string
	same := true
	for _, a := range g {
		if label := visible(a.Label); !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
		same = same && slices.Equal(a.Conditions, g[0].Conditions)
	}
	// What tells of everything is first: a caption may be cut.
	slices.SortStableFunc(labels, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	what := g[0].prefix() + strings.Join(labels, ", ")
	if len(g) > 1 {
		what = fmt.Sprintf("%d × %s", len(g), what)
	}
	switch n := conditional(g); {
	case n == 0:
		return []string{what}
	case same:
		return append([]string{what}, g[0].conditionLines()...)
	case n == len(g):
		return []string{what, "each under its own conditions"}
	default:
		return []string{what, fmt.Sprintf("%d of them conditional", n)}
	}
}

// conditionLines returns the conditions of an arrow in two lines at most: two conditions, or the first and how many more there are.
func (a *Arrow) conditionLines() []string {
	lines := []string{a.before(0) + visible(a.Conditions[0])}
	switch n := len(a.Conditions); {
	case n == 2:
		lines = append(lines, a.before(1)+visible(a.Conditions[1]))
	case n > 2:
		lines = append(lines, fmt.Sprintf("and %d more conditions", n-1))
	}
	return lines
}
