package space

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// naive matches by trying everything.
func naive(p pattern, s []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0].kind == anyChars:
		return naive(p[1:], s) || len(s) > 0 && p[0].takes(s[0]) && naive(p, s[1:])
	default:
		return len(s) > 0 && p[0].takes(s[0]) && naive(p[1:], s[1:])
	}
}

// TestCellsAreAll holds that for every short string there is a cell that matches the same patterns, and that what
// stands for a cell matches what the cell says.
func TestCellsAreAll(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var short [][]rune
	var grow func(s []rune)
	grow = func(s []rune) {
		short = append(short, append([]rune(nil), s...))
		if len(s) == 5 {
			return
		}
		for _, c := range "aAb:z" {
			grow(append(s, c))
		}
	}
	grow(nil)
	for range 60 {
		var patterns []pattern
		shown := ""
		for range 1 + r.IntN(3) {
			text := ""
			for range r.IntN(5) {
				text += string("aAb:*?"[r.IntN(6)])
			}
			fold, part := r.IntN(4) == 0, r.IntN(4) == 0
			patterns = append(patterns, glob(text, fold, part))
			shown += fmt.Sprintf(" %q fold=%t part=%t", text, fold, part)
		}
		found, ok := cells(patterns, maxSteps)
		if !ok {
			t.Fatal("too many steps for", shown)
		}
		have := map[string]bool{}
		for i, c := range found {
			got := matching(patterns, []rune(c.text))
			if got != vector(c.matches) {
				t.Errorf("%s: %q stands for a cell that it is not in", shown, c.text)
			}
			have[got] = have[got] || i > 0 || c.text != ""
		}
		for _, s := range short[1:] {
			if !have[matching(patterns, s)] {
				t.Fatalf("%s: nothing stands for %q", shown, string(s))
			}
		}
	}
}

func matching(patterns []pattern, s []rune) string {
	values := make([]bool, len(patterns))
	for i, p := range patterns {
		values[i] = naive(p, s)
	}
	return vector(values)
}

func TestCellsGiveUp(t *testing.T) {
	t.Parallel()
	var patterns []pattern
	for c := 'a'; c <= 'z'; c++ {
		patterns = append(patterns, glob("*"+string(c)+"?????????????????????", false, false))
	}
	if _, ok := cells(patterns, 10000); ok {
		t.Error("patterns that tell very many strings apart have few cells")
	}
}
