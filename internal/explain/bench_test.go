package explain

import (
	"math/rand/v2"
	"testing"

	"crossgrant/internal/authz"
)

// BenchmarkOf explains denials of random worlds.
func BenchmarkOf(b *testing.B) {
	t := new(testing.T)
	var inputs []*authz.Input
	for seed := uint64(0); len(inputs) < 200; seed++ {
		in := (dice{rand.New(rand.NewPCG(seed, 7))}).world(t)
		if d := authz.Decide(in); !d.Allowed() {
			inputs = append(inputs, in)
		}
	}
	for name, facts := range map[string]Facts{"whole": {}, "without remedies": {WithoutRemedies: true}} {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				Of(authz.Explain(inputs[i%len(inputs)]), facts)
			}
		})
	}
}
