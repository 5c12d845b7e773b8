package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// Text returns the document as canonical JSON without white space: Parse gives it the same meaning,
// and its own Text is the same. A list of one value is written as the value; statements are always a
// list; numbers and booleans are written as strings; what says nothing, such as an empty Condition,
// is left out.
//
// The text may be longer than what the document was parsed from, so parse it with Stored.
func (d *Document) Text() string {
	w := &writer{ascii: d.Type != Bucket}
	w.open('{')
	if d.Version != "" {
		w.member("Version", d.Version)
	}
	if d.ID != "" {
		w.member("Id", d.ID)
	}
	w.name("Statement")
	w.open('[')
	for i := range d.Statements {
		w.item()
		w.statement(&d.Statements[i])
	}
	w.close(']')
	w.close('}')
	return w.b.String()
}

// writer writes JSON.
type writer struct {
	b strings.Builder
	// first tells that the next item of the innermost object or list is its first.
	first bool
	// ascii escapes the characters that IAM does not accept in a document.
	ascii bool
}

func (w *writer) open(c byte) {
	w.b.WriteByte(c)
	w.first = true
}

func (w *writer) close(c byte) {
	w.b.WriteByte(c)
	w.first = false
}

// item begins an item of a list, or a member of an object.
func (w *writer) item() {
	if !w.first {
		w.b.WriteByte(',')
	}
	w.first = false
}

func (w *writer) name(s string) {
	w.item()
	w.str(s)
	w.b.WriteByte(':')
}

func (w *writer) member(name string, values ...string) {
	w.name(name)
	if len(values) == 1 {
		w.str(values[0])
		return
	}
	w.open('[')
	for _, v := range values {
		w.item()
		w.str(v)
	}
	w.close(']')
}

// str writes a string; of the characters that JSON lets stand for themselves, it escapes none but
// those that IAM does not accept.
func (w *writer) str(s string) {
	w.b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			w.b.WriteByte('\\')
			w.b.WriteRune(c)
		case c < 0x20 || w.ascii && c > 0xFF && c <= 0xFFFF:
			fmt.Fprintf(&w.b, `\u%04x`, c)
		case w.ascii && c > 0xFFFF:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&w.b, `\u%04x\u%04x`, high, low)
		default:
			w.b.WriteRune(c)
		}
	}
	w.b.WriteByte('"')
}

func (w *writer) statement(s *Statement) {
	w.open('{')
	if s.Sid != "" {
		w.member("Sid", s.Sid)
	}
	w.member("Effect", s.Effect.String())
	if s.Principals != nil {
		w.principals(s)
	}
	w.member(s.actionElement(), s.Actions...)
	if len(s.Resources) > 0 {
		w.member(s.resourceElement(), s.Resources...)
	}
	if len(s.Conditions) > 0 {
		w.conditions(s.Conditions)
	}
	w.close('}')
}

func (w *writer) principals(s *Statement) {
	name := "Principal"
	if s.NotPrincipal {
		name = "NotPrincipal"
	}
	if s.Principals.Any {
		w.member(name, "*")
		return
	}
	var kinds []PrincipalKind
	values := map[PrincipalKind][]string{}
	for _, n := range s.Principals.Names {
		if !slices.Contains(kinds, n.Kind) {
			kinds = append(kinds, n.Kind)
		}
		values[n.Kind] = append(values[n.Kind], n.Value)
	}
	w.name(name)
	w.open('{')
	for _, k := range kinds {
		w.member(string(k), values[k]...)
	}
	w.close('}')
}

// conditions writes the keys operator by operator; those of one operator lie together.
func (w *writer) conditions(conditions []Condition) {
	w.name("Condition")
	w.open('{')
	for i, c := range conditions {
		if i == 0 || c.Operator != conditions[i-1].Operator {
			if i > 0 {
				w.close('}')
			}
			w.name(c.Operator)
			w.open('{')
		}
		w.member(c.Key, c.Values...)
	}
	w.close('}')
	w.close('}')
}

// Keys returns the condition keys that the document uses, in Condition elements and in variables, as
// they are first written, in the order of the document and without repetitions.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html
func (d *Document) Keys() []string {
	var keys []string
	seen := map[string]bool{}
	add := func(key string) {
		if lower := strings.ToLower(key); !seen[lower] {
			seen[lower] = true
			keys = append(keys, key)
		}
	}
	addVariables := func(s string) {
		for _, p := range parseTemplate(s, d.Version == version2012).pieces {
			if p.kind == pieceVariable {
				add(p.written)
			}
		}
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		for _, r := range s.Resources {
			addVariables(r)
		}
		for _, c := range s.Conditions {
			add(c.Key)
			if op, _ := parseOperator(c.Operator); op.family.takesVariables() {
				for _, v := range c.Values {
					addVariables(v)
				}
			}
		}
	}
	return keys
}
