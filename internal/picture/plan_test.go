package picture

import (
	"fmt"
	"testing"
)

// faults returns a sentence for each thing on a plan that lies where it may not.
func (p *plan) faults() []string {
	f := &finder{p: p}
	f.houses()
	f.rooms()
	f.captions()
	f.lines()
	if !p.closed {
		f.overlaid()
	}
	return f.found
}

type finder struct {
	p     *plan
	found []string
}

func (f *finder) say(ok bool, format string, args ...any) {
	if !ok {
		f.found = append(f.found, fmt.Sprintf(format, args...))
	}
}

// overlap reports whether two rectangles have an inner point in common.
func (r rect) overlap(o rect) bool {
	return r.x < o.right() && o.x < r.right() && r.y < o.bottom() && o.y < r.bottom()
}

func (r rect) holds(o rect) bool {
	return r.x <= o.x && r.y <= o.y && o.right() <= r.right() && o.bottom() <= r.bottom()
}

func (f *finder) houses() {
	for i, b := range f.p.boxes {
		eaves := rect{b.x - 5, b.y, b.w + 10, b.h}
		f.say(rect{0, 0, f.p.w, f.p.h}.holds(eaves), "house %d is outside of the picture", i)
		f.say(b.holds(f.p.texts[i]), "the text of house %d is outside of it", i)
		for j := range i {
			f.say(!eaves.overlap(f.p.boxes[j]), "houses %d and %d overlap", j, i)
		}
		for side, more := range f.p.more[i] {
			f.say(f.p.houses[i].more(side) == "" || b.holds(more), "a line of house %d is outside of it", i)
		}
	}
}

func (f *finder) rooms() {
	for i, r := range f.p.inside {
		house := f.p.rooms[i].house
		f.say(f.p.boxes[house].holds(r), "room %d is outside of house %d", i, house)
		f.say(f.p.closed || !r.overlap(f.p.texts[house]), "room %d overlaps the text of its house", i)
		f.say(f.p.closed || r.h >= idleRoom && r.w > iconWidth, "room %d is too small: %v", i, r)
		for j := range i {
			f.say(!r.overlap(f.p.inside[j]), "rooms %d and %d overlap", j, i)
		}
		for side, more := range f.p.more[house] {
			f.say(f.p.houses[house].more(side) == "" || !r.overlap(more), "room %d overlaps a line", i)
		}
	}
}

func (f *finder) captions() {
	for i, c := range f.p.captions {
		if c.w == 0 {
			continue
		}
		house := f.p.rooms[f.p.links[i].to].house
		f.say(f.p.boxes[house].holds(c), "caption %d is outside of its house", i)
		f.say(!c.overlap(f.p.texts[house]), "caption %d overlaps the text of its house", i)
		for j, r := range f.p.inside {
			f.say(!c.overlap(r), "caption %d overlaps room %d", i, j)
		}
		for j := range i {
			f.say(!c.overlap(f.p.captions[j]), "captions %d and %d overlap", j, i)
		}
		for side, more := range f.p.more[house] {
			f.say(f.p.houses[house].more(side) == "" || !c.overlap(more), "caption %d overlaps a line", i)
		}
	}
}

// piece of a line is a rectangle without area, or a little more.
func pieces(line []point) []rect {
	var all []rect
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		all = append(all, rect{min(a.x, b.x), min(a.y, b.y), abs(a.x - b.x), abs(a.y - b.y)})
	}
	return all
}

// crosses reports whether a piece of a line has a point in common with the inside of r.
func crosses(piece, r rect) bool {
	return piece.x < r.right() && r.x < piece.right()+1 && piece.y < r.bottom() && r.y < piece.bottom()+1 &&
		piece.right() > r.x && piece.bottom() > r.y
}

func (f *finder) lines() {
	for i, line := range f.p.lines {
		from, to := f.p.inside[f.p.links[i].from], f.p.inside[f.p.links[i].to]
		first, last := line[0], line[len(line)-1]
		f.say(len(line) >= 2, "line %d has no length", i)
		f.say(onSide(first, from), "line %d does not begin at its room", i)
		f.say(onSide(last, to), "line %d does not end at its room", i)
		for _, piece := range pieces(line) {
			f.say(piece.w == 0 || piece.h == 0, "line %d is oblique", i)
			f.say(rect{0, 0, f.p.w, f.p.h}.holds(piece), "line %d leaves the picture", i)
			f.piece(i, piece)
		}
	}
}

func onSide(at point, r rect) bool {
	return (at.x == r.x || at.x == r.right()) && r.y <= at.y && at.y <= r.bottom()
}

// piece looks at what a piece of line i may not cross: all that is written.
func (f *finder) piece(i int, piece rect) {
	for j, r := range f.p.inside {
		f.say(!crosses(piece, r), "line %d crosses room %d", i, j)
	}
	for j, c := range f.p.captions {
		f.say(i == j || c.w == 0 || !crosses(piece, c), "line %d crosses caption %d", i, j)
	}
	for j, text := range f.p.texts {
		f.say(f.p.closed || !crosses(piece, text), "line %d crosses the text of house %d", i, j)
		for side, more := range f.p.more[j] {
			f.say(f.p.houses[j].more(side) == "" || !crosses(piece, more), "line %d crosses a line of text", i)
		}
	}
}

// overlaid looks for lines that lie on each other, which only those that leave the same room may.
func (f *finder) overlaid() {
	for i, line := range f.p.lines {
		for j := range i {
			if f.p.links[i].from == f.p.links[j].from {
				continue
			}
			for _, a := range pieces(line) {
				for _, b := range pieces(f.p.lines[j]) {
					f.say(!together(a, b), "lines %d and %d lie on each other: %v %v", j, i, a, b)
				}
			}
		}
	}
}

// together reports whether two pieces run the same way in the same place.
func together(a, b rect) bool {
	switch {
	case a.h == 0 && b.h == 0 && a.y == b.y:
		return a.x < b.right() && b.x < a.right()
	case a.w == 0 && b.w == 0 && a.x == b.x:
		return a.y < b.bottom() && b.y < a.bottom()
	}
	return false
}

// plans returns all plans of which the picture of m consists.
func plans(m *Map) []*plan {
	x := newIndex(m.sorted())
	all := []*plan{arrange(x.open(), openColumns(len(m.Houses))), arrange(x.closed(), closedColumns(len(m.Houses)))}
	for i := range m.Houses {
		s := x.around(i)
		all = append(all, arrange(s, openColumns(len(s.houses))))
	}
	return all
}

// TestPlans looks at every plan of worlds of many sizes: no houses overlap, no text lies outside of what it
// is in, and no line passes through a text.
func TestPlans(t *testing.T) {
	t.Parallel()
	worlds := map[string]*Map{"walkthrough": walkthrough(), "empty": {}, "large": withOutside(random(100, 300))}
	for n := range 14 {
		worlds[fmt.Sprint(n+1, " accounts")] = withOutside(random(n+1, 5*n))
	}
	worlds["dense"] = random(4, 120)
	worlds["anything"] = anything(7, 60)
	for name, m := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, p := range plans(m) {
				for _, fault := range p.faults() {
					t.Errorf("plan %d: %s", i, fault)
				}
			}
		})
	}
}

// FuzzPlans does the same for arrows between any rooms, those that make no sense too.
func FuzzPlans(f *testing.F) {
	f.Add(uint8(1), uint8(3))
	f.Add(uint8(5), uint8(40))
	f.Fuzz(func(t *testing.T, accounts, arrows uint8) {
		m := anything(1+int(accounts)%20, int(arrows))
		for i, p := range plans(m) {
			for _, fault := range p.faults() {
				t.Errorf("plan %d: %s", i, fault)
			}
		}
	})
}
