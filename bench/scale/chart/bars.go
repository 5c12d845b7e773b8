package chart

import "fmt"

// Bars is a chart of one bar for each row.
type Bars struct {
	Title, Caption string // a caption may have several lines
	Axis           Axis
	Rows           []Bar
	Marks          []Mark
}

// Bar is a row.
type Bar struct {
	Name   string
	Value  float64
	Label  string // behind the bar
	Colour int
}

const (
	barHeight = 18
	barStep   = 27
)

// SVG draws the chart.
func (b *Bars) SVG() string {
	names, labels := 0, 0
	for _, r := range b.Rows {
		names, labels = max(names, len([]rune(r.Name))), max(labels, len([]rune(r.Label)))
	}
	top := below(b.Caption) + 14
	f := frame{left: margin + labelWidth*float64(names) + 10, right: width - margin - 10 - labelWidth*float64(labels), top: top}
	f.bottom = f.top + float64(barStep*len(b.Rows)) + 4
	var c canvas
	c.begin(b.Title, b.Caption, int(f.bottom)+axisHeight)
	for _, v := range b.Axis.ticks() {
		x := f.x(&b.Axis, v)
		c.line("grid", x, f.top, x, f.bottom)
		c.text(x, f.bottom+18, "small", "middle", b.Axis.text(v))
	}
	for i, r := range b.Rows {
		y := f.top + float64(barStep*i) + 5
		c.text(f.left-8, y+14, "", "end", r.Name)
		x := f.x(&b.Axis, r.Value)
		fmt.Fprintf(&c, `<rect class="b%d" x="%.1f" y="%.1f" width="%.1f" height="%d" rx="2"/>`+"\n",
			r.Colour%colours, f.left, y, max(1, x-f.left), barHeight)
		c.text(max(x, f.left+1)+6, y+14, "small", "start", r.Label)
	}
	c.line("axis", f.left, f.top, f.left, f.bottom)
	for _, m := range b.Marks {
		x := f.x(&b.Axis, m.Value)
		c.line("mark", x, f.top-4, x, f.bottom)
		c.text(x, f.top-8, "marked", "middle", m.Name)
	}
	c.text(f.right, f.bottom+38, "small", "end", b.Axis.Label+" →")
	return c.end()
}
