package picture

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// writer writes XML. Everything but the names of elements and attributes is escaped, and those are constants of
// this package, so that no text can become markup.
type writer struct {
	b    strings.Builder
	open []string
}

// attr is an attribute.
type attr struct{ name, value string }

// num returns an attribute with a number.
func num(name string, value int) attr { return attr{name, strconv.Itoa(value)} }

// box returns the attributes of a rectangle.
func (r rect) attrs(more ...attr) []attr {
	return append([]attr{num("x", r.x), num("y", r.y), num("width", r.w), num("height", r.h)}, more...)
}

// start begins an element.
func (w *writer) start(name string, attrs ...attr) {
	w.tag(name, attrs, ">")
	w.open = append(w.open, name)
}

// empty writes an element without content.
func (w *writer) empty(name string, attrs ...attr) { w.tag(name, attrs, "/>\n") }

// end ends the element that began last.
func (w *writer) end() {
	name := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	fmt.Fprintf(&w.b, "</%s>\n", name)
}

// leaf writes an element with text in it.
func (w *writer) leaf(name, text string, attrs ...attr) {
	w.start(name, attrs...)
	w.b.WriteString(escape(text))
	w.end()
}

func (w *writer) tag(name string, attrs []attr, end string) {
	w.b.WriteString("<" + name)
	for _, a := range attrs {
		if a.value != "" {
			fmt.Fprintf(&w.b, ` %s="%s"`, a.name, escape(a.value))
		}
	}
	w.b.WriteString(end)
}

// escape returns s as the text of an element or an attribute: what has a meaning in XML by its reference, what XML
// cannot have as U+FFFD.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&#34;")
		case r == '\'':
			b.WriteString("&#39;")
		case r < 0x20 && r != '\n', r == 0x7f, r >= 0xfffe && r&0xfffe == 0xfffe:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
