package hotrows

import (
	"math"
	"math/rand/v2"
	"testing"

	"crossgrant/bench/scale/zipf"
)

// TestUsageIsThatOfSampling counts the rows of servers that see requests at random.
func TestUsageIsThatOfSampling(t *testing.T) {
	const rate, servers, interval = 3000, 10, 10
	accounts, callers := zipf.New(500, 1), zipf.New(4, 1)
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[[3]int]bool{}
	for range rate * interval {
		server, a := r.IntN(servers), accounts.Draw(r)
		c := callers.Draw(r)
		seen[[3]int{server, a, -1}] = true
		seen[[3]int{server, a, 2 * c}] = true
		seen[[3]int{server, a, 2*c + 1}] = true
	}
	counted := float64(len(seen)) / interval
	if got := Usage(accounts, callers, rate, servers, interval); math.Abs(got-counted) > 0.03*counted {
		t.Errorf("%.0f rows a second, and %.0f by counting", got, counted)
	}
}

func TestSharedReads(t *testing.T) {
	for _, test := range []struct {
		rate, trip float64
		over       int
		want       float64
	}{
		{10, 0.001, 10, 10},       // seldom: nobody to share with
		{1e6, 0.001, 10, 10_000},  // often: each server always reads
		{1e6, 0.001, 100, 99_500}, // nearly so
	} {
		if got := SharedReads(test.rate, test.trip, test.over); math.Abs(got-test.want) > 0.02*test.want {
			t.Errorf("%g a second over %d servers: %g reads, want %g", test.rate, test.over, got, test.want)
		}
	}
}

func TestSegments(t *testing.T) {
	if got := Segments(100, 0.5, 1<<20, 1<<20); got != 200 {
		t.Errorf("%g segments of many servers, want 200", got)
	}
	if got := Segments(2, 0.5, 100<<20, 1<<20); got != 100 {
		t.Errorf("%g segments of much to write, want 100", got)
	}
}
