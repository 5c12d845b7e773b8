package event

import (
	"strings"

	"crossgrant/internal/jsonwrite"
)

// append appends an element as JSON in the form in which AWS's events have them: attributes are members, elements of
// one name are an array from the second on, and text that is a whole number or a truth value is one. Text beside
// attributes or elements is the member content. foreign leaves e-mail addresses out.
//
// Source: the events of PutBucketAcl, PutBucketLifecycle and PutBucketTagging in testdata. What is made of other text
// than whole numbers and truth values is not to be seen there: it stays text.
func (e *element) append(dst []byte, foreign bool) []byte {
	text := strings.Trim(e.text.String(), " \t\r\n")
	if len(e.attributes) == 0 && len(e.children) == 0 {
		return appendText(dst, text)
	}
	o := jsonwrite.Object{Text: dst}
	o.Open("", '{')
	order, groups := e.members(foreign)
	for _, name := range order {
		g := groups[name]
		o.Key(name)
		if g.size() > 1 {
			o.Text = append(o.Text, '[')
		}
		for i, value := range g.attributes {
			o.Text = appendText(separate(o.Text, i), value)
		}
		for i, child := range g.children {
			o.Text = child.append(separate(o.Text, i+len(g.attributes)), foreign)
		}
		if g.size() > 1 {
			o.Text = append(o.Text, ']')
		}
	}
	if text != "" {
		if _, taken := groups["content"]; !taken {
			o.Key("content")
			o.Text = appendText(o.Text, text)
		}
	}
	o.Close('}')
	return o.Text
}

// group is what an element has of one name.
type group struct {
	attributes []string
	children   []*element
}

func (g *group) size() int { return len(g.attributes) + len(g.children) }

// members returns the names of what an element has, in the order of their first appearance, and what it has of each.
func (e *element) members(foreign bool) (order []string, groups map[string]*group) {
	groups = map[string]*group{}
	of := func(name string) *group {
		g := groups[name]
		if g == nil {
			g = new(group)
			groups[name], order = g, append(order, name)
		}
		return g
	}
	for _, a := range e.attributes {
		g := of(a.name)
		g.attributes = append(g.attributes, a.value)
	}
	for _, c := range e.children {
		if foreign && strings.HasSuffix(c.name, "EmailAddress") {
			continue
		}
		g := of(c.name)
		g.children = append(g.children, c)
	}
	return order, groups
}

func separate(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}

// maxDigits is how many digits of a number every reader of JSON keeps.
const maxDigits = 15

// appendText appends a text, as a number or a truth value if it is one and reads the same when it is written back.
func appendText(dst []byte, text string) []byte {
	digits := strings.TrimPrefix(text, "-")
	whole := digits != "" && len(digits) <= maxDigits && strings.Trim(digits, "0123456789") == "" && (digits[0] != '0' || text == "0")
	if whole || text == "true" || text == "false" {
		return append(dst, text...)
	}
	return jsonwrite.AppendString(dst, text)
}
