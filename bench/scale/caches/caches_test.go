package caches

import (
	"math"
	"math/rand/v2"
	"testing"

	"crossgrant/bench/scale/zipf"
)

// expected is the hit rate of a cache that drops entries at random, by the approximation of Fagin and of Gallo and others:
// an entry that is asked for at rate p stays until one of the drops, which come to each at one and the same rate, meets it,
// or a change makes it invalid. The rate of drops is the one with which the cache is full.
//
// Source: Martina, Garetto, Leonardi, A unified approach to the performance analysis of caching systems, 2014.
func expected(p []float64, size int, changes func(i int) float64) float64 {
	held := func(drops float64) (n, hits float64) {
		for i := range p {
			kept := p[i] / (p[i] + drops)
			n += kept
			hits += p[i] * kept * p[i] / (p[i] + changes(i)) // valid if no change came since it was asked for last
		}
		return n, hits
	}
	low, high := 0.0, 1.0
	for range 100 {
		middle := (low + high) / 2
		if n, _ := held(middle); n > float64(size) {
			low = middle
		} else {
			high = middle
		}
	}
	_, hits := held(high)
	return hits
}

func TestHitsAreThoseOfTheory(t *testing.T) {
	const entries, size = 5000, 500
	for _, test := range []struct {
		name    string
		skew    float64
		changes float64 // of all entries together, for each request
	}{
		{"uniform", 0, 0},
		{"skewed", 1, 0},
		{"skewed, with changes", 1, 0.05},
		{"very skewed, many changes", 1.3, 0.5},
	} {
		t.Run(test.name, func(t *testing.T) {
			z, r := zipf.New(entries, test.skew), rand.New(rand.NewPCG(1, 2))
			p := make([]float64, entries)
			for i := range p {
				p[i] = z.P(i)
			}
			c, hits := newCache(size, r), 0
			const warm, counted = 100_000, 300_000
			for n := range warm + counted {
				id := z.Draw(r)
				if c.ask(id, float64(n), test.changes*p[id]) && n >= warm {
					hits++
				}
			}
			// A sixteenth is empty after a drop, and fills: on average a thirty-second part is.
			want := expected(p, size-size/32, func(i int) float64 { return test.changes * p[i] })
			if got := float64(hits) / counted; math.Abs(got-want) > 0.012 {
				t.Errorf("%.4f of requests hit, want %.4f", got, want)
			}
		})
	}
}

func TestSpreads(t *testing.T) {
	w := World{Accounts: 20_000, Skew: 1, Callers: 10, Buckets: 5, Rate: 100_000}
	sizes := Sizes{4096, 1024}
	random := Run(w, Spread{"all", 0}, 20, sizes, 100_000, 1)
	hashed := Run(w, Spread{"one", 1}, 20, sizes, 100_000, 1)
	if math.Abs(random.Busiest-1) > 1e-9 || hashed.Busiest < 1.5 {
		t.Errorf("busiest server: %.2f and %.2f times the mean", random.Busiest, hashed.Busiest)
	}
	if hashed.Caller < random.Caller+0.1 || hashed.Bucket < random.Bucket+0.1 {
		t.Errorf("hits %+v at random, %+v by account", random, hashed)
	}
	again := Run(w, Spread{"all", 0}, 20, sizes, 100_000, 1)
	if again != random {
		t.Errorf("one seed, %+v and %+v", random, again)
	}
	w.Changes = 1000
	if changed := Run(w, Spread{"all", 0}, 20, sizes, 100_000, 1); changed.Caller >= random.Caller {
		t.Errorf("changes do not cost hits: %+v, without %+v", changed, random)
	}
}
