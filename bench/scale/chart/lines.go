package chart

import (
	"fmt"
	"strings"
)

// Lines is a chart of series over one axis.
type Lines struct {
	Title, Caption string // a caption may have several lines
	X, Y           Axis
	Series         []Series
	// Marks are values of the vertical axis that mean something.
	Marks []Mark
}

// Series is a line. Its name stands at its end.
type Series struct {
	Name   string
	X, Y   []float64
	Dashed bool
	// Colour is one of six. Series of one colour belong together.
	Colour int
}

// Mark is a value with its meaning.
type Mark struct {
	Value float64
	Name  string
}

const (
	linesHeight = 380 // of the area of lines
	axisWidth   = 64  // of the labels at the left
	axisHeight  = 52  // of those below
)

// SVG draws the chart.
func (l *Lines) SVG() string {
	names := 0
	for _, s := range l.Series {
		names = max(names, len([]rune(s.Name)))
	}
	top := below(l.Caption) + 14
	f := frame{left: margin + axisWidth, right: width - margin - 14 - labelWidth*float64(names), top: top, bottom: top + linesHeight}
	var c canvas
	c.begin(l.Title, l.Caption, int(f.bottom)+axisHeight)
	f.axes(&c, &l.X, &l.Y)
	var ends []float64
	for _, s := range l.Series {
		ends = append(ends, f.y(&l.Y, s.Y[len(s.Y)-1]))
	}
	ends = apart(ends, 16, f.top, f.bottom)
	for i, s := range l.Series {
		f.series(&c, l, &s, ends[i])
	}
	for _, m := range l.Marks {
		y := f.y(&l.Y, m.Value)
		c.line("mark", f.left, y, f.right, y)
		c.text(f.left+6, y+15, "marked", "start", m.Name)
	}
	return c.end()
}

// frame is the area of lines.
type frame struct{ left, right, top, bottom float64 }

func (f *frame) x(a *Axis, v float64) float64 { return f.left + a.share(v)*(f.right-f.left) }
func (f *frame) y(a *Axis, v float64) float64 { return f.bottom - a.share(v)*(f.bottom-f.top) }

func (f *frame) axes(c *canvas, x, y *Axis) {
	for _, v := range y.ticks() {
		at := f.y(y, v)
		c.line("grid", f.left, at, f.right, at)
		c.text(f.left-8, at+4, "small", "end", y.text(v))
	}
	for _, v := range x.ticks() {
		at := f.x(x, v)
		c.line("grid", at, f.top, at, f.bottom)
		c.text(at, f.bottom+18, "small", "middle", x.text(v))
	}
	c.line("axis", f.left, f.bottom, f.right, f.bottom)
	c.line("axis", f.left, f.top, f.left, f.bottom)
	c.text(margin, f.top-10, "small", "start", "↑ "+y.Label)
	c.text(f.right, f.bottom+38, "small", "end", x.Label+" →")
}

// series draws a line, and its name at the height end.
func (f *frame) series(c *canvas, l *Lines, s *Series, end float64) {
	var points []string
	for i := range s.X {
		points = append(points, fmt.Sprintf("%.1f,%.1f", f.x(&l.X, s.X[i]), f.y(&l.Y, s.Y[i])))
	}
	class := fmt.Sprintf("l%d", s.Colour%colours)
	if s.Dashed {
		class += " dashed"
	}
	fmt.Fprintf(c, `<polyline class="%s" points="%s"/>`+"\n", class, strings.Join(points, " "))
	last := f.y(&l.Y, s.Y[len(s.Y)-1])
	x := f.x(&l.X, s.X[len(s.X)-1])
	if end-last > 1 || last-end > 1 {
		c.line("axis", x+2, last, x+10, end)
	}
	c.text(x+13, end+4, fmt.Sprintf("t%d", s.Colour%colours), "start", s.Name)
}
