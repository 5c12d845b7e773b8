package picture

import (
	"cmp"
	"fmt"
	"slices"
)

// Everything that lines depend on lies on a grid of ten pixels. Lines that meet a room on its left side are three pixels
// above it, those on the right side three below, so that no two that come from both sides of a channel lie
// on each other.
const (
	unit   = 10
	offset = 3

	portHeight = 2 * unit
)

// portKey names a port: one of a room, on one of its sides.
type portKey struct {
	room, side int
	name       string
}

// port is where lines meet a room. All lines that leave a room in the same colour on one side leave by one port; each
// that arrives has one of its own, with its caption.
type port struct {
	key    portKey
	height int    // what it takes of the room's side
	order  [4]int // ports of a side stand in this order, so that lines cross little
	y      int    // from the top of the room
}

// ports are those of a scene, by key.
type ports map[portKey]*port

// newPorts returns the ports of all links.
func newPorts(s *scene, routes []route) ports {
	all := ports{}
	for i := range s.links {
		l, r := &s.links[i], &routes[i]
		all.add(s.outPort(i, r), portHeight, [4]int{r.slope(r.fromCell, r.toCell, l.from, l.to), r.toCell.col, i, 0})
		all.add(s.inPort(i, r), captionHeight(l), [4]int{r.slope(r.toCell, r.fromCell, l.to, l.from), r.fromCell.col, i, 1})
	}
	return all
}

// slope returns where a link goes from here: -1 up, 1 down, 0 straight on. Rooms count within a house.
func (r *route) slope(here, there cell, room, other int) int {
	switch {
	case r.inner:
		return cmp.Compare(other, room)
	case r.across < 0:
		return cmp.Compare(there.row, here.row)
	case r.across <= here.row:
		return -1
	}
	return 1
}

// add adds a port, unless there is one with this key, which only becomes as high as this one.
func (p ports) add(key portKey, height int, order [4]int) {
	if there := p[key]; there != nil {
		there.height = max(there.height, height)
		return
	}
	p[key] = &port{key: key, height: height, order: order}
}

// outPort returns the key of the port by which link i leaves.
func (s *scene) outPort(i int, r *route) portKey {
	l := &s.links[i]
	if s.closed {
		return portKey{l.from, r.out, "out"}
	}
	return portKey{l.from, r.out, fmt.Sprint("out ", l.access, l.denied, l.possible)}
}

// inPort returns the key of the port at which link i arrives.
func (s *scene) inPort(i int, r *route) portKey {
	l := &s.links[i]
	if s.closed {
		return portKey{l.to, r.in, "in"}
	}
	return portKey{l.to, r.in, fmt.Sprint("in ", i)}
}

// stand gives the ports of a side of a room their places, and returns the height that they take.
func (p ports) stand(side []*port) int {
	slices.SortFunc(side, func(a, b *port) int { return slices.Compare(a.order[:], b.order[:]) })
	sum := 0
	for _, one := range side {
		one.y = sum + one.height/2
		sum += one.height
	}
	return sum
}

// sides returns the ports by room and side, in no order.
func (p ports) sides(rooms int) [][2][]*port {
	sides := make([][2][]*port, rooms)
	for _, one := range p {
		sides[one.key.room][one.key.side] = append(sides[one.key.room][one.key.side], one)
	}
	return sides
}
