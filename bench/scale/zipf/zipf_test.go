package zipf

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestProbabilities(t *testing.T) {
	for _, test := range []struct {
		n        int
		s        float64
		rank     int
		expected float64
	}{
		{1, 1, 0, 1},
		{4, 0, 3, 0.25},
		{2, 1, 0, 2.0 / 3},
		{3, 2, 1, 0.25 / (1 + 0.25 + 1.0/9)},
	} {
		if got := New(test.n, test.s).P(test.rank); math.Abs(got-test.expected) > 1e-12 {
			t.Errorf("%d ranks, exponent %g: P(%d) = %v, want %v", test.n, test.s, test.rank, got, test.expected)
		}
	}
}

func TestDrawsFollowProbabilities(t *testing.T) {
	const draws = 200_000
	z, r := New(50, 1.1), rand.New(rand.NewPCG(1, 2))
	counts := make([]int, z.Len())
	for range draws {
		counts[z.Draw(r)]++
	}
	for rank, n := range counts {
		expected := z.P(rank) * draws
		if math.Abs(float64(n)-expected) > 5*math.Sqrt(expected) {
			t.Errorf("rank %d was drawn %d times, expected %.0f", rank, n, expected)
		}
	}
}

func TestWeightOfNothingIsNeverDrawn(t *testing.T) {
	z, r := Of([]float64{0, 3, 0, 1, 0}), rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		if rank := z.Draw(r); rank != 1 && rank != 3 {
			t.Fatalf("rank %d has no weight and was drawn", rank)
		}
	}
}
