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
	if values, multi, _ := c.Lookup(p.text); !multi && len(values) == 1 {
		return values[0], true
	}
	return p.def, p.hasDefault
}

// expand returns the template as plain text, in which nothing is a wildcard; ok is false if a
// variable has no value.
func (t *template) expand(c *Context) (s string, ok bool) {
	var b strings.Builder
	for i := range t.pieces {
		p := &t.pieces[i]
		text := p.text
		if p.kind == pieceVariable {
			if text, ok = p.value(c); !ok {
				return "", false
			}
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// tokens returns the template as the tokens of a pattern; ok is false if a variable has no value.
func (t *template) tokens(c *Context) (tokens []rune, ok bool) {
	for i := range t.pieces {
		switch p := &t.pieces[i]; p.kind {
		case pieceText:
			tokens = appendPattern(tokens, p.text)
		case pieceLiteral:
			tokens = appendLiteral(tokens, p.text)
		case pieceVariable:
			text, ok := p.value(c)
			if !ok {
				return nil, false
			}
			tokens = appendLiteral(tokens, text)
		}
	}
	return tokens, true
}

// pattern is a template that is matched as a glob, compiled ahead if it can be.
type pattern struct {
	template template
	static   glob
}

func newPattern(s string, variables bool) pattern {
	p := pattern{template: parseTemplate(s, variables)}
	if !p.template.dynamic {
		tokens, _ := p.template.tokens(nil)
		p.static = newGlob(tokens)
	}
	return p
}

func (p *pattern) match(s string, c *Context) bool {
	if !p.template.dynamic {
		return p.static.match(s)
	}
	tokens, ok := p.template.tokens(c)
	if !ok {
		return false
	}
	g := newGlob(tokens)
	return g.match(s)
}
