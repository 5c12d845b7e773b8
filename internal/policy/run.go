package policy

import (
	"strings"
	"unicode/utf8"
)

// run is a part of a pattern without stars.
type run struct {
	text string // if it has no wildcard and is valid UTF-8
	// tokens are set otherwise. Such a run is looked for bit by bit (the Shift-And method): bit i of a set
	// stands for the first i+1 tokens, takes has for a character the tokens that it may stand for, and others
	// those of characters that it lacks. A character that the run has only a few times has their places
	// instead: sets for all characters of a long run would take hundreds of times its size.
	tokens []rune
	takes  map[rune][]uint64
	others []uint64
	places map[rune][]int32 // ascending
}

func newRun(tokens []rune) run {
	for _, t := range tokens {
		if t < 0 || t > utf8.MaxRune {
			return newTokenRun(append([]rune(nil), tokens...))
		}
	}
	return run{text: string(tokens)}
}

func newTokenRun(tokens []rune) run {
	words := (len(tokens) + 63) / 64
	r := run{tokens: tokens, takes: map[rune][]uint64{}, others: make([]uint64, words), places: map[rune][]int32{}}
	for i, t := range tokens {
		if t == tokAny {
			r.others[i/64] |= 1 << (i % 64)
		} else {
			r.places[t] = append(r.places[t], int32(i))
		}
	}
	for t, places := range r.places {
		if len(places) <= words {
			continue
		}
		takes := append([]uint64(nil), r.others...)
		for _, i := range places {
			takes[i/64] |= 1 << (i % 64)
		}
		r.takes[t] = takes
		delete(r.places, t)
	}
	return r
}

// begins returns the number of bytes of s that the run takes at its beginning; ok is false if s does
// not begin with the run.
func (r *run) begins(s string) (n int, ok bool) {
	if r.tokens == nil {
		return len(r.text), strings.HasPrefix(s, r.text)
	}
	for _, t := range r.tokens {
		if n == len(s) {
			return 0, false
		}
		c, size := nextRune(s[n:])
		if t != tokAny && t != c {
			return 0, false
		}
		n += size
	}
	return n, true
}

// find returns where the first place of s that the run takes ends. It takes a step for each character of s
// and every 64 tokens.
func (r *run) find(s string) (end int, ok bool) {
	if r.tokens == nil {
		i := strings.Index(s, r.text)
		return i + len(r.text), i >= 0
	}
	var one [1]uint64
	begun := one[:]
	if len(r.others) > 1 {
		begun = make([]uint64, len(r.others))
	}
	last := len(r.tokens) - 1
	for end < len(s) {
		c, size := nextRune(s[end:])
		end += size
		takes, known := r.takes[c]
		if !known {
			takes = r.others
		}
		places := r.places[c]
		carry := uint64(1) // the run may begin anywhere
		for w, bits := range begun {
			longer := bits<<1 | carry
			carry = bits >> 63
			begun[w] = longer & takes[w]
			for ; len(places) > 0 && int(places[0]/64) == w; places = places[1:] {
				begun[w] |= longer & (1 << (places[0] % 64))
			}
		}
		if begun[last/64]&(1<<(last%64)) != 0 {
			return end, true
		}
	}
	return 0, false
}

// ends reports whether s ends with the run.
func (r *run) ends(s string) bool {
	if r.tokens == nil {
		return strings.HasSuffix(s, r.text)
	}
	for skip := utf8.RuneCountInString(s) - len(r.tokens); skip > 0; skip-- {
		_, size := nextRune(s)
		s = s[size:]
	}
	n, ok := r.begins(s)
	return ok && n == len(s)
}
