package policy

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// Glob is a pattern with the wildcards '*' and '?', for whoever has to tell what several patterns have in common.
// Its zero value matches the empty text only. It is immutable.
type Glob struct {
	tokens   []rune
	compiled glob
}

func globOf(tokens []rune) Glob {
	// Two stars in a row are one.
	tokens = slices.CompactFunc(tokens, func(a, b rune) bool { return a == tokStar && b == tokStar })
	return Glob{tokens, newGlob(tokens)}
}

// AnyText returns the Glob that matches everything.
func AnyText() Glob { return ParseGlob("*") }

// ParseGlob returns the Glob of a pattern in which '*' and '?' are wildcards and nothing else is special.
func ParseGlob(pattern string) Glob { return globOf(appendPattern(nil, pattern)) }

// LiteralGlob returns the Glob that matches s and nothing else.
func LiteralGlob(s string) Glob { return globOf(appendLiteral(nil, s)) }

// ParseTextGlob returns the Glob of a pattern in which ${*}, ${?} and ${$} are the characters themselves, as
// Glob.String writes it.
func ParseTextGlob(pattern string) Glob {
	tokens, _, _ := openTokens(pattern, true, &emptyContext, func(string) bool { return true })
	return globOf(tokens)
}

// Then returns the Glob of what g matches followed by what h matches.
func (g Glob) Then(h Glob) Glob { return globOf(slices.Concat(g.tokens, h.tokens)) }

// Match reports whether the whole of s matches.
func (g Glob) Match(s string) bool { return g.compiled.match(s) }

// Literal returns the one text that g matches; ok is false if it has a wildcard.
func (g Glob) Literal() (s string, ok bool) { return g.compiled.prefix, g.compiled.kind == globExact }

// Prefix returns the characters before the first wildcard.
func (g Glob) Prefix() string { return g.compiled.prefix }

// String returns the pattern, in which ${*}, ${?} and ${$} are the characters themselves.
func (g Glob) String() string {
	var b strings.Builder
	for i, t := range g.tokens {
		switch {
		case t == tokStar:
			b.WriteByte('*')
		case t == tokAny:
			b.WriteByte('?')
		case t == '*' || t == '?':
			b.WriteString("${" + string(t) + "}")
		case t == '$' && i+1 < len(g.tokens) && g.tokens[i+1] == '{':
			b.WriteString("${$}")
		default:
			b.WriteString(tokenText(t))
		}
	}
	return b.String()
}

// tokenText returns what a token that is no wildcard matches.
func tokenText(t rune) string {
	if t > utf8.MaxRune {
		return string([]byte{byte(t - rawByte)})
	}
	return string(t)
}

// Covers reports whether g matches everything that h matches. It may be false where that could only be seen from
// which characters there are.
func (g Glob) Covers(h Glob) bool {
	// h is taken as a text, of which a wildcard is a character that only a wildcard of g takes; a star only a star.
	p, star, tail := 0, -1, 0
	for n := 0; n < len(h.tokens); {
		t := h.tokens[n]
		switch {
		case p < len(g.tokens) && g.tokens[p] == tokStar:
			star, tail = p, n
			p++
		case p < len(g.tokens) && t != tokStar && (g.tokens[p] == t || g.tokens[p] == tokAny):
			p++
			n++
		case star >= 0:
			tail++
			n, p = tail, star+1
		default:
			return false
		}
	}
	for p < len(g.tokens) && g.tokens[p] == tokStar {
		p++
	}
	return p == len(g.tokens)
}

// maxFindStates bounds what FindText looks at.
const maxFindStates = 1 << 13

// FindText looks for a shortest text that every Glob of all matches, and of which good says yes, given which of
// the others match it; a nil good means that none of them may. sure is false where the search was given up, so
// that there may be one though none was found.
func FindText(all, others []Glob, good func(matched []bool) bool) (text string, found, sure bool) {
	f := finder{globs: slices.Concat(all, others), all: len(all), good: good}
	if good == nil {
		f.good = func(matched []bool) bool { return !slices.Contains(matched, true) }
	}
	return f.find()
}

// finder walks breadth first through the states that texts bring the globs to. The state of a glob is the places
// of the tokens that may come next, in ascending order.
type finder struct {
	globs  []Glob
	all    int
	good   func([]bool) bool
	states []findState
	seen   map[string]bool
}

type findState struct {
	places [][]int32
	from   int32 // the state before; -1 for the first
	by     rune
}

func (f *finder) find() (text string, found, sure bool) {
	f.seen = map[string]bool{}
	first := findState{from: -1, places: make([][]int32, len(f.globs))}
	for i := range f.globs {
		first.places[i] = f.reach(i, nil, 0)
	}
	f.push(first)
	for n := 0; n < len(f.states); n++ {
		if n == maxFindStates {
			return "", false, false
		}
		if f.accepts(n) {
			return f.textOf(n), true, true
		}
		for _, c := range f.characters(n) {
			f.step(n, c)
		}
	}
	return "", false, true
}

// reach adds the place p of glob i, and those behind stars from there on.
func (f *finder) reach(i int, places []int32, p int) []int32 {
	tokens := f.globs[i].tokens
	for ; ; p++ {
		if len(places) == 0 || places[len(places)-1] < int32(p) {
			places = append(places, int32(p))
		}
		if p == len(tokens) || tokens[p] != tokStar {
			return places
		}
	}
}

// push adds a state unless it is known, or no text leads from it to where all of the globs match.
func (f *finder) push(s findState) {
	var key []byte
	for i, places := range s.places {
		if i < f.all && len(places) == 0 {
			return
		}
		for _, p := range places {
			key = binary.AppendUvarint(key, uint64(p)+1)
		}
		key = append(key, 0)
	}
	if !f.seen[string(key)] {
		f.seen[string(key)] = true
		f.states = append(f.states, s)
	}
}

func (f *finder) accepts(n int) bool {
	matched := make([]bool, len(f.globs))
	for i, places := range f.states[n].places {
		matched[i] = len(places) > 0 && int(places[len(places)-1]) == len(f.globs[i].tokens)
		if i < f.all && !matched[i] {
			return false
		}
	}
	return f.good(matched[f.all:])
}

// fresh are characters to choose one from that no pattern asks for.
const fresh = "xyzwvutsrqponmlkjihgfedcba0123456789"

// characters returns those that lead somewhere from a state: one that stands for all that no place asks for, if a
// wildcard takes it, and those that some place asks for.
func (f *finder) characters(n int) []rune {
	var asked []rune
	wild := false
	for i, places := range f.states[n].places {
		for _, p := range places {
			switch {
			case int(p) == len(f.globs[i].tokens):
			case f.globs[i].tokens[p] < 0:
				wild = true
			default:
				asked = append(asked, f.globs[i].tokens[p])
			}
		}
	}
	slices.Sort(asked)
	asked = slices.Compact(asked)
	if !wild {
		return asked
	}
	for _, c := range fresh {
		if !slices.Contains(asked, c) {
			return append([]rune{c}, asked...)
		}
	}
	for c := rune(0x4e00); ; c++ { // more than the patterns ask for
		if !slices.Contains(asked, c) {
			return append([]rune{c}, asked...)
		}
	}
}

func (f *finder) step(n int, c rune) {
	next := findState{from: int32(n), by: c, places: make([][]int32, len(f.globs))}
	for i, places := range f.states[n].places {
		tokens := f.globs[i].tokens
		var to []int32
		for _, p := range places {
			switch {
			case int(p) == len(tokens):
			case tokens[p] == tokStar:
				to = f.reach(i, to, int(p))
			case tokens[p] == tokAny || tokens[p] == c:
				to = f.reach(i, to, int(p)+1)
			}
		}
		next.places[i] = to
	}
	f.push(next)
}

func (f *finder) textOf(n int) string {
	var back []rune
	for s := &f.states[n]; s.from >= 0; s = &f.states[s.from] {
		back = append(back, s.by)
	}
	slices.Reverse(back)
	var b strings.Builder
	for _, c := range back {
		b.WriteString(tokenText(c))
	}
	return b.String()
}

// ValueGlob returns the Glob of a value of a condition, in which the variables have the values of c; a value that
// plain tells has no wildcards. ok is false if a variable has none.
func ValueGlob(value string, plain bool, c *Context) (g Glob, ok bool) {
	t := parseTemplate(value, true)
	if plain {
		text, ok := t.expand(c)
		return LiteralGlob(text), ok
	}
	tokens, ok := t.appendTokens(nil, c)
	return globOf(tokens), ok
}
