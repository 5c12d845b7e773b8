package caches

import (
	"math"
	"math/rand/v2"
	"testing"

	"crossgrant/bench/scale/zipf"
)

// TestExpectedHits compares what Expect computes with what Run counts.
func TestExpectedHits(t *testing.T) {
	w := World{Accounts: 20_000, Skew: 1, Callers: 10, Buckets: 5, Rate: 100_000}
	sizes := Sizes{4096, 1024}
	for _, test := range []struct {
		spread  Spread
		servers int
		changes float64
	}{
		{Spread{"all", 0}, 20, 0},
		{Spread{"all", 0}, 20, 1000},
		{Spread{"four", 4}, 20, 100},
		{Spread{"one", 1}, 20, 1000},
	} {
		w.Changes = test.changes
		counted, expected := Run(w, test.spread, test.servers, sizes, 200_000, 1), Expect(w, test.spread, test.servers, sizes)
		for what, pair := range map[string][2]float64{
			"callers": {counted.Caller, expected.Caller}, "buckets": {counted.Bucket, expected.Bucket}, "busiest": {counted.Busiest, expected.Busiest},
		} {
			if math.Abs(pair[0]-pair[1]) > 0.015 {
				t.Errorf("%+v, %s: counted %.4f, expected %.4f", test, what, pair[0], pair[1])
			}
		}
	}
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
			all := make([]item, entries)
			for i := range all {
				all[i] = item{rate: p[i], changes: test.changes * p[i], n: 1}
			}
			want := hitShare(all, size)
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
