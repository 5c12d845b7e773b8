package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// OpenHouses is how many houses are drawn with their rooms on one picture, openArrows how many arrows.
const (
	OpenHouses = 12
	openArrows = 150
)

// Margins of the document.
const (
	margin   = 20
	titleH   = 96
	indexW   = 270
	indexRow = 20
	leastW   = 860 // so that the legend has room in one row
)

// SVG returns the picture of m: one document in UTF-8 that refers to nothing outside itself.
//
// Errors: m has two houses or rooms of one ID, an arrow from or to no room, or a kind that there is not.
func SVG(m *Map) ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	x := newIndex(m.sorted())
	if len(m.Houses) <= OpenHouses && len(x.groups) <= openArrows {
		return x.drawOpen(), nil
	}
	return x.drawClosed(), nil
}

// drawOpen returns the document with all rooms on one picture.
func (x *index) drawOpen() []byte {
	p := arrange(x.open(), openColumns(len(x.m.Houses)))
	d := &drawer{page: "h", highlights: true}
	top := x.m.head()
	w, h := max(p.w, leastW)+2*margin, p.h+top+margin
	d.begin(x, w, h, x.description(), litHouses(p), litRooms(p))
	for i, h := range p.houses {
		d.halo("h", h.account, p.boxes[i], margin, top)
	}
	for i, r := range p.rooms {
		d.halo("r", r.number, p.inside[i], margin, top)
	}
	d.clear(w - margin)
	d.start("g", attr{"class", "map"}, shift(margin, top))
	d.draw(p)
	d.end()
	d.end()
	return []byte(d.b.String())
}

// openColumns returns in how many columns so many open houses stand.
func openColumns(n int) int {
	if n <= 3 {
		return max(n, 1)
	}
	return ceilRoot(n)
}

// ceilRoot returns the smallest number whose square is not less than n, at least 1.
func ceilRoot(n int) int {
	r := 1
	for r*r < n {
		r++
	}
	return r
}

// begin begins a document and writes what precedes the picture.
func (d *drawer) begin(x *index, w, h int, description string, lit ...[]string) {
	title := cmp.Or(visible(x.m.Title), "Who can reach what")
	d.b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	d.start("svg", attr{"xmlns", "http://www.w3.org/2000/svg"}, num("width", w), num("height", h),
		attr{"viewBox", fmt.Sprintf("0 0 %d %d", w, h)}, attr{"role", "group"}, attr{"aria-labelledby", "title"}, attr{"aria-describedby", "desc"})
	d.leaf("title", title, attr{"id", "title"})
	d.leaf("desc", description, attr{"id", "desc"})
	d.leaf("style", style(slices.Concat(lit...)))
	d.symbols()
	d.empty("rect", num("width", w), num("height", h), attr{"class", "page-bg"}, attr{"id", "top"})
	d.text(margin, 30, title, 18, w-2*margin, "headline")
	d.text(margin, 47, x.m.summary(), smallSize, w-2*margin, "")
	d.legend(margin, 70)
	d.missing(x.m, w-2*margin)
}

// told is how many of the sentences about what is missing have a line of their own.
const told = 3

// head returns how much there is above the picture.
func (m *Map) head() int { return titleH + 16*min(len(m.Missing), told) }

// missing writes what is not on the picture below the legend.
func (d *drawer) missing(m *Map, room int) {
	if len(m.Missing) == 0 {
		return
	}
	var all []string
	for _, s := range m.Missing {
		all = append(all, "Not complete: "+visible(s))
	}
	d.start("g")
	d.title(strings.Join(all, "\n"))
	for i, s := range all[:min(len(all), told)] {
		d.text(margin, titleH-4+16*i, s, labelSize, room, "label")
	}
	d.end()
}

// symbols defines the icons, and what is at the ends of lines.
func (d *drawer) symbols() {
	d.start("defs")
	for _, k := range Kinds {
		d.empty("path", attr{"id", icons[k].id}, attr{"d", icons[k].path})
	}
	for _, kind := range lineKinds() {
		d.marker("dot-"+kind, kind, "M0 0h.01")
		d.marker("head-"+kind, kind, ends(kind))
	}
	d.end()
}

// marker defines what lines of a kind have at an end.
func (d *drawer) marker(id, kind, path string) {
	d.start("marker", attr{"id", id}, attr{"class", "end " + kind}, attr{"markerUnits", "userSpaceOnUse"}, attr{"orient", "auto"}, attr{"overflow", "visible"})
	d.empty("path", attr{"d", path})
	d.end()
}

// lineKinds returns the classes of lines that have a colour of their own.
func lineKinds() []string {
	kinds := []string{"denied"}
	for _, a := range Accesses {
		kinds = append(kinds, string(a))
	}
	return kinds
}

// ends returns the end of lines of a kind: the head of an arrow, or the cross of a denial.
func ends(kind string) string {
	if kind == "denied" {
		return "M-14-5L-4 5M-14 5L-4-5"
	}
	return "M-1 0l-7-4v8z"
}

// clear writes the link that ends a highlight, up to x. It is seen while there is one.
func (d *drawer) clear(x int) {
	d.start("a", attr{"href", "#top"}, attr{"class", "clear"})
	d.text(x-150, 30, "← show everything", labelSize, 150, "label")
	d.end()
}

// halo draws what shows that a house or a room is the target of the document's address.
func (d *drawer) halo(prefix string, number int, box rect, x, y int) {
	out := map[string]int{"h": 8, "r": 3}[prefix]
	b := rect{box.x + x - out, box.y + y - out, box.w + 2*out, box.h + 2*out}
	d.empty("rect", b.attrs(attr{"id", prefix + strconv.Itoa(number)}, attr{"class", "halo"}, num("rx", 9))...)
}

func shift(x, y int) attr { return attr{"transform", fmt.Sprintf("translate(%d %d)", x, y)} }

// litHouses returns the selectors of what stays bright with each house.
func litHouses(p *plan) []string {
	var lit []string
	for _, h := range p.houses {
		lit = append(lit, fmt.Sprintf("#h%d:target~.map .h%d", h.account, h.account))
	}
	return lit
}

// litRooms returns the selectors of what stays bright with each room.
func litRooms(p *plan) []string {
	var lit []string
	for _, r := range p.rooms {
		lit = append(lit, fmt.Sprintf("#r%d:target~.map .r%d", r.number, r.number))
	}
	return lit
}

// legend explains lines and colours.
func (d *drawer) legend(x, y int) {
	d.start("g", attr{"class", "legend"}, shift(x, y))
	at := 0
	for _, item := range []struct {
		l    link
		text string
	}{
		{link{access: Read}, "read"}, {link{access: Assume}, "assume"}, {link{access: Write}, "write"}, {link{access: Administer}, "administer"},
		{link{access: Read, dashed: true}, "only under conditions"}, {link{access: Read, possible: true}, "perhaps: not excluded"},
		{link{denied: true}, "denied"},
	} {
		d.start("g", attr{"class", item.l.class()})
		d.empty("path", attr{"d", path([]point{{at, 0}, {at + 40, 0}})}, attr{"class", "way"})
		d.end()
		d.text(at+48, 4, item.text, smallSize, 200, "")
		at += 48 + textWidth(item.text, smallSize, false) + 18
	}
	d.end()
}
