package ranges

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

var opts = Options{MaxSize: 1000, MinSize: 250, MaxLoad: 100}

func uniform(r *rand.Rand) string { return fmt.Sprintf("%08x", r.Uint32()) }

// check fails if the ranges do not cover all keys, each once and in its range.
func check(t *testing.T, s *Store, rows int) {
	t.Helper()
	n := 0
	for i, p := range s.ranges {
		if i == 0 && p.from != "" || i > 0 && p.from <= s.ranges[i-1].from {
			t.Fatalf("range %d begins at %q, after %q", i, p.from, s.ranges[max(0, i-1)].from)
		}
		var bytes int64
		for _, k := range p.keys {
			if k.key < p.from || i+1 < len(s.ranges) && k.key >= s.ranges[i+1].from {
				t.Fatalf("key %q lies in range %d, from %q", k.key, i, p.from)
			}
			bytes += k.bytes
		}
		if bytes != p.bytes {
			t.Fatalf("range %d has %d bytes and says %d", i, bytes, p.bytes)
		}
		n += len(p.keys)
	}
	if n != rows {
		t.Fatalf("%d rows, want %d", n, rows)
	}
}

func TestSizeSplits(t *testing.T) {
	for _, test := range []struct {
		name      string
		key       func(r *rand.Rand, i int) string
		low, high float64 // fill
	}{
		{"at random", func(r *rand.Rand, _ int) string { return uniform(r) }, 0.6, 0.8},
		{"in order", func(_ *rand.Rand, i int) string { return fmt.Sprintf("%08d", i) }, 0.48, 0.56},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, r := New(Options{MaxSize: 1000}), rand.New(rand.NewPCG(1, 2))
			for i := range 20_000 {
				s.Write(test.key(r, i), 10)
				if i%2 == 1 {
					s.Step()
				}
			}
			check(t, s, 20_000)
			if fill := s.Fill(); fill < test.low || fill > test.high {
				t.Errorf("fill %.3f, want %.2f to %.2f", fill, test.low, test.high)
			}
		})
	}
}

func TestLoadSplits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, test := range []struct {
		name   string
		key    func(i int) string
		splits bool
	}{
		{"over all keys", func(int) string { return uniform(r) }, true},
		{"one key", func(int) string { return "hot" }, false},
		{"always after the last", func(i int) string { return fmt.Sprintf("%08d", i) }, false},
		{"two keys", func(i int) string { return []string{"one", "two"}[i%2] }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(Options{MaxSize: 1 << 40, MaxLoad: 100})
			for i := range 20_000 {
				s.Read(test.key(i))
				if i%1000 == 999 {
					s.Step()
				}
			}
			if n := s.Counts().LoadSplits; (n > 0) != test.splits {
				t.Errorf("%d splits by load, want some: %v", n, test.splits)
			}
		})
	}
}

func TestLoadEndsBelowTheThreshold(t *testing.T) {
	s, r := New(Options{MaxSize: 1 << 40, MaxLoad: 100}), rand.New(rand.NewPCG(7, 8))
	var l Load
	for range 40 {
		for range 5000 {
			s.Read(uniform(r))
		}
		l = s.Step()
	}
	if l.Hottest*float64(l.Requests) > 1.6*100 { // the spread of what is counted
		t.Errorf("the hottest range has %.0f requests a step", l.Hottest*float64(l.Requests))
	}
	loads := s.Loads()
	if !slices.IsSortedFunc(loads, func(a, b float64) int { return int(b*1e9) - int(a*1e9) }) || len(loads) != s.Counts().Ranges {
		t.Errorf("loads %v", loads)
	}
}

func TestIdleRangesAreMerged(t *testing.T) {
	s, r := New(opts), rand.New(rand.NewPCG(9, 10))
	rows := 0
	for range 20 {
		for range 1000 {
			s.Read(uniform(r))
		}
		s.Write(uniform(r), 10)
		rows++
		s.Step()
	}
	busy := s.Counts().Ranges
	for range 30 {
		s.Step()
	}
	check(t, s, rows)
	if idle := s.Counts(); busy < 5 || idle.Ranges != 1 || idle.Merges == 0 {
		t.Errorf("%d ranges while busy, and then %+v", busy, idle)
	}
}
