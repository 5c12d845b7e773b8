package picture

// plan is where everything of a scene is, in pixels.
type plan struct {
	*scene
	w, h     int
	boxes    []rect    // of the houses, roofs included
	texts    []rect    // of the houses: their first lines
	inside   []rect    // of the rooms
	more     [][2]rect // of the houses: lines about rooms that are not drawn; empty: none
	captions []rect    // of the links; empty: none
	lines    [][]point // of the links, from room to room
}

// layout is what is known of a plan before it is one.
type layout struct {
	shaper
	grid       grid
	shapes     []shape
	columns    []channel // vertical channels
	rows       []channel // horizontal channels
	colX, rowY []int     // where the cells begin
}

// channel is the space between two columns or rows, with lanes for lines.
type channel struct {
	spans []span
	lanes map[int][2]int // by link: of its first and its last span
	n     int
	at    int // where it begins
}

// arrange returns a plan of s with houses in so many columns.
func arrange(s *scene, cols int) *plan {
	g := place(s, cols)
	routes := chooseRoutes(s, g)
	all := newPorts(s, routes)
	l := &layout{shaper: shaper{s: s, routes: routes, ports: all, sides: all.sides(len(s.rooms))}, grid: g}
	for i := range s.houses {
		l.shapes = append(l.shapes, l.shape(i))
	}
	l.columns, l.rows = make([]channel, g.cols+1), make([]channel, g.rows+1)
	for i := range s.links {
		if !routes[i].inner {
			l.reserve(i)
		}
	}
	for i := range l.columns {
		l.columns[i].pack()
	}
	for i := range l.rows {
		l.rows[i].pack()
	}
	p := &plan{scene: s}
	p.w, p.h = l.stretch()
	l.fill(p)
	return p
}

// Places along channels before anything has coordinates: cell after cell, each after the channel that
// crosses there.
const (
	cellSpan     = 1 << 24
	crossingSpan = 1 << 10
)

// reserve adds the spans of link i to the channels it takes.
func (l *layout) reserve(i int) {
	r, k := &l.routes[i], &l.s.links[i]
	from, to := l.ends(i)
	start := r.fromCell.row*cellSpan + crossingSpan + l.shapes[l.s.rooms[k.from].house].rooms[k.from].y + from
	end := r.toCell.row*cellSpan + crossingSpan + l.shapes[l.s.rooms[k.to].house].rooms[k.to].y + to
	if r.across < 0 {
		l.columns[r.first].add(k.trunk, newSpan(i, start, end, 1-r.out, 1-r.in))
		return
	}
	onwards := left
	if r.last > r.first {
		onwards = right
	}
	l.columns[r.first].add(k.trunk, crossing(i, start, r.across, 1-r.out, onwards))
	l.columns[r.last].add(k.trunk, crossing(i, end, r.across, 1-r.in, 1-onwards))
	up := newSpan(i, r.first*cellSpan, r.last*cellSpan, above(r.fromCell.row, r.across), above(r.toCell.row, r.across))
	up.to += crossingSpan - 1
	l.rows[r.across].add(k.trunk, up)
}

// crossing returns the span from a place to a crossing channel, all of which it takes.
func crossing(link, place, channel, side, onwards int) span {
	if c := channel * cellSpan; c < place {
		return newSpan(link, c, place, onwards, side)
	}
	return newSpan(link, place, channel*cellSpan+crossingSpan-1, side, onwards)
}

// above returns the side of a horizontal channel on which a row is: left means above.
func above(row, channel int) int {
	if row < channel {
		return left
	}
	return right
}

func (c *channel) add(name string, s span) {
	s.trunk = name
	c.spans = append(c.spans, s)
}

// pack gives the spans of c lanes.
func (c *channel) pack() {
	var lanes []int
	lanes, c.n = pack(c.spans)
	c.lanes = map[int][2]int{}
	for i, s := range c.spans {
		both, again := c.lanes[s.link]
		if !again {
			both[0] = lanes[i]
		}
		both[1] = lanes[i]
		c.lanes[s.link] = both
	}
}

// width returns how wide a channel is.
func (c *channel) width(edge bool) int {
	switch {
	case c.n > 0:
		return roundUp((c.n-1)*pitch + 3*unit)
	case edge:
		return unit
	}
	return 3 * unit
}

// stretch gives cells and channels their places, and returns the size of all.
func (l *layout) stretch() (w, h int) {
	widths, heights := make([]int, l.grid.cols), make([]int, l.grid.rows)
	for i, c := range l.grid.cells {
		widths[c.col] = max(widths[c.col], l.shapes[i].w)
		heights[c.row] = max(heights[c.row], roundUp(l.shapes[i].h))
	}
	l.colX, w = along(l.columns, widths)
	l.rowY, h = along(l.rows, heights)
	return w, h
}

// along puts channels and cells after each other, and returns where the cells begin and where all ends.
func along(channels []channel, cells []int) (starts []int, end int) {
	for i := range channels {
		c := &channels[i]
		c.at = end
		end += c.width(i == 0 || i == len(cells))
		if i < len(cells) {
			starts = append(starts, end)
			end += cells[i]
		}
	}
	return starts, end
}

// fill computes everything in p.
func (l *layout) fill(p *plan) {
	p.inside = make([]rect, len(l.s.rooms))
	for i := range l.s.houses {
		sh, c := &l.shapes[i], l.grid.cells[i]
		x, y := l.colX[c.col], l.rowY[c.row]
		p.boxes = append(p.boxes, rect{x, y, sh.w, sh.h})
		p.texts = append(p.texts, sh.text.moved(x, y))
		p.more = append(p.more, [2]rect{sh.more[left].moved(x, y), sh.more[right].moved(x, y)})
		for r, box := range sh.rooms {
			p.inside[r] = box.moved(x, y)
		}
	}
	for i := range l.s.links {
		p.lines = append(p.lines, l.line(p, i))
		p.captions = append(p.captions, l.caption(p, i))
	}
}

// line returns the line of link i.
func (l *layout) line(p *plan, i int) []point {
	k, r := &l.s.links[i], &l.routes[i]
	a, b := p.inside[k.from], p.inside[k.to]
	y, end := l.ends(i)
	from, to := point{a.side(r.out), a.y + y}, point{b.side(r.in), b.y + end}
	if r.inner {
		house := l.s.rooms[k.from].house
		x := p.boxes[house].x + l.shapes[house].corridor + l.shapes[house].lanes[i]*pitch
		return line(from, point{x, from.y}, point{x, to.y}, to)
	}
	x := l.columns[r.first].lane(l.columns[r.first].lanes[i][0])
	if r.across < 0 {
		return line(from, point{x, from.y}, point{x, to.y}, to)
	}
	across := l.rows[r.across].lane(l.rows[r.across].lanes[i][0])
	last := l.columns[r.last].lane(l.columns[r.last].lanes[i][1])
	return line(from, point{x, from.y}, point{x, across}, point{last, across}, point{last, to.y}, to)
}

// side returns where a side of r is.
func (r rect) side(side int) int {
	if side == left {
		return r.x
	}
	return r.right()
}

// lane returns where a lane of c is.
func (c *channel) lane(n int) int { return c.at + 3*unit/2 + n*pitch }

// caption returns where the caption of link i is: on its line, before the head of the arrow.
func (l *layout) caption(p *plan, i int) rect {
	k, r := &l.s.links[i], &l.routes[i]
	w, h := captionSize(k)
	if w == 0 {
		return rect{}
	}
	end := p.lines[i][len(p.lines[i])-1]
	if r.in == left {
		return rect{end.x - headSpace - w, end.y - h/2, w, h}
	}
	return rect{end.x + headSpace, end.y - h/2, w, h}
}
