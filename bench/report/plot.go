package report

import (
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
)

// Plot draws a report as an SVG: for every row, how many operations per second each endpoint did and how much
// processor time its server needed for one, as bars beside each other. The bars of a row are drawn relative to
// its longest, and labelled with their values. Below them stand the memory and the bytes on disk that each
// endpoint had in the end. It is readable on light and dark ground.
func Plot(w io.Writer, title, caption string, r *Report) error {
	p := plot{groups: group(r.Lines), memory: map[string]int64{}, disk: r.Disk}
	for _, l := range r.Lines {
		p.memory[l.Endpoint] = max(p.memory[l.Endpoint], l.PeakRSS)
		if !slices.Contains(p.endpoints, l.Endpoint) {
			p.endpoints = append(p.endpoints, l.Endpoint)
		}
	}
	p.draw(title, caption)
	_, err := io.WriteString(w, p.text.String())
	return err
}

// Measures of the plot, in pixels.
const (
	plotWidth   = 960
	plotMargin  = 24
	nameWidth   = 150 // of the names of rows
	panelGap    = 24
	labelWidth  = 120 // of the values behind bars
	panelWidth  = (plotWidth - 2*plotMargin - nameWidth - panelGap) / 2
	barWidth    = panelWidth - labelWidth // of the longest
	barHeight   = 13
	barGap      = 3
	groupGap    = 16
	plotTop     = 118
	lineHeight  = 18
	captionTop  = 30
	legendTop   = 66
	panelTitles = 96
)

// plotStyle has the colours; the first endpoint has the strongest. They are told apart without seeing hue, by
// their lightness, on both grounds.
const plotStyle = `
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 17px; font-weight: 600 }
.small { font-size: 11.5px; fill: #59636e }
.ground { fill: #ffffff }
.axis { stroke: #d1d9e0 }
.b0 { fill: #0b6bcb } .b1 { fill: #7a8793 } .b2 { fill: #e0a43b } .b3 { fill: #b7c2cc } .b4 { fill: #8a5fbf } .b5 { fill: #3d9a6c }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9da7b1 } .ground { fill: #0d1117 } .axis { stroke: #3d444d }
.b0 { fill: #58a6ff } .b1 { fill: #8b949e } .b2 { fill: #d9a441 } .b3 { fill: #565e67 } .b4 { fill: #b392f0 } .b5 { fill: #56b886 }
}
`

// colours is how many classes of bars the style has.
const colours = 6

type plot struct {
	text      strings.Builder
	groups    [][]*Line // by row
	endpoints []string
	memory    map[string]int64 // bytes at most, by endpoint; none or 0 if not known
	disk      map[string]int64 // bytes in the end
}

// group puts the lines of a row together, which follow each other.
func group(lines []*Line) [][]*Line {
	var groups [][]*Line
	for i, l := range lines {
		if i == 0 || l.Row != lines[i-1].Row {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], l)
	}
	return groups
}

func (p *plot) draw(title, caption string) {
	height := plotTop + plotMargin + len(p.endpoints)*(barHeight+barGap) + groupGap
	for _, g := range p.groups {
		height += groupHeight(g)
	}
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`+"\n",
		plotWidth, height, plotWidth, height, html.EscapeString(title))
	p.printf("<style>%s</style>\n<rect class=\"ground\" width=\"100%%\" height=\"100%%\"/>\n", plotStyle)
	p.write(plotMargin, captionTop, "title", title)
	p.write(plotMargin, captionTop+lineHeight, "small", caption)
	p.legend()
	left := plotMargin + nameWidth
	p.write(left, panelTitles+8, "", "operations per second (longer is better)")
	p.write(left+panelWidth+panelGap, panelTitles+8, "", "server CPU per operation (shorter is better)")
	y := plotTop
	for _, g := range p.groups {
		p.group(g, y)
		y += groupHeight(g)
	}
	p.resources(y)
	p.printf("</svg>\n")
}

func groupHeight(g []*Line) int { return len(g)*(barHeight+barGap) + groupGap }

func (p *plot) legend() {
	x := plotMargin
	for i, name := range p.endpoints {
		p.printf(`<rect class="b%d" x="%d" y="%d" width="12" height="12" rx="2"/>`+"\n", i%colours, x, legendTop)
		p.write(x+18, legendTop+11, "", name)
		x += 18 + 8*len(name) + 24
	}
}

// group draws the bars of a row, the top at y.
func (p *plot) group(g []*Line, y int) {
	var fastest, dearest float64
	for _, l := range g {
		fastest = max(fastest, l.PerSecond)
		dearest = max(dearest, float64(l.ServerCPU))
	}
	p.write(plotMargin, y+barHeight-2, "", Name(g[0].Row))
	p.write(plotMargin, y+barHeight-2+lineHeight-3, "small", plural(g[0].Clients, "client"))
	for _, l := range g {
		class := slices.Index(p.endpoints, l.Endpoint) % colours
		left := plotMargin + nameWidth
		p.bar(left, y, class, l.PerSecond, fastest, Number(l.PerSecond)+throughput(l))
		if l.ServerCPU > 0 {
			p.bar(left+panelWidth+panelGap, y, class, float64(l.ServerCPU), dearest, Duration(l.ServerCPU))
		}
		y += barHeight + barGap
	}
	p.printf(`<line class="axis" x1="%d" x2="%d" y1="%d" y2="%d"/>`+"\n", plotMargin, plotWidth-plotMargin, y+groupGap/2-barGap, y+groupGap/2-barGap)
}

// throughput returns the rate of bytes where it says more than that of operations.
func throughput(l *Line) string {
	if l.BytesPerSecond < 1<<20 {
		return ""
	}
	return " (" + Number(l.BytesPerSecond/(1<<20)) + " MiB/s)"
}

// resources draws what endpoints had of memory and disk, the top at y.
func (p *plot) resources(y int) {
	var memory, disk int64
	for _, name := range p.endpoints {
		memory, disk = max(memory, p.memory[name]), max(disk, p.disk[name])
	}
	left, right := plotMargin+nameWidth, plotMargin+nameWidth+panelWidth+panelGap
	p.write(plotMargin, y+barHeight-2, "", "Peak memory | disk")
	p.write(plotMargin, y+barHeight-2+lineHeight-3, "small", "shorter is better")
	for i, name := range p.endpoints {
		if n := p.memory[name]; n > 0 {
			p.bar(left, y, i%colours, float64(n), float64(memory), Bytes(n))
		}
		if n, known := p.disk[name]; known {
			p.bar(right, y, i%colours, float64(n), float64(disk), Bytes(n))
		}
		y += barHeight + barGap
	}
}

// bar draws one bar and its label.
func (p *plot) bar(x, y, class int, value, longest float64, label string) {
	width := 1.0
	if longest > 0 {
		width = max(width, value/longest*barWidth)
	}
	p.printf(`<rect class="b%d" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`+"\n", class, x, y, width, barHeight)
	p.write(x+int(width)+5, y+barHeight-3, "small", label)
}

func (p *plot) write(x, y int, class, text string) {
	p.printf(`<text class="%s" x="%d" y="%d">%s</text>`+"\n", class, x, y, html.EscapeString(text))
}

func (p *plot) printf(format string, args ...any) { fmt.Fprintf(&p.text, format, args...) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
