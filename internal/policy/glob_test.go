package policy

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/quick"
)

// naiveMatch is the definition of a glob, without regard to cost.
func naiveMatch(pattern, text []rune) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	if pattern[0] == tokStar {
		return naiveMatch(pattern[1:], text) || len(text) > 0 && naiveMatch(pattern, text[1:])
	}
	return len(text) > 0 && (pattern[0] == tokAny || pattern[0] == text[0]) && naiveMatch(pattern[1:], text[1:])
}

func checkGlob(t *testing.T, pattern, text string) {
	t.Helper()
	tokens := appendPattern(nil, pattern)
	g := newGlob(tokens)
	got, want := g.match(text), naiveMatch(tokens, appendLiteral(nil, text))
	if got != want {
		t.Errorf("%q against %q: got %v, want %v", pattern, text, got, want)
	}
	padding := strings.Repeat("x", 200) // makes the pattern long enough to be compiled
	if got := matchTokens(append(appendLiteral(nil, padding), tokens...), padding+text); got != want {
		t.Errorf("%q against %q, behind a long text: got %v, want %v", pattern, text, got, want)
	}
	if got := matchTokens(tokens, text); got != want {
		t.Errorf("%q against %q, not compiled: got %v, want %v", pattern, text, got, want)
	}
}

// Over a small alphabet most patterns nearly match, which is where matchers go wrong.
func TestGlobAgreesWithDefinition(t *testing.T) {
	word := func(rng *rand.Rand, alphabet string, n int) string {
		var b strings.Builder
		letters := []rune(alphabet)
		for range rng.IntN(n) {
			b.WriteRune(letters[rng.IntN(len(letters))])
		}
		return b.String()
	}
	f := func(seed uint64) bool {
		rng := rand.New(rand.NewPCG(seed, 1))
		pattern, text := word(rng, "ab/é*?*", 10), word(rng, "ab/é", 12)
		checkGlob(t, pattern, text)
		return !t.Failed()
	}
	if err := quick.Check(f, &quick.Config{MaxCount: 50000}); err != nil {
		t.Error(err)
	}
}

// Bytes that are not UTF-8 are characters of their own, and never wildcards.
func TestGlobInvalidUTF8(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"?", "\xff", true},
		{"?", "\xff\xfe", false},
		{"*", "\xff\xfe", true},
		{"a\xffb", "a\xffb", true},
		{"a\xffb", "a\xfeb", false},
		{"\xff", "\uFFFD", false},
		{"\uFFFD", "\xff", false},
		{"\uFFFD", "\uFFFD", true},
		{"?", "é", true},
		{"??", "é", false},
	} {
		g := parseGlob(c.pattern)
		if got := g.match(c.text); got != c.want {
			t.Errorf("%q against %q: got %v, want %v", c.pattern, c.text, got, c.want)
		}
	}
}

// Runs that are longer than a word are found where comparing them place by place finds them, whether their
// characters are many or few.
func TestLongRuns(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	text := func(alphabet string, n int) string {
		letters, out := []rune(alphabet), make([]rune, n)
		for i := range out {
			out[i] = letters[rng.IntN(len(letters))]
		}
		return string(out)
	}
	found := 0
	for range 3000 {
		r := newRun(appendPattern(nil, "?"+text("ab????????é", 1+rng.IntN(200))))
		s := strings.ReplaceAll(text("aabbéx", rng.IntN(500)), "x", "\xff")
		got, gotOK := r.find(s)
		want, wantOK := 0, false
		for i := 0; i < len(s) && !wantOK; {
			var n int
			if n, wantOK = r.begins(s[i:]); wantOK {
				want = i + n
			}
			_, size := nextRune(s[i:])
			i += size
		}
		if got != want || gotOK != wantOK {
			t.Fatalf("%v in %q: got %d, %v, want %d, %v", r.tokens, s, got, gotOK, want, wantOK)
		}
		if gotOK {
			found++
		}
	}
	if found < 100 {
		t.Errorf("only %d were there to be found", found)
	}
}

// The sets of a run with many different characters are not many times its size.
func TestRunIsSmall(t *testing.T) {
	t.Parallel()
	tokens := make([]rune, 20000)
	for i := range tokens {
		tokens[i] = 0x4000 + rune(i)
	}
	tokens[0] = tokAny
	r := newRun(tokens)
	if n := len(r.takes) * len(r.others); n > len(tokens) {
		t.Errorf("%d words for %d tokens", n, len(tokens))
	}
}

// Hostile patterns are matched in time that is linear in the text: a matcher that tried every way of giving
// text to the stars, or every place for a run with '?', would not end here.
func TestGlobIsLinear(t *testing.T) {
	for pattern, text := range map[string]string{
		strings.Repeat("*a", 2000) + "b":          strings.Repeat("a", 1<<20),
		strings.Repeat("*a?", 500) + "*b":         strings.Repeat("a", 1<<16),
		"*" + strings.Repeat("a", 10000) + "b*":   strings.Repeat("a", 1<<20),
		"*" + strings.Repeat("a?", 10000) + "b*":  strings.Repeat("a", 1<<16),
		"*" + strings.Repeat("?", 10000) + "b*":   strings.Repeat("é", 1<<16),
		"*" + strings.Repeat("a?", 10000) + "*?b": strings.Repeat("a", 1<<16),
	} {
		if g := parseGlob(pattern); g.match(text) {
			t.Errorf("%.20s… matches", pattern)
		}
		if matchTokens(appendPattern(nil, pattern), text) {
			t.Errorf("%.20s… matches, not compiled", pattern)
		}
	}
}

func FuzzGlob(f *testing.F) {
	for _, s := range [][2]string{
		{"", ""}, {"*", "anything"}, {"a*b*c", "aXbXc"}, {"?", "é"}, {"**a", "ba"}, {"a?", "a"}, {"\xff*", "\xffa"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		// The naive matcher takes exponential time.
		if len(text) > 24 || strings.Count(pattern, "*") > 6 || len(pattern) > 24 {
			t.Skip()
		}
		checkGlob(t, pattern, text)
	})
}
