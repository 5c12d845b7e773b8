package picture

// Sizes in pixels.
const (
	nameSize   = 13 // font of names
	smallSize  = 10 // font of details and conditions
	labelSize  = 11 // font of captions
	nameRoom   = 220
	captionMax = 270 // the widest text of a caption
	padding    = 14  // beside what stands in a house
	indent     = 40  // buckets under principals
	roof       = 20
	iconWidth  = 34 // of a room, left of its text
	minRoom    = 4 * unit
	idleRoom   = 2 * unit // of a room without arrows
	headSpace  = 20       // between a caption and its room: the head of the arrow
	closedW    = 180
	closedH    = 6 * unit
	pitch      = 10 // from lane to lane
)

// shape is a house with what is in it, from its upper left corner.
type shape struct {
	w, h     int
	text     rect // its first lines
	rooms    map[int]rect
	more     [2]rect
	corridor int         // where its first lane is
	lanes    map[int]int // of the links within it
}

// captionHeight returns what the caption of a link takes of a room's side.
func captionHeight(l *link) int {
	return max(1, len(l.lines)) * portHeight
}

// captionSize returns the size of a caption's background.
func captionSize(l *link) (w, h int) {
	for i, text := range l.lines {
		size := captionFont(i)
		w = max(w, textWidth(fit(text, size, captionMax, i == 0), size, i == 0))
	}
	if len(l.lines) == 0 {
		return 0, 0
	}
	return w + 12, 3 + 13*len(l.lines)
}

// captionFont returns the size of the font of a line of a caption; the first is bold.
func captionFont(line int) int {
	if line == 0 {
		return labelSize
	}
	return smallSize
}

// shaper finds the shapes of houses.
type shaper struct {
	s      *scene
	routes []route
	ports  ports
	sides  [][2][]*port
}

// shape returns the shape of a house.
func (p *shaper) shape(number int) shape {
	h := &p.s.houses[number]
	if p.s.closed {
		return p.closed(h)
	}
	sh := shape{rooms: map[int]rect{}}
	sh.text = rect{padding, roof, textWidth(h.name, nameSize+1, true), 22}
	for _, under := range h.under {
		sh.text.w = max(sh.text.w, textWidth(under, smallSize, false))
		sh.text.h += 14
	}
	sh.text.w = min(sh.text.w, 2*nameRoom)
	sh.h = p.stack(h, &sh, roundUp(sh.text.bottom()+4))
	p.spread(number, h, &sh)
	return sh
}

// closed returns the shape of a house that is one box.
func (p *shaper) closed(h *house) shape {
	box := rect{0, 0, closedW, closedH}
	for _, side := range p.sides[h.rooms[left][0]] {
		for _, one := range side {
			one.y = closedH/2 - unit
			if one.key.name == "in" {
				one.y = closedH/2 + unit
			}
		}
	}
	return shape{w: box.w, h: box.h, text: box, rooms: map[int]rect{h.rooms[left][0]: box}}
}

// stack puts the rooms of h under each other from y on, first those of the left side, and returns where
// the house ends.
func (p *shaper) stack(h *house, sh *shape, y int) int {
	for side, rooms := range h.rooms {
		for _, r := range rooms {
			height := p.height(r)
			sh.rooms[r] = rect{0, y, 0, height}
			y += height + unit
		}
		if h.more(side) != "" {
			sh.more[side] = rect{0, y, textWidth(h.more(side), smallSize, false), 14}
			y += 2 * unit
		}
	}
	return y + unit
}

// height returns how high a room is, with its ports in the middle of its sides.
func (p *shaper) height(r int) int {
	var taken [2]int
	height := minRoom
	if p.s.rooms[r].idle {
		height = idleRoom
	}
	for side := range taken {
		taken[side] = p.ports.stand(p.sides[r][side])
		height = max(height, taken[side])
	}
	for side, ports := range p.sides[r] {
		for _, one := range ports {
			one.y += (height - taken[side]) / 2 / unit * unit
		}
	}
	return height
}

// spread gives what stands in a house its place from left to right: captions, principals, captions, the lanes of
// the corridor, captions, buckets, captions.
func (p *shaper) spread(number int, h *house, sh *shape) {
	var width [2]int
	var zone [2][2]int // by side of the house, and of the room
	for side, rooms := range h.rooms {
		for _, r := range rooms {
			width[side] = max(width[side], roomWidth(&p.s.rooms[r]))
			for of := range zone[side] {
				zone[side][of] = max(zone[side][of], p.zone(r, of))
			}
		}
		width[side] = max(width[side], sh.more[side].w)
	}
	x := [2]int{max(padding, zone[left][left]), max(padding, zone[right][left])}
	if len(h.rooms[left]) > 0 {
		x[right] = max(padding+indent, zone[right][left])
	}
	sh.w = max(sh.text.w+2*padding, minHouse)
	if n, buckets := p.lanes(number, sh); n > 0 {
		sh.corridor = x[left] + width[left] + max(padding, zone[left][right])
		end := sh.corridor + (n-1)*pitch
		sh.w = max(sh.w, end+padding)
		if buckets {
			x[right] = end + max(padding, zone[right][left])
		}
	}
	for side, rooms := range h.rooms {
		for _, r := range rooms {
			box := sh.rooms[r]
			sh.rooms[r] = rect{x[side], box.y, width[side], box.h}
		}
		sh.more[side].x = x[side]
		if width[side] > 0 {
			sh.w = max(sh.w, x[side]+width[side]+max(padding, zone[side][right]))
		}
	}
	sh.w = roundUp(sh.w)
}

// minHouse is how wide a house is at least.
const minHouse = 16 * unit

// roomWidth returns how wide a room has to be for its text.
func roomWidth(r *room) int {
	if r.idle {
		return roundUp(iconWidth + textWidth(fit(r.name, labelSize, nameRoom, false), labelSize, false) + padding)
	}
	name := textWidth(fit(r.name, nameSize, nameRoom, true), nameSize, true)
	detail := textWidth(fit(r.detail, smallSize, nameRoom, false), smallSize, false)
	return roundUp(iconWidth + max(name, detail) + padding)
}

// zone returns how much the captions on a side of a room take; 0 if it has none there.
func (p *shaper) zone(r, side int) int {
	widest := 0
	for i := range p.s.links {
		if l := &p.s.links[i]; l.to == r && p.routes[i].in == side {
			w, _ := captionSize(l)
			widest = max(widest, w+headSpace+unit)
		}
	}
	return widest
}

// lanes gives the links within a house their lanes. It returns how many lanes there are, and whether a link comes
// from a bucket or to one; if not, buckets may stand under the lanes.
func (p *shaper) lanes(number int, sh *shape) (n int, buckets bool) {
	var spans []span
	for i := range p.s.links {
		l, r := &p.s.links[i], &p.routes[i]
		if r.inner && p.s.rooms[l.from].house == number {
			from, to := p.ends(i)
			// A line that leaves a room on its right side comes from the left.
			buckets = buckets || p.s.rooms[l.from].side == right || p.s.rooms[l.to].side == right
			spans = append(spans, newSpan(i, sh.rooms[l.from].y+from, sh.rooms[l.to].y+to, 1-r.out, 1-r.in))
		}
	}
	lanes, n := pack(spans)
	sh.lanes = map[int]int{}
	for j, s := range spans {
		sh.lanes[s.link] = lanes[j]
	}
	return n, buckets
}

// ends returns where a link leaves its room and where it arrives, from the top of the rooms.
func (p *shaper) ends(i int) (from, to int) {
	r := &p.routes[i]
	shift := []int{-offset, offset}
	return p.ports[p.s.outPort(i, r)].y + shift[r.out], p.ports[p.s.inPort(i, r)].y + shift[r.in]
}

// newSpan returns the span between two places, whichever is first.
func newSpan(link, a, b, sideA, sideB int) span {
	if b < a {
		a, b, sideA, sideB = b, a, sideB, sideA
	}
	return span{link: link, from: a, to: b, sideFrom: sideA, sideTo: sideB}
}
