package space

import (
	"slices"
	"strings"
	"unicode"
)

// A pattern is a row of tokens, as package policy matches them: characters, and the two wildcards.
type pattern []token

// token is one character, or one or any number of them.
type token struct {
	char rune
	kind tokenKind
	// fold says that the letter's case does not matter; part that a wildcard stands for no colon, because it is in one
	// of the first parts of an ARN.
	fold, part bool
}

type tokenKind uint8

const (
	oneChar tokenKind = iota
	anyChar
	anyChars
)

// takes reports whether the token may stand for a character.
func (t token) takes(c rune) bool {
	switch {
	case t.kind == oneChar && t.fold:
		return strings.EqualFold(string(c), string(t.char))
	case t.kind == oneChar:
		return c == t.char
	default:
		return !t.part || c != ':'
	}
}

// text returns the pattern that matches s itself.
func text(s string, fold bool) pattern {
	var p pattern
	for _, c := range s {
		p = append(p, token{char: c, fold: fold})
	}
	return p
}

// glob returns the pattern in which '*' and '?' are wildcards.
func glob(s string, fold, part bool) pattern {
	p := text(s, fold)
	for i := range p {
		switch p[i].char {
		case '*':
			p[i] = token{kind: anyChars, part: part}
		case '?':
			p[i] = token{kind: anyChar, part: part}
		}
	}
	return p
}

// arnGlob returns the pattern of an ARN, each of whose first parts is matched by itself.
func arnGlob(s string) pattern {
	if s == "*" {
		return glob(s, false, false)
	}
	parts := strings.SplitN(s, ":", 6)
	for len(parts) < 6 {
		parts = append(parts, "*")
	}
	var p pattern
	for i, part := range parts {
		if i > 0 {
			p = append(p, token{char: ':'})
		}
		p = append(p, glob(part, false, i < 5)...)
	}
	return p
}

// cell stands for all strings that match the same of some patterns.
type cell struct {
	text    string
	matches []bool // by pattern
}

// fresh are characters that are put where any will do, if no pattern has them.
const fresh = "xyzqwvkjXYZ0123456789abcdefghijklmnoprstu"

// cells returns a string, the shortest that is not empty, for each set of patterns that some string matches, and the
// empty one. ok is false if that took more than limit steps.
func cells(patterns []pattern, limit int) (found []cell, ok bool) {
	m := newMachine(patterns)
	seen := map[string]bool{} // states that strings lead to which are not empty
	met := map[string]bool{}
	begin := m.start()
	queue := []walk{{begin, ""}}
	found = append(found, cell{"", m.accepts(begin)})
	for len(queue) > 0 {
		w := queue[0]
		queue = queue[1:]
		for _, c := range m.alphabet {
			if limit -= len(patterns) + 1; limit < 0 {
				return nil, false
			}
			next := walk{m.step(w.at, c), w.text + string(c)}
			key := next.at.key()
			if seen[key] {
				continue
			}
			seen[key] = true
			queue = append(queue, next)
			matches := m.accepts(next.at)
			if id := vector(matches); !met[id] {
				met[id] = true
				found = append(found, cell{next.text, matches})
			}
		}
	}
	return found, true
}

// vector is a comparable form of truth values.
func vector(values []bool) string {
	b := make([]byte, len(values))
	for i, v := range values {
		if v {
			b[i] = 1
		}
	}
	return string(b)
}

// walk is a state of the machine with the text that leads to it.
type walk struct {
	at   state
	text string
}

// state has for each pattern the places that may have been reached, as bits.
type state [][]uint64

func (s state) key() string {
	var b strings.Builder
	for _, set := range s {
		for _, word := range set {
			for range 8 {
				b.WriteByte(byte(word))
				word >>= 8
			}
		}
	}
	return b.String()
}

// machine reads strings with all patterns at once.
type machine struct {
	patterns []pattern
	alphabet []rune // a character for each set of tokens that take it
}

func newMachine(patterns []pattern) *machine {
	m := &machine{patterns: patterns}
	have := map[rune]bool{':': true}
	for _, p := range patterns {
		for _, t := range p {
			if t.kind != oneChar {
				continue
			}
			have[t.char] = true
			for c := unicode.SimpleFold(t.char); t.fold && c != t.char; c = unicode.SimpleFold(c) {
				have[c] = true
			}
		}
	}
	// A character that none of them has comes first, so that what stands for many strings says little.
	m.alphabet = append(m.alphabet, other(have))
	for c := range have {
		m.alphabet = append(m.alphabet, c)
	}
	slices.Sort(m.alphabet[1:])
	return m
}

// other returns a character that is not among have.
func other(have map[rune]bool) rune {
	for _, c := range fresh {
		if !have[c] {
			return c
		}
	}
	c := rune(0x3b1)
	for have[c] {
		c++
	}
	return c
}

func (m *machine) start() state {
	s := make(state, len(m.patterns))
	for i, p := range m.patterns {
		s[i] = make([]uint64, len(p)/64+1)
		set(s[i], p, 0)
	}
	return s
}

// set adds a place, and those behind it that are reached without a character.
func set(places []uint64, p pattern, at int) {
	places[at/64] |= 1 << (at % 64)
	if at < len(p) && p[at].kind == anyChars {
		set(places, p, at+1)
	}
}

func has(places []uint64, at int) bool { return places[at/64]&(1<<(at%64)) != 0 }

func (m *machine) step(s state, c rune) state {
	next := make(state, len(s))
	for i, p := range m.patterns {
		next[i] = make([]uint64, len(s[i]))
		for at := range p {
			if !has(s[i], at) || !p[at].takes(c) {
				continue
			}
			if p[at].kind == anyChars {
				set(next[i], p, at)
			} else {
				set(next[i], p, at+1)
			}
		}
	}
	return next
}

func (m *machine) accepts(s state) []bool {
	matches := make([]bool, len(s))
	for i, p := range m.patterns {
		matches[i] = has(s[i], len(p))
	}
	return matches
}
