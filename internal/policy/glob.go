package policy

import (
	"strings"
	"unicode/utf8"
)

// A pattern is compiled to tokens: characters that match themselves and the two wildcards. The
// wildcards are numbers that no character has, so text that a policy variable brings in can never
// act as one.
const (
	tokStar rune = -1 // any run of characters, also none
	tokAny  rune = -2 // exactly one character
)

// rawByte is added to a byte that is not part of valid UTF-8, which counts as one character and
// equals only itself.
const rawByte = utf8.MaxRune + 1

// glob is a compiled pattern. The zero value matches the empty string.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
type glob struct {
	prefix string // what every match begins with
	rest   []rune // tokens that match what follows
}

// newGlob compiles tokens. It does not keep the slice.
func newGlob(tokens []rune) glob {
	n := 0
	for n < len(tokens) && tokens[n] >= 0 && tokens[n] <= utf8.MaxRune {
		n++
	}
	return glob{prefix: string(tokens[:n]), rest: append([]rune(nil), tokens[n:]...)}
}

// parseGlob compiles a pattern in which '*' and '?' are wildcards and nothing else is special.
func parseGlob(pattern string) glob { return newGlob(appendPattern(nil, pattern)) }

// appendPattern appends the tokens of a pattern.
func appendPattern(tokens []rune, pattern string) []rune {
	for _, c := range appendLiteral(nil, pattern) {
		switch c {
		case '*':
			c = tokStar
		case '?':
			c = tokAny
		}
		tokens = append(tokens, c)
	}
	return tokens
}

// appendLiteral appends tokens that match s itself.
func appendLiteral(tokens []rune, s string) []rune {
	for s != "" {
		c, n := nextRune(s)
		tokens = append(tokens, c)
		s = s[n:]
	}
	return tokens
}

// nextRune returns the first character of s, which is not empty, as tokens count them.
func nextRune(s string) (c rune, size int) {
	c, size = utf8.DecodeRuneInString(s)
	if c == utf8.RuneError && size == 1 {
		c = rawByte + rune(s[0])
	}
	return c, size
}

// match reports whether the whole of s matches. It takes at most len(s) × len(pattern) steps: on a
// mismatch only the last star is given one more character, which is enough because an earlier star
// could only give the later ones less to choose from.
func (g *glob) match(s string) bool {
	if !strings.HasPrefix(s, g.prefix) {
		return false
	}
	s = s[len(g.prefix):]
	t := 0
	star, tail := -1, "" // the last star seen, and the text after what it has swallowed
	for s != "" {
		c, n := nextRune(s)
		switch {
		case t < len(g.rest) && g.rest[t] == tokStar:
			star, tail = t, s
			t++
		case t < len(g.rest) && (g.rest[t] == c || g.rest[t] == tokAny):
			t++
			s = s[n:]
		case star >= 0:
			_, n := nextRune(tail)
			tail = tail[n:]
			s, t = tail, star+1
		default:
			return false
		}
	}
	for t < len(g.rest) && g.rest[t] == tokStar {
		t++
	}
	return t == len(g.rest)
}

// hasWildcard reports whether the pattern s has a wildcard.
func hasWildcard(s string) bool { return strings.ContainsAny(s, "*?") }
