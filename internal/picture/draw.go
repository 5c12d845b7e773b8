package picture

import (
	"fmt"
	"slices"
	"strings"
)

// drawer draws plans into a document.
type drawer struct {
	writer
	// page is the prefix of the IDs to which houses link: those of highlights, or of pages.
	page string
	// highlights says whether houses and lines have the classes by which a target dims all others.
	highlights bool
}

// draw writes what is on a plan: first the houses with their rooms, then the lines.
func (d *drawer) draw(p *plan) {
	near := p.neighbours()
	for i := range p.houses {
		d.house(p, i, near[i])
	}
	for i := range p.links {
		d.line(p, i)
	}
}

// neighbours returns for each house the accounts that it has links with, itself among them, in order.
func (p *plan) neighbours() [][]int {
	near := make([][]int, len(p.houses))
	for i, h := range p.houses {
		near[i] = []int{h.account}
	}
	for _, l := range p.links {
		a, b := p.rooms[l.from].house, p.rooms[l.to].house
		near[a], near[b] = append(near[a], p.houses[b].account), append(near[b], p.houses[a].account)
	}
	for i := range near {
		slices.Sort(near[i])
		near[i] = slices.Compact(near[i])
	}
	return near
}

// classes returns an attribute with these classes and, if there are highlights, those of accounts and rooms that
// keep the element bright.
func (d *drawer) classes(always string, accounts, rooms []int) attr {
	names := []string{always}
	if d.highlights {
		names = append(names, "dim")
		for _, a := range slices.Compact(accounts) {
			names = append(names, fmt.Sprint("h", a))
		}
		for _, r := range slices.Compact(rooms) {
			names = append(names, fmt.Sprint("r", r))
		}
	}
	return attr{"class", strings.Join(names, " ")}
}

func (d *drawer) house(p *plan, i int, near []int) {
	h := &p.houses[i]
	always := "house"
	if h.outside {
		always += " out"
	}
	d.start("g", d.classes(always, near, p.roomsNear(i)), attr{"role", "group"})
	d.title(h.title)
	d.link(h.href, fmt.Sprint("#", d.page, h.account))
	d.walls(p.boxes[i], h.outside, p.closed)
	d.heading(p, i)
	d.end()
	if !p.closed {
		d.inside(p, i)
	}
	d.end()
}

// link begins a link to a page, in place of the one that shows the picture, or, where that is empty, within the picture.
func (d *drawer) link(page, within string) {
	if page == "" {
		d.start("a", attr{"href", within})
		return
	}
	d.start("a", attr{"href", page}, attr{"target", "_top"})
}

// title writes the tooltip of an element, which is also its name for who does not see it; none if it is empty.
func (d *drawer) title(s string) {
	if s != "" {
		d.leaf("title", s)
	}
}

// roomsNear returns the rooms that keep house i bright: those in it, and the other ends of their links.
func (p *plan) roomsNear(i int) []int {
	var near []int
	for _, l := range p.links {
		a, b := &p.rooms[l.from], &p.rooms[l.to]
		if a.house == i || b.house == i {
			near = append(near, a.number, b.number)
		}
	}
	for _, side := range p.houses[i].rooms {
		for _, r := range side {
			near = append(near, p.rooms[r].number)
		}
	}
	slices.Sort(near)
	return slices.Compact(near)
}

// walls draws the outline of a house; whoever is outside has no roof.
func (d *drawer) walls(b rect, outside, closed bool) {
	if outside {
		d.empty("rect", b.attrs(attr{"class", "wall"}, num("rx", 14))...)
		return
	}
	top, slant := roof, 28
	if closed {
		top, slant = roof/2, 16
	}
	d.empty("rect", rect{b.x, b.y + top, b.w, b.h - top}.attrs(attr{"class", "wall"}, num("rx", 3))...)
	d.empty("path", attr{"class", "wall roof"},
		attr{"d", fmt.Sprintf("M%d %dL%d %dH%dL%d %dz", b.x-5, b.y+top, b.x+slant, b.y, b.right()-slant, b.right()+5, b.y+top)})
}

// heading writes the first lines of a house.
func (d *drawer) heading(p *plan, i int) {
	h, box := &p.houses[i], p.texts[i]
	if p.closed {
		d.text(box.x+12, box.y+28, h.name, nameSize, box.w-24, "name")
		for j, under := range h.under {
			d.text(box.x+12, box.y+41+12*j, under, smallSize, box.w-24, "")
		}
		return
	}
	d.text(box.x, box.y+17, h.name, nameSize+1, box.w, "owner")
	for j, under := range h.under {
		d.text(box.x, box.y+32+14*j, under, smallSize, box.w, "")
	}
}

// inside draws the rooms of a house.
func (d *drawer) inside(p *plan, i int) {
	for side, rooms := range p.houses[i].rooms {
		for _, r := range rooms {
			d.room(&p.rooms[r], p.inside[r])
		}
		if more := p.houses[i].more(side); more != "" {
			box := p.more[i][side]
			d.start("g")
			d.title(list(p.houses[i].hidden[side]))
			d.text(box.x, box.y+10, more, smallSize, box.w, "")
			d.end()
		}
	}
}

func (d *drawer) room(r *room, box rect) {
	linked := d.highlights || r.href != ""
	role := "img"
	if linked {
		role = "group" // a picture is one thing, and hides the link in it from those who do not see it
	}
	d.start("g", attr{"role", role})
	d.title(r.title)
	if linked {
		d.link(r.href, fmt.Sprint("#r", r.number))
	}
	class := "room"
	if r.kind == Bucket {
		class += " bucket"
	}
	d.empty("rect", box.attrs(attr{"class", class})...)
	d.roomText(r, box)
	if linked {
		d.end()
	}
	d.end()
}

// roomText writes what a room is beside its icon.
func (d *drawer) roomText(r *room, box rect) {
	middle := box.y + box.h/2
	d.empty("use", attr{"href", "#" + icons[r.kind].id}, num("x", box.x+9), num("y", middle-9))
	room := box.w - iconWidth - padding/2
	if r.idle {
		d.text(box.x+iconWidth, middle+4, r.name, labelSize, room, "small")
		return
	}
	d.text(box.x+iconWidth, middle-2, r.name, nameSize, room, "name")
	d.text(box.x+iconWidth, middle+12, r.detail, smallSize, room, "")
}

// text writes one line that takes so much room at most. What has letters of unknown width is held to the
// width that it was given.
func (d *drawer) text(x, y int, s string, size, room int, class string) {
	bold := bold(class)
	s = fit(s, size, room, bold)
	attrs := []attr{num("x", x), num("y", y), {"class", class}}
	if strings.ContainsFunc(s, func(r rune) bool { return r > 127 && !strings.ContainsRune("…·×→←", r) }) {
		attrs = append(attrs, num("textLength", textWidth(s, size, bold)), attr{"lengthAdjust", "spacingAndGlyphs"})
	}
	d.leaf("text", s, attrs...)
}

// bold reports whether text of a class is bold.
func bold(class string) bool { return class != "" && class != "small" }

// line draws a link: its line, which has markers at both ends, and its caption.
func (d *drawer) line(p *plan, i int) {
	l := &p.links[i]
	from, to := &p.rooms[l.from], &p.rooms[l.to]
	d.start("g", d.classes(l.class(), []int{p.houses[from.house].account, p.houses[to.house].account}, []int{from.number, to.number}),
		attr{"role", "img"})
	d.leaf("title", l.title)
	way := attr{"d", path(p.lines[i])}
	if d.highlights {
		d.empty("path", way, attr{"class", "touch"})
	}
	d.empty("path", way, attr{"class", "way"})
	d.caption(l, p.captions[i])
	d.end()
}

// class returns the classes that a link has by what it is.
func (l *link) class() string {
	class := "line " + string(l.access)
	if l.denied {
		class = "line denied"
	}
	switch {
	case l.possible:
		class += " possible"
	case l.dashed:
		class += " dashed"
	}
	return class
}

// caption draws the text of a line on its background.
func (d *drawer) caption(l *link, box rect) {
	if len(l.lines) == 0 {
		return
	}
	d.empty("rect", box.attrs(attr{"class", "tag"})...)
	for i, text := range l.lines {
		d.text(box.x+6, box.y+12+13*i, text, captionFont(i), captionMax, captionClass(i))
	}
}

func captionClass(line int) string {
	if line == 0 {
		return "label"
	}
	return ""
}

// path returns the path through points, with round corners.
func path(points []point) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%d %d", points[0].x, points[0].y)
	for i := 1; i < len(points)-1; i++ {
		p := points[i]
		r := min(6, length(points[i-1], p)/2, length(p, points[i+1])/2)
		a, c := towards(p, points[i-1], r), towards(p, points[i+1], r)
		b.WriteString(piece(points[i-1], a))
		fmt.Fprintf(&b, "q%d %d %d %d", p.x-a.x, p.y-a.y, c.x-a.x, c.y-a.y)
	}
	return b.String() + piece(points[len(points)-2], points[len(points)-1])
}

// piece returns the path to a point on the same level or straight above or below.
func piece(from, to point) string {
	if from.y == to.y {
		return fmt.Sprint("H", to.x)
	}
	return fmt.Sprint("V", to.y)
}

func length(a, b point) int { return abs(a.x-b.x) + abs(a.y-b.y) }

// towards returns the point that is so far from a on the way to b.
func towards(a, b point, far int) point {
	step := func(from, to int) int { return max(-far, min(far, to-from)) }
	return point{a.x + step(a.x, b.x), a.y + step(a.y, b.y)}
}
