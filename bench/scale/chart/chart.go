// Package chart draws lines and bars as SVG documents that are readable on light and dark ground. What it draws depends on
// its arguments only.
package chart

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// Axis is one direction of a chart.
type Axis struct {
	Label    string // with the unit
	Log      bool
	Min, Max float64
	// Ticks are the values that are labelled; nil means each power of ten where Log, or six even ones.
	Ticks []float64
	// Text writes a value; nil means Short.
	Text func(float64) string
}

// Short writes a number with a unit prefix: 1500000 is 1.5M.
func Short(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e18, "E"}, {1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= unit.size {
			return trim(v/unit.size) + unit.name
		}
	}
	return trim(v)
}

// Percent writes a share.
func Percent(v float64) string { return trim(100*v) + " %" }

// Power writes a number as a power of ten.
func Power(v float64) string {
	const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹"
	var exponent strings.Builder
	n := int(math.Round(math.Log10(v)))
	if n < 0 {
		exponent.WriteRune('⁻')
		n = -n
	}
	for _, d := range fmt.Sprint(n) {
		exponent.WriteRune([]rune(digits)[d-'0'])
	}
	return "10" + exponent.String()
}

// trim writes three digits at most, without zeros at the end.
func trim(v float64) string {
	text := fmt.Sprintf("%.3g", v)
	if strings.Contains(text, "e") {
		text = fmt.Sprintf("%.0f", v)
	}
	return text
}

// share returns where a value lies between the ends of the axis, from 0 to 1.
func (a *Axis) share(v float64) float64 {
	at := func(v float64) float64 {
		if a.Log {
			return math.Log10(v)
		}
		return v
	}
	v = min(max(v, a.Min), a.Max)
	return (at(v) - at(a.Min)) / (at(a.Max) - at(a.Min))
}

func (a *Axis) ticks() []float64 {
	if a.Ticks != nil {
		return a.Ticks
	}
	var ticks []float64
	if a.Log {
		for v := a.Min; v <= a.Max*1.0001; v *= 10 {
			ticks = append(ticks, v)
		}
		return ticks
	}
	for i := range 6 {
		ticks = append(ticks, a.Min+(a.Max-a.Min)*float64(i)/5)
	}
	return ticks
}

func (a *Axis) text(v float64) string {
	if a.Text != nil {
		return a.Text(v)
	}
	return Short(v)
}

// Measures of a chart, in pixels.
const (
	width      = 860
	margin     = 20
	titleTop   = 28
	lineHeight = 17
	labelWidth = 7.1 // of a letter, about
)

// style has the colours, which are told apart by lightness and dashes as well.
const style = `
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.small { font-size: 12px; fill: #59636e }
.ground { fill: #ffffff }
.grid { stroke: #e4e8ec } .axis { stroke: #8c959f } .mark { stroke: #cf222e; stroke-dasharray: 2 3 }
.marked { fill: #b3202b; font-size: 12px; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round }
polyline { fill: none; stroke-width: 2.2; stroke-linejoin: round }
.l0 { stroke: #0b6bcb } .l1 { stroke: #b35900 } .l2 { stroke: #2a8a57 } .l3 { stroke: #7d4fc4 } .l4 { stroke: #59636e } .l5 { stroke: #c23a7a }
.b0 { fill: #0b6bcb } .b1 { fill: #b35900 } .b2 { fill: #2a8a57 } .b3 { fill: #7d4fc4 } .b4 { fill: #59636e } .b5 { fill: #c23a7a }
.t0 { fill: #0b5cad } .t1 { fill: #954a00 } .t2 { fill: #1f7048 } .t3 { fill: #6a3fb0 } .t4 { fill: #4b545d } .t5 { fill: #a82d66 }
.dashed { stroke-dasharray: 7 4 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9da7b1 } .ground { fill: #0d1117 }
.grid { stroke: #262c34 } .axis { stroke: #6e7681 } .mark { stroke: #ff7b72 } .marked { fill: #ff9a93; stroke: #0d1117 }
.l0 { stroke: #58a6ff } .l1 { stroke: #f0a04b } .l2 { stroke: #56c288 } .l3 { stroke: #b392f0 } .l4 { stroke: #9da7b1 } .l5 { stroke: #f185b5 }
.b0 { fill: #58a6ff } .b1 { fill: #f0a04b } .b2 { fill: #56c288 } .b3 { fill: #b392f0 } .b4 { fill: #9da7b1 } .b5 { fill: #f185b5 }
.t0 { fill: #58a6ff } .t1 { fill: #f0a04b } .t2 { fill: #56c288 } .t3 { fill: #b392f0 } .t4 { fill: #9da7b1 } .t5 { fill: #f185b5 }
}
`

// colours is how many classes of lines and bars the style has.
const colours = 6

// canvas is a document that is being drawn.
type canvas struct{ strings.Builder }

func (c *canvas) begin(title, caption string, height int) {
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`+"\n",
		width, height, width, height, html.EscapeString(title))
	fmt.Fprintf(c, "<style>%s</style>\n<rect class=\"ground\" width=\"100%%\" height=\"100%%\"/>\n", style)
	c.text(margin, titleTop, "title", "start", title)
	for i, line := range strings.Split(caption, "\n") {
		c.text(margin, titleTop+float64((i+1)*lineHeight)+2, "small", "start", line)
	}
}

// below returns how far down title and caption reach.
func below(caption string) float64 {
	return titleTop + float64((strings.Count(caption, "\n")+1)*lineHeight) + 18
}

func (c *canvas) text(x, y float64, class, anchor, text string) {
	fmt.Fprintf(c, `<text class="%s" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", class, x, y, anchor, html.EscapeString(text))
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(c, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", class, x1, y1, x2, y2)
}

func (c *canvas) end() string {
	c.WriteString("</svg>\n")
	return c.String()
}

// apart moves places, by which labels are drawn, until they are at least gap apart, as little as that takes.
func apart(places []float64, gap, low, high float64) []float64 {
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case places[a] < places[b]:
			return -1
		case places[a] > places[b]:
			return 1
		}
		return 0
	})
	moved := slices.Clone(places)
	last := low - gap
	for _, i := range order {
		moved[i] = max(moved[i], last+gap)
		last = moved[i]
	}
	next := high + gap
	for _, i := range slices.Backward(order) {
		moved[i] = min(moved[i], next-gap)
		next = moved[i]
	}
	return moved
}
