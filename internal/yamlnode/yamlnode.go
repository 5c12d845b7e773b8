// Package yamlnode reads YAML into its nodes, which know their places, and takes colons as YAML does.
//
// In braces the YAML library takes every colon for the end of a key, and {aws:SecureTransport: true} for a key "aws",
// where YAML needs a space behind it. Names of condition keys, actions and ARNs are full of colons, so those within a
// word are kept from the library.
//
// Source: https://yaml.org/spec/1.2.2/#733-plain-style
package yamlnode

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Error says what is wrong with a text, and where: lines and columns are from 1.
type Error struct {
	Line, Column int
	Message      string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// inner stands for a colon within a word while the library reads it.
const inner = "\uE03A"

// Parse returns the value of the one document in a text; nil if there is none. The error is an *Error. Keys that are
// repeated are refused.
func Parse(text string) (ast.Node, error) {
	if strings.Contains(text, inner) {
		return nil, &Error{1, 1, "the character U+E03A has no meaning"}
	}
	f, err := parser.ParseBytes([]byte(shield(text)), 0)
	if err != nil {
		return nil, located(err)
	}
	var body ast.Node
	for _, one := range f.Docs {
		switch {
		case one.Body == nil:
		case body != nil:
			e := &Error{1, 1, "there is more than one YAML document"}
			e.at(one.Body.GetToken())
			return nil, e
		default:
			body = one.Body
		}
	}
	if body != nil {
		ast.Walk(restorer{}, body)
	}
	return body, nil
}

// located returns the error of the library with its place.
func located(err error) *Error {
	var known yaml.Error
	if !errors.As(err, &known) {
		return &Error{1, 1, unquoted(err.Error())}
	}
	e := &Error{1, 1, unquoted(known.GetMessage())}
	e.at(known.GetToken())
	return e
}

func (e *Error) at(t *token.Token) {
	if t != nil && t.Position != nil {
		e.Line, e.Column = t.Position.Line, t.Position.Column
	}
}

// shield puts inner in the place of the colons in a text that end no key: those with something behind them, unless it
// is an indicator, or there is the end of a quoted key, or of braces or brackets, before them. It is as wide, so that
// places stay what they are.
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

// unquoted undoes shield in a message, which may quote what it names.
func unquoted(message string) string { return strings.ReplaceAll(bare(message), `\ue03a`, ":") }

// restorer undoes shield in nodes.
type restorer struct{}

// Visit puts the colons back into a node.
func (r restorer) Visit(n ast.Node) ast.Visitor {
	switch s := n.(type) {
	case *ast.StringNode:
		s.Value = bare(s.Value)
	case *ast.LiteralNode:
		s.Value.Value = bare(s.Value.Value)
		restore(s.Value.Token)
	}
	restore(n.GetToken())
	return r
}

func restore(t *token.Token) {
	if t != nil {
		t.Value, t.Origin = bare(t.Value), bare(t.Origin)
	}
}
