package saml

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// maxDepth bounds how deep elements may lie in each other: what reads a document descends into it.
const maxDepth = 64

// maxSpaces bounds how many declarations of name spaces may bear on one element: whoever brings a document into
// its canonical form goes through all of them, at each element and for each certificate.
const maxSpaces = 256

// parse reads a document and returns its root. It refuses what is not well-formed, a document type
// declaration, and elements that are too deep.
func parse(text []byte) (*etree.Element, error) {
	document := etree.NewDocument()
	document.ReadSettings = etree.ReadSettings{ValidateInput: true, PreserveDuplicateAttrs: true, MaxDepth: maxDepth}
	if err := document.ReadFromBytes(bytes.TrimSpace(text)); err != nil {
		return nil, fmt.Errorf("parse XML: %w", err)
	}
	for _, token := range document.Child {
		if _, ok := token.(*etree.Directive); ok {
			return nil, errors.New("a document type declaration is not allowed")
		}
	}
	root := document.Root()
	if root == nil {
		return nil, errors.New("there is no element")
	}
	if len(document.ChildElements()) != 1 {
		return nil, errors.New("there is more than one root")
	}
	return root, check(root, 1, 0, map[string]bool{})
}

// check refuses elements that are too deep or below too many declarations of name spaces, spaces of them above it,
// have an attribute twice, or an ID that another one has.
func check(e *etree.Element, depth, spaces int, seen map[string]bool) error {
	if depth > maxDepth {
		return errors.New("elements are too deep")
	}
	names := map[string]bool{}
	for _, a := range e.Attr {
		if a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns" {
			spaces++
		}
		if names[a.FullKey()] {
			return fmt.Errorf("element %s has the attribute %s twice", e.Tag, a.FullKey())
		}
		names[a.FullKey()] = true
		if a.FullKey() == "ID" {
			if seen[a.Value] {
				return fmt.Errorf("two elements have the ID %q", a.Value)
			}
			seen[a.Value] = true
		}
	}
	if spaces > maxSpaces {
		return errors.New("there are too many declarations of name spaces")
	}
	for _, token := range e.Child {
		switch token := token.(type) {
		case *etree.Directive:
			return errors.New("a directive is not allowed")
		case *etree.Element:
			if err := check(token, depth+1, spaces, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// is reports whether an element has this name.
func is(e *etree.Element, space, tag string) bool {
	return e != nil && e.Tag == tag && e.NamespaceURI() == space
}

// children returns the child elements of this name.
func children(e *etree.Element, space, tag string) []*etree.Element {
	var out []*etree.Element
	for _, c := range e.ChildElements() {
		if is(c, space, tag) {
			out = append(out, c)
		}
	}
	return out
}

// only returns the child element of this name, nil if there is none; it is an error that there are several.
func only(e *etree.Element, space, tag string) (*etree.Element, error) {
	found := children(e, space, tag)
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	default:
		return nil, fmt.Errorf("element %s has several elements %s", e.Tag, tag)
	}
}

// required returns the one child element of this name.
func required(e *etree.Element, space, tag string) (*etree.Element, error) {
	found, err := only(e, space, tag)
	if err == nil && found == nil {
		err = fmt.Errorf("element %s has no element %s", e.Tag, tag)
	}
	return found, err
}

// text returns all of the text in an element. A comment in the middle of it is no end of it. Elements in it
// are an error.
func text(e *etree.Element) (string, error) {
	var b strings.Builder
	for _, token := range e.Child {
		switch token := token.(type) {
		case *etree.CharData:
			b.WriteString(token.Data)
		case *etree.Comment:
		default:
			return "", fmt.Errorf("element %s has more than text", e.Tag)
		}
	}
	return strings.TrimSpace(b.String()), nil
}
