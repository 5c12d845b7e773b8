package why

import "strings"

// Drawing is the picture of an explanation: boxes for what was consulted, in order, and how they come to a verdict.
// Its coordinates are pixels; what it looks like is in assets/why.css.
type Drawing struct {
	W, H   int
	Frames []Box
	Lines  []Line
	Labels []Label
	Boxes  []Box
}

// Box is a rectangle with a sign, a title and a line below it.
type Box struct {
	X, Y, W, H int
	Class      string
	State      State // of the sign; empty: none
	Title      string
	Under      string
	To         string // where it leads; empty: nowhere
	Decided    bool
}

// Line is a straight line.
type Line struct {
	X1, Y1, X2, Y2 int
	Class          string
}

// Label is a text.
type Label struct {
	X, Y  int
	Class string
	Text  string
}

// AndX and AndY are the corner of what stands behind an "and".
func (l Label) AndX() int { return l.X - 22 }

// AndY is its upper edge.
func (l Label) AndY() int { return l.Y - 16 }

// Middle is the vertical middle of a box.
func (b Box) Middle() int { return b.Y + b.H/2 }

// SignX is the horizontal middle of its sign, TextX where its text begins, TagX where what is on its right ends.
func (b Box) SignX() int { return b.X + 24 }

// TextX is where the text of a box begins.
func (b Box) TextX() int {
	if b.State == "" {
		return b.X + 16
	}
	return b.X + 44
}

// TagX is where what is on the right of a box ends.
func (b Box) TagX() int { return b.X + b.W - 12 }

// TitleY and UnderY are the base lines of the texts of a box.
func (b Box) TitleY() int {
	if b.Under == "" {
		return b.Middle() + 5
	}
	return b.Y + 21
}

// UnderY is the base line of the second text of a box.
func (b Box) UnderY() int { return b.Y + 38 }

// Measures of a drawing.
const (
	laneW = 322
	inset = 14
	boxH  = 50
	gap   = 16
	headH = 54
)

// drawer makes a drawing from the top to the bottom.
type drawer struct {
	*Drawing
	told *Told
}

// draw draws an explanation: the two sides next to each other on wide screens, or all below each other.
func draw(t *Told, wide bool) *Drawing {
	d := &drawer{&Drawing{}, t}
	columns := 1
	if wide {
		columns = len(t.Sides)
	}
	width := laneW + 2*inset
	d.W = columns*width + (columns-1)*gap
	y := d.request()
	bottom := y
	for i := range t.Sides {
		x, top := 0, bottom
		if columns > 1 {
			x, top = i*(width+gap), y
		}
		if top > y {
			top += gap
			d.and(top + 12)
			top += 24 + gap
		}
		d.line(d.W/2, y-gap, x+width/2, top, i == 0 || columns > 1)
		end := d.side(&t.Sides[i], x, top)
		bottom = max(bottom, end)
	}
	if columns > 1 {
		// The frames of both sides end where the longer one does.
		for i := range d.Frames {
			d.Frames[i].H = bottom - d.Frames[i].Y
		}
	}
	d.verdict(bottom)
	return d.Drawing
}

// request draws who asks for what, and returns where it ends.
func (d *drawer) request() int {
	who := d.told.Principal.Name
	if who == "" {
		who = shortName(d.told.Principal.ARN)
	}
	if who == "" {
		who = "anonymous"
	}
	w := min(d.W, laneW)
	d.Boxes = append(d.Boxes, Box{
		X: (d.W - w) / 2, Y: 2, W: w, H: boxH, Class: "asked", Title: cut(d.told.Action, 38), Under: cut(who+" on "+strings.TrimPrefix(d.told.Resource, "arn:aws:s3:::"), 43),
	})
	return 2 + boxH + gap
}

// line draws a line from a box to one below it, bent if that is not straight below.
func (d *drawer) line(x1, y1, x2, y2 int, drawn bool) {
	if !drawn {
		return
	}
	if x1 == x2 {
		d.Lines = append(d.Lines, Line{x1, y1, x2, y2, ""})
		return
	}
	middle := (y1 + y2) / 2
	d.Lines = append(d.Lines, Line{x1, y1, x1, middle, ""}, Line{x1, middle, x2, middle, ""}, Line{x2, middle, x2, y2, ""})
}

// and draws that both have to.
func (d *drawer) and(y int) {
	d.Labels = append(d.Labels, Label{d.W / 2, y + 5, "and", "and"})
}

// side draws one side, and returns where it ends.
func (d *drawer) side(s *Side, x, y int) int {
	frame := len(d.Frames)
	d.Frames = append(d.Frames, Box{X: x, Y: y, W: laneW + 2*inset, Class: "side"})
	d.Labels = append(d.Labels, Label{x + inset, y + 24, "side-title", cut(s.Title, 40)}, Label{x + inset, y + 42, "side-under", s.Under})
	at := y + headH
	for i := range s.Steps {
		step := &s.Steps[i]
		if i > 0 {
			d.Lines = append(d.Lines, Line{x + inset + laneW/2, at - gap, x + inset + laneW/2, at, ""})
		}
		box := Box{
			X: x + inset, Y: at, W: laneW, H: boxH, Class: "step " + string(step.State), State: step.State,
			Title: cut(step.Title, 34), Under: cut(step.Under(), 42), Decided: step.Decided,
		}
		if step.Decided {
			box.Class += " decided"
		}
		if step.ID != "" {
			box.To = "#" + step.ID
		}
		d.Boxes = append(d.Boxes, box)
		at += boxH + gap
	}
	end := at - gap
	if len(d.told.Sides) > 1 {
		d.Lines = append(d.Lines, Line{x + inset + laneW/2, at - gap, x + inset + laneW/2, at, ""})
		d.Boxes = append(d.Boxes, Box{X: x + inset, Y: at, W: laneW, H: 36, Class: "says " + string(s.Says), State: s.Says, Title: s.Words})
		end = at + 36
	}
	end += inset
	d.Frames[frame].H = end - y
	return end
}

// verdict draws what comes of it.
func (d *drawer) verdict(y int) {
	t := &teller{e: d.told.Explanation}
	state, words := t.outcome()
	w := min(d.W, laneW)
	if len(d.told.Sides) > 1 && d.W > laneW+2*inset {
		for i := range d.told.Sides {
			f := d.Frames[i]
			d.Lines = append(d.Lines, Line{f.X + f.W/2, y, f.X + f.W/2, y + gap/2, ""}, Line{f.X + f.W/2, y + gap/2, d.W / 2, y + gap/2, ""})
		}
		d.and(y + gap/2 + 18)
		y += gap/2 + 18 + 10
	}
	d.Lines = append(d.Lines, Line{d.W / 2, y, d.W / 2, y + gap, ""})
	d.Boxes = append(d.Boxes, Box{X: (d.W - w) / 2, Y: y + gap, W: w, H: 44, Class: "verdict " + string(state), State: state, Title: words})
	d.H = y + gap + 44 + 2
}

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}
