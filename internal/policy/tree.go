package policy

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// NodeKind is the type of a JSON value.
type NodeKind uint8

// The types of JSON values.
const (
	NullNode NodeKind = iota
	BoolNode
	NumberNode
	StringNode
	ArrayNode
	ObjectNode
)

// Place is a place in the text of a document. Line counts from 1, Column and Offset from 0, in characters.
type Place struct{ Line, Column, Offset int }

// Node is a JSON value with its place in the text. Of its parts, only the one of its kind is set.
type Node struct {
	Kind    NodeKind
	Text    string // the decoded string, or a number, true or false as written
	Items   []Node
	Members []Member // in the order of the text; names are unique
	Start   Place    // of the first character
	End     Place    // behind the last character
}

// Member is a member of an object. Its name stands between Start and End, with its quotes.
type Member struct {
	Name       string
	Start, End Place
	Value      Node
}

// Member returns the value of the member of that name, or nil.
func (n *Node) Member(name string) *Node {
	for i := range n.Members {
		if n.Members[i].Name == name {
			return &n.Members[i].Value
		}
	}
	return nil
}

// ReadTree reads a text as the JSON value that a document is, and says nothing of what it means. It is for whoever has
// to tell more about a document than whether it is valid. If the text is not JSON, ok is false and at is where it ceases
// to be.
func ReadTree(text string) (root Node, at Place, ok bool) {
	lines := newLines(text)
	v, err := parseJSON([]byte(text))
	if err != nil {
		var syntax *syntaxError
		errors.As(err, &syntax)
		return Node{}, lines.place(syntax.pos, 0), false
	}
	return lines.node(&v), Place{}, true
}

// lines has the offset of each line of a text.
type lines []int

func newLines(text string) lines {
	l := lines{0}
	offset := 0
	for line := range strings.SplitAfterSeq(text, "\n") {
		offset += utf8.RuneCountInString(line)
		l = append(l, offset)
	}
	return l
}

// place returns the place so many characters behind a position.
func (l lines) place(p Position, behind int) Place {
	column := p.Column - 1 + behind
	return Place{Line: p.Line, Column: column, Offset: l[min(p.Line-1, len(l)-1)] + column}
}

func (l lines) node(v *jsonValue) Node {
	n := Node{Kind: NodeKind(v.kind), Text: v.text, Start: l.place(v.pos, 0), End: l.place(v.end, 1)}
	for i := range v.items {
		n.Items = append(n.Items, l.node(&v.items[i]))
	}
	for i := range v.members {
		m := &v.members[i]
		// A name that has escapes is longer as it is written, of which nobody is told.
		n.Members = append(n.Members, Member{m.name, l.place(m.pos, 0), l.place(m.pos, utf8.RuneCountInString(m.name)+2), l.node(&m.value)})
	}
	return n
}
