package expect

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"crossgrant/internal/yamlnode"
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

// parse returns the one value in a text.
func (d *document) parse(text string) (ast.Node, error) {
	body, err := yamlnode.Parse(text)
	var wrong *yamlnode.Error
	switch {
	case errors.As(err, &wrong):
		return nil, place{d.file, d.skipped + wrong.Line, wrong.Column}.errorf("%s", wrong.Message)
	case err != nil:
		return nil, d.at(nil).errorf("%v", err)
	case body == nil:
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
	return word{text, d.of(n)}, nil
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
