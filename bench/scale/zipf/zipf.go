// Package zipf draws ranks by Zipf's law, also with exponents of 1 and less, for which math/rand has none.
package zipf

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Zipf is a distribution over the ranks from 0 to n-1: the probability of rank r is proportional to (r+1)^-s.
type Zipf struct {
	sums []float64 // of the probabilities up to and with each rank; the last is 1
}

// New returns the distribution over n ranks with exponent s; s is 0 for a uniform one. It panics if n < 1 or s < 0.
func New(n int, s float64) *Zipf {
	if n < 1 || s < 0 {
		panic(fmt.Sprintf("zipf: %d ranks with exponent %g", n, s))
	}
	weights := make([]float64, n)
	for r := range weights {
		weights[r] = math.Pow(float64(r+1), -s)
	}
	return Of(weights)
}

// Of returns the distribution in which the probability of a rank is proportional to its weight. It panics if there is no
// positive weight.
func Of(weights []float64) *Zipf {
	z := &Zipf{sums: make([]float64, len(weights))}
	total := 0.0
	for r, w := range weights {
		total += w
		z.sums[r] = total
	}
	if !(total > 0) {
		panic("zipf: no positive weight")
	}
	for r := range z.sums {
		z.sums[r] /= total
	}
	z.sums[len(z.sums)-1] = 1
	return z
}

// Draw returns a rank.
func (z *Zipf) Draw(r *rand.Rand) int {
	rank, found := slices.BinarySearch(z.sums, r.Float64())
	if found { // Float64 is less than 1, which is the last sum
		rank++
	}
	return rank
}

// P returns the probability of a rank.
func (z *Zipf) P(rank int) float64 {
	if rank == 0 {
		return z.sums[0]
	}
	return z.sums[rank] - z.sums[rank-1]
}

// Len returns the number of ranks.
func (z *Zipf) Len() int { return len(z.sums) }
