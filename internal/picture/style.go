package picture

import (
	"fmt"
	"strings"
)

// paint is a property of some elements, in light and in dark.
type paint struct {
	selector, property string
	light, dark        string
}

// palette has every colour of the picture. Contrast is 4.5:1 at least for text, and 3:1 for lines; no
// difference is told by colour alone.
var palette = []paint{
	{".page-bg", "fill", "#f7f6f3", "#16181d"},
	{"text", "fill", "#5b626c", "#a2a9b3"},
	{".headline,.owner,.name,.label", "fill", "#1f2328", "#e6e8eb"},
	{".wall", "fill", "#ffffff", "#20242b"},
	{".wall", "stroke", "#b9b4a8", "#4b525d"},
	{".roof", "fill", "#e9e4d8", "#333a45"},
	{".room", "fill", "#f4f6f9", "#2a303a"},
	{".room", "stroke", "#c8ced8", "#4d5665"},
	{".bucket", "fill", "#fbf5e6", "#3a3425"},
	{".bucket", "stroke", "#d8c48c", "#7d6c3c"},
	{"use", "stroke", "#5b626c", "#a2a9b3"},
	{".tag", "fill", "#ffffff", "#16181d"},
	{".read", "color", "#0b66b5", "#62b0f4"},
	{".assume", "color", "#00755a", "#3cc49c"},
	{".write", "color", "#b25400", "#f0a04b"},
	{".administer", "color", "#8a3a96", "#d493e0"},
	{".denied", "color", "#c4122f", "#ff7686"},
	{".halo", "stroke", "#0b66b5", "#62b0f4"},
	{"a:hover text,a:focus text", "fill", "#0b66b5", "#62b0f4"},
	{".row:hover .slot,a:focus .slot", "fill", "#e9e4d8", "#333a45"},
}

// rules has what is the same in light and dark.
const rules = `svg{color-scheme:light dark}
text{font-family:system-ui,Roboto,Helvetica,Arial,sans-serif;font-size:10px;stroke:none}
.headline{font-size:18px;font-weight:600}
.name{font-size:13px;font-weight:600}
.small{font-size:11px}
.owner{font-size:14px;font-weight:600}
.label{font-size:11px;font-weight:600}
.wall,.room,.tag{stroke-width:1}
.room{rx:6px}
.tag{rx:7px}
.out .wall{stroke-dasharray:6 4}
use{fill:none;stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round}
.way{fill:none;stroke-width:1.6;stroke-linejoin:round}
.touch{fill:none;stroke:none;stroke-width:12;pointer-events:stroke}
.line{stroke:currentColor}
.end path{stroke:currentColor;fill:currentColor;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.dashed .way{stroke-dasharray:7 4}
.possible .way{stroke-dasharray:2 4}
.halo{fill:none;stroke-width:3;visibility:hidden}
.halo:target{visibility:visible}
.clear{visibility:hidden}
.halo:target~.clear{visibility:visible}
.line:hover .way{stroke-width:3.2}
.slot{fill:none;pointer-events:all}
a{cursor:pointer}
.halo:target~.map .dim{opacity:.12}
.halo:target~.map .line.dim{opacity:.07}
.page{display:none}
.page:target{display:inline}
.page:target~.map{display:none}
`

// style returns the style sheet. lit has the selectors of what stays bright when a house or room is the
// target of the document's address; what else there is becomes dim.
func style(lit []string) string {
	var b, dark strings.Builder
	b.WriteString("\n" + rules)
	for _, p := range palette {
		fmt.Fprintf(&b, "%s{%s:%s}\n", p.selector, p.property, p.light)
		fmt.Fprintf(&dark, "%s{%s:%s}\n", p.selector, p.property, p.dark)
	}
	for _, kind := range lineKinds() {
		fmt.Fprintf(&b, ".%s .way{marker-start:url(#dot-%s);marker-end:url(#head-%s)}\n#dot-%s path{stroke-width:5}\n", kind, kind, kind, kind)
	}
	b.WriteString("#head-denied path{stroke-width:2.6}\n")
	if len(lit) > 0 {
		b.WriteString(strings.Join(lit, ",\n") + "{opacity:1}\n")
	}
	return b.String() + "@media (prefers-color-scheme:dark){\n" + dark.String() + "}\n"
}
