package expect

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// document is a YAML document that is read strictly. Its places are those of file, below line skipped.
type document struct {
	file    string
	skipped int
}

// at returns the place of a token.
func (d *document) at(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{d.file, d.skipped + 1, 1}
	}
	return place{d.file, d.skipped + t.Position.Line, t.Position.Column}
}

func (d *document) of(n ast.Node) place { return d.at(n.GetToken()) }

// inner stands for a colon within a word, while the YAML library reads it. In braces the library takes every colon for
// the end of a key, and {aws:SecureTransport: true} for a key "aws", where YAML needs a space behind it.
//
// Source: https://yaml.org/spec/1.2.2/#733-plain-style
const inner = "\uE03A"

// shield puts inner in the place of the colons in a text that end no key: those with something behind them, unless it
// is an indicator, or there is the end of a quoted key, or of braces or brackets, before them.
func shield(text string) string {
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		if c == ':' && i+1 < len(text) && !strings.ContainsRune(" \t\r\n,[]{}", rune(text[i+1])) && (i == 0 || !strings.ContainsRune("\"']}", rune(text[i-1]))) {
			out.WriteString(inner)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

// bare undoes shield.
func bare(text string) string { return strings.ReplaceAll(text, inner, ":") }

// parse returns the one value in a text.
func (d *document) parse(text string) (ast.Node, error) {
	if strings.Contains(text, inner) {
		return nil, d.at(nil).errorf("the file has the character U+E03A, which has no meaning")
	}
	f, err := parser.ParseBytes([]byte(shield(text)), 0)
	if err != nil {
		var located yaml.Error
		if errors.As(err, &located) {
			return nil, d.at(located.GetToken()).errorf("%s", bare(located.GetMessage()))
		}
		return nil, d.at(nil).errorf("%v", bare(err.Error()))
	}
	var body ast.Node
	for _, one := range f.Docs {
		switch {
		case one.Body == nil:
		case body != nil:
			return nil, d.of(one.Body).errorf("there is more than one YAML document in the file")
		default:
			body = one.Body
		}
	}
	if body == nil {
		return nil, d.at(nil).errorf("there are no tests in the file")
	}
	return body, nil
}

// entry is one key of a mapping with its value.
type entry struct {
	key   word
	value ast.Node
}

// mapping returns the entries of a mapping, in order, none of which is repeated. what names it in messages.
func (d *document) mapping(n ast.Node, what string) ([]entry, error) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		return nil, d.of(n).errorf("%s is a mapping", what)
	}
	var out []entry
	seen := map[string]bool{}
	for _, v := range values {
		key, err := d.scalar(v.Key, "a key")
		if err != nil {
			return nil, err
		}
		if seen[key.text] {
			return nil, key.at.errorf("%q is there twice", key.text)
		}
		seen[key.text] = true
		out = append(out, entry{key, v.Value})
	}
	return out, nil
}

// list returns the words of a list, or the one word that is there instead of a list; listed tells which.
func (d *document) list(n ast.Node, what string) (words []word, listed bool, err error) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		one, err := d.scalar(n, what)
		return []word{one}, false, err
	}
	for _, v := range s.Values {
		one, err := d.scalar(v, what)
		if err != nil {
			return nil, true, err
		}
		words = append(words, one)
	}
	if len(words) == 0 {
		return nil, true, d.of(n).errorf("%s: the list is empty", what)
	}
	return words, true, nil
}

// scalar returns a word, which is what is written: a number or a truth value stays as it is, without loss.
func (d *document) scalar(n ast.Node, what string) (word, error) {
	var text string
	switch s := n.(type) {
	case *ast.StringNode:
		text = s.Value
	case *ast.LiteralNode:
		text = s.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		text = n.GetToken().Value
	default:
		return word{}, d.of(n).errorf("%s is one word", what)
	}
	if text == "" {
		return word{}, d.of(n).errorf("%s is empty", what)
	}
	return word{bare(text), d.of(n)}, nil
}

// unknown is the error for a key that means nothing.
func unknown(key word, what string, known string) error {
	return key.at.errorf("%s has no key %q: there are %s", what, key.text, known)
}

// quoted is fmt.Sprintf("%q") of what has to be shortened to be readable.
func quoted(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "…"
	}
	return fmt.Sprintf("%q", s)
}
