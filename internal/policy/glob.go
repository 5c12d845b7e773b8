package policy

import (
	"strings"
	"unicode/utf8"
)

// A pattern is a row of tokens: characters that match themselves and the two wildcards. The wildcards
// are numbers that no character has, so text that a policy variable brings in can never act as one.
const (
	tokStar rune = -1 // any run of characters, also none
	tokAny  rune = -2 // exactly one character
)

// rawByte is added to a byte that is not part of valid UTF-8, which counts as one character and
// equals only itself.
const rawByte = utf8.MaxRune + 1

// glob is a compiled pattern. The zero value matches the empty string only.
//
// A pattern is cut at its stars into runs. The first run stands at the beginning of what matches, the
// last at its end, and each of the others wherever it is found first behind the one before it: a later
// place could only leave less for those that follow.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
type glob struct {
	prefix string // what every match begins with: the characters before the first wildcard
	kind   globKind
	first  run   // what follows the prefix up to the first star
	middle []run // between two stars; none is empty
	last   run   // behind the last star
}

type globKind uint8

const (
	globExact  globKind = iota // the prefix and nothing else
	globPrefix                 // the prefix and a star
	globRuns                   // anything else; there is a star
	globFixed                  // likewise, but there is no star: only first follows the prefix
)

// newGlob compiles tokens. It does not keep the slice.
func newGlob(tokens []rune) glob {
	n := 0
	for n < len(tokens) && tokens[n] >= 0 && tokens[n] <= utf8.MaxRune {
		n++
	}
	g := glob{prefix: string(tokens[:n])}
	runs := cutAtStars(tokens[n:])
	g.first, g.last = newRun(runs[0]), newRun(runs[len(runs)-1])
	switch {
	case n == len(tokens):
		g.kind = globExact
	case len(runs) == 1:
		g.kind = globFixed
	case len(runs[0]) == 0 && n == len(tokens)-1:
		g.kind = globPrefix
	default:
		g.kind = globRuns
		for _, r := range runs[1 : len(runs)-1] {
			if len(r) > 0 {
				g.middle = append(g.middle, newRun(r))
			}
		}
	}
	return g
}

// cutAtStars returns the runs of tokens, one more than there are stars.
func cutAtStars(tokens []rune) [][]rune {
	var runs [][]rune
	start := 0
	for i, t := range tokens {
		if t == tokStar {
			runs = append(runs, tokens[start:i])
			start = i + 1
		}
	}
	return append(runs, tokens[start:])
}

// parseGlob compiles a pattern in which '*' and '?' are wildcards and nothing else is special.
func parseGlob(pattern string) glob { return newGlob(appendPattern(nil, pattern)) }

// appendPattern appends the tokens of a pattern.
func appendPattern(tokens []rune, pattern string) []rune {
	from := len(tokens)
	tokens = appendLiteral(tokens, pattern)
	for i := from; i < len(tokens); i++ {
		switch tokens[i] {
		case '*':
			tokens[i] = tokStar
		case '?':
			tokens[i] = tokAny
		}
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

// match reports whether the whole of s matches.
func (g *glob) match(s string) bool {
	if !strings.HasPrefix(s, g.prefix) {
		return false
	}
	s = s[len(g.prefix):]
	switch g.kind {
	case globExact:
		return s == ""
	case globPrefix:
		return true
	}
	n, ok := g.first.begins(s)
	if g.kind == globFixed || !ok {
		return ok && n == len(s)
	}
	s = s[n:]
	for i := range g.middle {
		end, ok := g.middle[i].find(s)
		if !ok {
			return false
		}
		s = s[end:]
	}
	return g.last.ends(s)
}

// fewSteps is the product of the lengths of pattern and text up to which matchTokens may go back at a
// mismatch.
const fewSteps = 1 << 14

// matchTokens reports whether the whole of s matches a pattern that is not compiled, because a variable
// has a part in it. On a mismatch only the last star is given one more character. A pattern for which that
// could take long is compiled.
func matchTokens(tokens []rune, s string) bool {
	if len(tokens)*len(s) > fewSteps {
		g := newGlob(append([]rune(nil), tokens...)) // a copy, so that the tokens can lie on the stack
		return g.match(s)
	}
	t := 0
	star, tail := -1, "" // the last star seen, and the text after what it has swallowed
	for s != "" {
		c, n := nextRune(s)
		switch {
		case t < len(tokens) && tokens[t] == tokStar:
			star, tail = t, s
			t++
		case t < len(tokens) && (tokens[t] == c || tokens[t] == tokAny):
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
	for t < len(tokens) && tokens[t] == tokStar {
		t++
	}
	return t == len(tokens)
}

// hasWildcard reports whether the pattern s has a wildcard.
func hasWildcard(s string) bool { return strings.ContainsAny(s, "*?") }
