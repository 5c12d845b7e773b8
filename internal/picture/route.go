package picture

// route is the way of a link: out of its room on one side and into the other on one, and between houses
// through the channels of the grid. Vertical channel c is to the left of column c, horizontal channel r
// above row r; one more follows the last column, and the last row.
type route struct {
	out, in  int  // the sides on which it leaves and arrives
	inner    bool // within one house: through its corridor, no channel
	first    int  // the vertical channel beside the house that it leaves
	across   int  // the horizontal channel, or -1 if first and last are the same channel
	last     int  // the vertical channel beside the house at which it arrives
	fromCell cell
	toCell   cell
}

// Lengths of ways, in units of about ten pixels.
const (
	columnWay = 40
	rowWay    = 25
	bendWay   = 12
)

// router chooses routes; it counts what each horizontal channel has, so that they fill evenly.
type router struct {
	s    *scene
	g    grid
	load []int // by horizontal channel
}

// chooseRoutes returns a route for each link.
func chooseRoutes(s *scene, g grid) []route {
	r := &router{s: s, g: g, load: make([]int, g.rows+1)}
	routes := make([]route, len(s.links))
	for i, l := range s.links {
		routes[i] = r.choose(&s.rooms[l.from], &s.rooms[l.to])
		if across := routes[i].across; across >= 0 {
			r.load[across]++
		}
	}
	return routes
}

func (r *router) choose(from, to *room) route {
	if from.house == to.house {
		return route{out: inwards(from), in: inwards(to), inner: true, across: -1}
	}
	var best route
	least := -1
	for _, out := range []int{left, right} {
		for _, in := range []int{left, right} {
			w, length := r.way(from, to, out, in)
			if least < 0 || length < least {
				best, least = w, length
			}
		}
	}
	return best
}

// inwards returns the side of a room that looks to the corridor of its house.
func inwards(r *room) int { return 1 - r.side }

// way returns the shortest route with these sides, and its length.
func (r *router) way(from, to *room, out, in int) (route, int) {
	a, b := r.g.cells[from.house], r.g.cells[to.house]
	w := route{out: out, in: in, first: a.col + out, last: b.col + in, across: -1, fromCell: a, toCell: b}
	// Through its own house a line is longer, and meets the lines of the corridor.
	length := 0
	if out == inwards(from) {
		length += bendWay / 2
	}
	if in == inwards(to) {
		length += bendWay / 2
	}
	if w.first == w.last {
		return w, length + abs(a.row-b.row)*rowWay
	}
	least := -1
	for _, across := range []int{a.row, a.row + 1, b.row, b.row + 1} {
		up := (abs(2*a.row+1-2*across) + abs(2*b.row+1-2*across)) * rowWay / 2
		if n := up + 4*r.load[across]; least < 0 || n < least {
			w.across, least = across, n
		}
	}
	return w, length + least + abs(w.first-w.last)*columnWay + 2*bendWay
}
