package policy

import (
	"strings"
)

// version2012 is the version of the language that has policy variables.
const version2012 = "2012-10-17"

// template is a pattern or a text with policy variables:
//
//	${key}            the value of a context key
//	${key, 'text'}    the same, or text where the key is absent
//	${*} ${?} ${$}    the character itself
//
// What a variable stands for is literal text, wildcards included. Anything else that begins with
// "${" is literal as well. Keys compare ignoring case; a multivalued key counts as absent, as does
// a key without value.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
type template struct {
	pieces  []piece
	dynamic bool // some piece is a variable
}

type pieceKind uint8

const (
	pieceText     pieceKind = iota // written text, in which wildcards count where patterns do
	pieceLiteral                   // text without wildcards
	pieceVariable                  // a variable
)

type piece struct {
	kind       pieceKind
	text       string // of a variable, its key in lower case
	written    string // of a variable, its key as written
	hasDefault bool
	def        string
}

// parseTemplate splits s. Without variables, as in version 2008-10-17, all of it is text.
func parseTemplate(s string, variables bool) template {
	var t template
	for s != "" {
		i := strings.Index(s, "${")
		if !variables || i < 0 {
			t.pieces = append(t.pieces, piece{kind: pieceText, text: s})
			break
		}
		p, n := parseVariable(s[i:])
		if n == 0 { // not a variable: keep "${" and go on behind it
			p, n = piece{kind: pieceLiteral, text: "${"}, 2
		}
		if i > 0 {
			t.pieces = append(t.pieces, piece{kind: pieceText, text: s[:i]})
		}
		t.pieces = append(t.pieces, p)
		t.dynamic = t.dynamic || p.kind == pieceVariable
		s = s[i+n:]
	}
	return t
}

// parseVariable parses the variable or escape that s, which begins with "${", begins with. It
// returns how many bytes that takes, 0 if s begins with neither.
func parseVariable(s string) (piece, int) {
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return piece{}, 0
	}
	switch body := s[2:end]; body {
	case "*", "?", "$":
		return piece{kind: pieceLiteral, text: body}, end + 1
	}
	comma := strings.IndexByte(s[:end], ',')
	if comma < 0 {
		key := strings.TrimSpace(s[2:end])
		if !plainKey(key) {
			return piece{}, 0
		}
		return variable(key), end + 1
	}
	key := strings.TrimSpace(s[2:comma])
	rest := strings.TrimLeft(s[comma+1:], " ")
	if !plainKey(key) || !strings.HasPrefix(rest, "'") {
		return piece{}, 0
	}
	text, rest, ok := strings.Cut(rest[1:], "'")
	if !ok {
		return piece{}, 0
	}
	if rest = strings.TrimLeft(rest, " "); !strings.HasPrefix(rest, "}") {
		return piece{}, 0
	}
	p := variable(key)
	p.hasDefault, p.def = true, text
	return p, len(s) - len(rest) + 1
}

func variable(key string) piece {
	return piece{kind: pieceVariable, text: strings.ToLower(key), written: key}
}

// plainKey reports whether key can be that of a variable: no wildcards, quotes or variables in it.
func plainKey(key string) bool { return key != "" && !strings.ContainsAny(key, "*?$'{") }

// value returns what a variable stands for; ok is false if nothing.
func (p *piece) value(c *Context) (s string, ok bool) {
	if v := c.find(p.text); v != nil && !v.multi && v.size() == 1 {
		return v.at(0), true
	}
	return p.def, p.hasDefault
}

// resolve returns what piece p is in a context; ok is false if it is a variable without a value.
func (p *piece) resolve(c *Context) (s string, ok bool) {
	if p.kind == pieceVariable {
		return p.value(c)
	}
	return p.text, true
}

// equals reports whether s is the template as plain text, in which nothing is a wildcard. It is not if a
// variable has no value.
func (t *template) equals(s string, c *Context) bool {
	for i := range t.pieces {
		text, ok := t.pieces[i].resolve(c)
		if !ok {
			return false
		}
		if s, ok = strings.CutPrefix(s, text); !ok {
			return false
		}
	}
	return s == ""
}

// expand returns the template as plain text, in which nothing is a wildcard; ok is false if a
// variable has no value.
func (t *template) expand(c *Context) (s string, ok bool) {
	if len(t.pieces) == 1 {
		return t.pieces[0].resolve(c)
	}
	var b strings.Builder
	for i := range t.pieces {
		text, ok := t.pieces[i].resolve(c)
		if !ok {
			return "", false
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// appendTokens appends the tokens of the template as a pattern; ok is false if a variable has no value.
func (t *template) appendTokens(tokens []rune, c *Context) (out []rune, ok bool) {
	for i := range t.pieces {
		p := &t.pieces[i]
		text, ok := p.resolve(c)
		switch {
		case !ok:
			return nil, false
		case p.kind == pieceText:
			tokens = appendPattern(tokens, text)
		default:
			tokens = appendLiteral(tokens, text)
		}
	}
	return tokens, true
}

// stackTokens is the number of tokens that fit on the stack while a pattern with variables is matched;
// longer ones are matched as well.
const stackTokens = 256

// pattern is a template that is matched as a glob: compiled ahead if no variable is in it, else with
// the text that precedes the first wildcard or variable compared before anything is put together.
type pattern struct {
	static  glob
	prefix  string   // of a dynamic pattern
	dynamic template // what follows the prefix; without pieces: static counts
}

// newPattern compiles head, in which nothing is special, followed by the pattern s.
func newPattern(head, s string, variables bool) pattern {
	t := parseTemplate(s, variables)
	if !t.dynamic {
		tokens, _ := t.appendTokens(appendLiteral(nil, head), nil)
		return pattern{static: newGlob(tokens)}
	}
	p := pattern{prefix: head, dynamic: t}
	if first := &t.pieces[0]; first.kind == pieceText {
		literal := first.text
		if i := strings.IndexAny(literal, "*?"); i >= 0 {
			literal = literal[:i]
		}
		p.prefix += literal
		first.text = first.text[len(literal):]
	}
	return p
}

// literal returns the text that everything that matches begins with.
func (p *pattern) literal() string {
	if p.dynamic.pieces == nil {
		return p.static.prefix
	}
	return p.prefix
}

func (p *pattern) match(s string, c *Context) bool {
	if p.dynamic.pieces == nil {
		return p.static.match(s)
	}
	s, ok := strings.CutPrefix(s, p.prefix)
	if !ok {
		return false
	}
	var stack [stackTokens]rune
	tokens, ok := p.dynamic.appendTokens(stack[:0], c)
	return ok && matchTokens(tokens, s)
}
