package picture

// point and rect are in pixels, from the upper left corner of what they lie in.
type point struct{ x, y int }

type rect struct{ x, y, w, h int }

func (r rect) right() int  { return r.x + r.w }
func (r rect) bottom() int { return r.y + r.h }

func (r rect) moved(x, y int) rect { return rect{r.x + x, r.y + y, r.w, r.h} }

// roundUp returns the next multiple of the grid's unit.
func roundUp(n int) int { return (n + unit - 1) / unit * unit }

// line appends points to a line of horizontal and vertical pieces, without those that bend nothing.
func line(points ...point) []point {
	var l []point
	for _, p := range points {
		if n := len(l); n > 0 && l[n-1] == p {
			continue
		}
		if n := len(l); n > 1 && (l[n-2].x == l[n-1].x && l[n-1].x == p.x || l[n-2].y == l[n-1].y && l[n-1].y == p.y) {
			l[n-1] = p
			continue
		}
		l = append(l, p)
	}
	return l
}
