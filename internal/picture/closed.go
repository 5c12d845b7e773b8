package picture

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A page that is larger than the map is scaled to three quarters, or to this; whoever reads it enlarges the picture.
const (
	pageMaxW = 1800
	pageMaxH = 2400
)

// drawClosed returns the document with a list of the accounts, a map of closed houses, and a page for each.
func (x *index) drawClosed() []byte {
	n := len(x.m.Houses)
	p := arrange(x.closed(), closedColumns(n))
	var pages []*plan
	w, h := p.w, max(p.h, (n+2)*indexRow)
	for i := range x.m.Houses {
		s := x.around(i)
		page := arrange(s, openColumns(len(s.houses)))
		pages = append(pages, page)
		w, h = max(w, min(page.w*3/4, pageMaxW)), max(h, min((page.h+pageHead)*3/4, pageMaxH))
	}
	d := &drawer{page: "h", highlights: true}
	top := x.m.head()
	d.begin(x, indexW+w+2*margin, h+top+margin, x.m.summary(), litHouses(p))
	for i, h := range p.houses {
		d.halo("h", h.account, p.boxes[i], indexW+margin, top)
	}
	d.clear(w + indexW + margin)
	for i, page := range pages {
		d.pageOf(x, i, page, rect{indexW + margin, top, w, h})
	}
	d.start("g", attr{"class", "map"}, shift(indexW+margin, top))
	d.draw(p)
	d.end()
	d.index(x)
	d.end()
	return []byte(d.b.String())
}

// closedColumns returns in how many columns so many closed houses stand: fewer than rows, because the list beside
// them is long.
func closedColumns(n int) int { return ceilRoot((n + 1) / 2) }

// closed returns the scene of closed houses: each is one room, and the arrows between two are one link.
func (x *index) closed() *scene {
	s := &scene{closed: true}
	for i := range x.m.Houses {
		h := &x.m.Houses[i]
		under := []string{h.counts()}
		if h.label() != visible(h.ID) && !h.Outside {
			under = []string{visible(h.ID), h.counts()}
		}
		s.houses = append(s.houses, house{account: i, name: h.label(), under: under, title: h.title(), outside: h.Outside, href: h.Href, rooms: [2][]int{{i}, nil}})
		s.rooms = append(s.rooms, room{number: i, house: i})
	}
	for _, arrows := range x.between() {
		s.links = append(s.links, x.bundle(arrows))
	}
	s.joinTrunks()
	return s
}

// between returns the arrows between each two houses, in order of these.
func (x *index) between() [][]Arrow {
	pairs := map[[2]int][]Arrow{}
	for _, a := range x.m.Arrows {
		if from, to := x.house[a.From], x.house[a.To]; from != to {
			pairs[[2]int{from, to}] = append(pairs[[2]int{from, to}], a)
		}
	}
	var all [][]Arrow
	for _, arrows := range pairs {
		all = append(all, arrows)
	}
	slices.SortFunc(all, func(a, b []Arrow) int {
		ab, bb := [2]int{x.house[a[0].From], x.house[a[0].To]}, [2]int{x.house[b[0].From], x.house[b[0].To]}
		return slices.Compare(ab[:], bb[:])
	})
	return all
}

// bundle returns the link of all arrows from one house to another: denied if all are, dashed if all have
// conditions.
func (x *index) bundle(arrows []Arrow) link {
	from, to := x.house[arrows[0].From], x.house[arrows[0].To]
	l := link{from: from, to: to, denied: true, possible: true, dashed: conditional(arrows) == len(arrows)}
	var granted []Arrow
	for _, a := range arrows {
		l.denied, l.possible = l.denied && a.Denied, l.possible && a.Possible
		if !a.Denied {
			granted = append(granted, a)
		}
	}
	if len(granted) == 0 {
		granted = arrows
	}
	l.access = strongest(granted)
	l.title = fmt.Sprintf("%s → %s\n%s", x.m.Houses[from].known(), x.m.Houses[to].known(), (&Map{Arrows: arrows}).kinds())
	return l
}

// joinTrunks makes links share lanes that have one end in common: the end that has more of them.
func (s *scene) joinTrunks() {
	out, in := make([]int, len(s.rooms)), make([]int, len(s.rooms))
	for _, l := range s.links {
		out[l.from]++
		in[l.to]++
	}
	for i := range s.links {
		l := &s.links[i]
		if in[l.to] >= out[l.from] {
			l.trunk = fmt.Sprint("to ", l.to)
		} else {
			l.trunk = fmt.Sprint("from ", l.from)
		}
	}
}

// pageHead is the room above the picture on a page.
const pageHead = 40

// pageOf draws the page of an account, scaled to its place if it is larger.
func (d *drawer) pageOf(x *index, number int, p *plan, in rect) {
	pageW, pageH := max(p.w, leastW), p.h+pageHead
	d.start("svg", attr{"id", "d" + strconv.Itoa(number)}, attr{"class", "page"}, num("x", in.x), num("y", in.y),
		num("width", min(pageW, in.w)), num("height", min(pageH, in.h)), attr{"viewBox", fmt.Sprintf("0 0 %d %d", pageW, pageH)}, attr{"preserveAspectRatio", "xMinYMin meet"})
	d.leaf("title", x.m.Houses[number].title())
	d.start("a", attr{"href", "#top"})
	d.text(0, 16, "← all accounts", labelSize, pageW, "label")
	d.end()
	inner := &drawer{page: "d"}
	inner.draw(p)
	d.start("g", shift(0, pageHead))
	d.b.WriteString(inner.b.String())
	d.end()
	d.end()
}

// index draws the list of accounts: each leads to its house on the map, and to its page.
func (d *drawer) index(x *index) {
	order := make([]int, len(x.m.Houses))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(x.m.Houses[a].label(), x.m.Houses[b].label()) })
	in, out := x.degrees()
	d.start("g", attr{"class", "index"}, attr{"role", "navigation"}, attr{"aria-label", "accounts"}, shift(margin, x.m.head()))
	for row, i := range order {
		d.entry(&x.m.Houses[i], i, row*indexRow, in[i], out[i])
	}
	d.end()
}

// degrees returns how many arrows come to each house from others, and how many lead from it to others.
func (x *index) degrees() (in, out []int) {
	in, out = make([]int, len(x.m.Houses)), make([]int, len(x.m.Houses))
	for _, a := range x.m.Arrows {
		if from, to := x.house[a.From], x.house[a.To]; from != to {
			in[to]++
			out[from]++
		}
	}
	return in, out
}

func (d *drawer) entry(h *House, number, y, in, out int) {
	d.start("a", attr{"href", fmt.Sprint("#h", number)}, attr{"class", "row"})
	d.leaf("title", fmt.Sprintf("%s\n%s from other accounts, %s to others", h.title(), count(in, "arrow"), count(out, "arrow")))
	d.empty("rect", rect{0, y, indexW - 70, indexRow}.attrs(attr{"class", "slot"}, num("rx", 4))...)
	d.text(6, y+14, h.label(), labelSize, 130, "label")
	d.text(142, y+14, fmt.Sprintf("%d in, %d out", in, out), smallSize, 70, "")
	d.end()
	d.start("a", attr{"href", fmt.Sprint("#d", number)}, attr{"class", "row"})
	d.leaf("title", "open "+h.known())
	d.empty("rect", rect{indexW - 62, y, 42, indexRow}.attrs(attr{"class", "slot"}, num("rx", 4))...)
	d.text(indexW-54, y+14, "open", smallSize, 40, "")
	d.end()
}
