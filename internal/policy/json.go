package policy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of JSON; a policy needs seven levels.
const maxDepth = 32

// jsonKind is the type of a JSON value.
type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// jsonValue is a JSON value with its place in the text. Of its parts, only the one of its kind is set.
type jsonValue struct {
	kind    jsonKind
	text    string // the decoded string, or a number, true or false as written
	items   []jsonValue
	members []jsonMember // in the order of the text; names are unique
	pos     Position     // of the first character
	end     Position     // of the last character
}

type jsonMember struct {
	name  string
	pos   Position
	value jsonValue
}

// member returns the member of that name, or nil.
func (v *jsonValue) member(name string) *jsonValue {
	for i := range v.members {
		if v.members[i].name == name {
			return &v.members[i].value
		}
	}
	return nil
}

// syntaxError is a fault of the JSON itself.
type syntaxError struct {
	pos  Position
	what string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.pos.Line, e.pos.Column, e.what)
}

// parseJSON parses exactly one JSON value (RFC 8259). It is stricter than encoding/json: a member
// name must not be repeated, text must be valid UTF-8, escaped surrogates must come in pairs, and
// nesting is limited. Errors are *syntaxError.
func parseJSON(text []byte) (v jsonValue, err error) {
	p := &jsonParser{s: string(text), line: 1}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *syntaxError:
			err = e
		default:
			panic(e)
		}
	}()
	if !utf8.ValidString(p.s) {
		p.fail("text is not UTF-8")
	}
	p.space()
	v = p.value(0)
	p.space()
	if p.i < len(p.s) {
		p.fail("text after the document")
	}
	return v, nil
}

// jsonParser walks over s; it fails by panicking with a *syntaxError, which parseJSON catches.
type jsonParser struct {
	s     string
	i     int // the next byte
	line  int // the line of i, from 1
	start int // where that line begins
	// col counts the characters of s[start:seen], so that finding a position is cheap.
	seen, col int
}

func (p *jsonParser) fail(what string) { panic(&syntaxError{p.at(), what}) }

// at returns the position of the next byte. It must not be called for an earlier place than before.
func (p *jsonParser) at() Position {
	if p.seen < p.start {
		p.seen, p.col = p.start, 0
	}
	p.col += utf8.RuneCountInString(p.s[p.seen:p.i])
	p.seen = p.i
	return Position{Line: p.line, Column: p.col + 1}
}

// peek returns the next byte, or 0 at the end.
func (p *jsonParser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func (p *jsonParser) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case '\n':
			p.line++
			p.start = p.i + 1
		case ' ', '\t', '\r':
		default:
			return
		}
		p.i++
	}
}

// value parses the value at p.i; white space before it has been skipped.
func (p *jsonParser) value(depth int) jsonValue {
	if depth > maxDepth {
		p.fail("nested too deeply")
	}
	v := jsonValue{pos: p.at()}
	switch c := p.peek(); {
	case c == '{':
		v.kind = jsonObject
		p.object(&v, depth)
	case c == '[':
		v.kind = jsonArray
		p.array(&v, depth)
	case c == '"':
		v.kind = jsonString
		v.text = p.str()
	case c == '-' || '0' <= c && c <= '9':
		v.kind = jsonNumber
		v.text = p.number()
	default:
		v.kind, v.text = p.word()
	}
	// The last character of every value is one byte long.
	p.i--
	v.end = p.at()
	p.i++
	return v
}

func (p *jsonParser) object(v *jsonValue, depth int) {
	p.i++
	p.space()
	if p.peek() == '}' {
		p.i++
		return
	}
	seen := map[string]bool{}
	for {
		if p.peek() != '"' {
			p.fail("expected a member name")
		}
		m := jsonMember{pos: p.at(), name: p.str()}
		if seen[m.name] {
			p.fail("repeated member " + strconv.Quote(m.name))
		}
		seen[m.name] = true
		p.space()
		if p.peek() != ':' {
			p.fail("expected ':'")
		}
		p.i++
		p.space()
		m.value = p.value(depth + 1)
		v.members = append(v.members, m)
		if p.next('}') {
			return
		}
	}
}

func (p *jsonParser) array(v *jsonValue, depth int) {
	p.i++
	p.space()
	if p.peek() == ']' {
		p.i++
		return
	}
	for {
		v.items = append(v.items, p.value(depth+1))
		if p.next(']') {
			return
		}
	}
}

// next reads what follows an item: a comma, or the closing bracket, for which it returns true.
func (p *jsonParser) next(closing byte) bool {
	p.space()
	switch p.peek() {
	case closing:
		p.i++
		return true
	case ',':
		p.i++
		p.space()
		return false
	}
	p.fail("expected ',' or '" + string(closing) + "'")
	return false
}

func (p *jsonParser) word() (jsonKind, string) {
	for _, w := range []string{"true", "false", "null"} {
		if strings.HasPrefix(p.s[p.i:], w) {
			p.i += len(w)
			if w == "null" {
				return jsonNull, ""
			}
			return jsonBool, w
		}
	}
	p.fail("expected a value")
	return 0, ""
}

func (p *jsonParser) number() string {
	from := p.i
	if p.peek() == '-' {
		p.i++
	}
	if p.peek() == '0' {
		p.i++
	} else {
		p.digits()
	}
	if p.peek() == '.' {
		p.i++
		p.digits()
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.i++
		if c := p.peek(); c == '+' || c == '-' {
			p.i++
		}
		p.digits()
	}
	return p.s[from:p.i]
}

func (p *jsonParser) digits() {
	if c := p.peek(); c < '0' || c > '9' {
		p.fail("expected a digit")
	}
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		p.i++
	}
}

func (p *jsonParser) str() string {
	p.i++
	from := p.i
	var b strings.Builder
	for {
		if p.i == len(p.s) {
			p.fail("string without end")
		}
		switch c := p.s[p.i]; {
		case c == '"':
			s := p.s[from:p.i]
			p.i++
			if b.Len() == 0 {
				return s
			}
			b.WriteString(s)
			return b.String()
		case c < 0x20:
			p.fail("control character in a string")
		case c == '\\':
			b.WriteString(p.s[from:p.i])
			b.WriteRune(p.escape())
			from = p.i
		default:
			p.i++
		}
	}
}

// escape reads the escape sequence at p.i.
func (p *jsonParser) escape() rune {
	p.i++
	c := p.peek()
	if c == 'u' {
		p.i++
		r := p.hex4()
		if !utf16.IsSurrogate(r) {
			return r
		}
		if strings.HasPrefix(p.s[p.i:], `\u`) {
			p.i += 2
			if r = utf16.DecodeRune(r, p.hex4()); r != utf8.RuneError {
				return r
			}
		}
		p.fail("half of a surrogate pair")
	}
	i := strings.IndexByte(`"\/bfnrt`, c)
	if c == 0 || i < 0 {
		p.fail("unknown escape")
	}
	p.i++
	return rune("\"\\/\b\f\n\r\t"[i])
}

func (p *jsonParser) hex4() rune {
	if len(p.s)-p.i < 4 {
		p.fail("short \\u escape")
	}
	n, err := strconv.ParseUint(p.s[p.i:p.i+4], 16, 16)
	if err != nil {
		p.fail("bad \\u escape")
	}
	p.i += 4
	return rune(n)
}
