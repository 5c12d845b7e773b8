package reach

import (
	"slices"
	"testing"
)

// A question about nothing in particular is answered with every path between all callers and targets.
func TestEverything(t *testing.T) {
	t.Parallel()
	for seed := range uint64(25) {
		w := newDice(seed).world()
		var got, want []string
		for _, p := range Answer(w, Question{}).Paths {
			got = append(got, p.Principal+" "+p.Target+" "+p.Text)
		}
		for _, p := range everyPath(w).Paths {
			want = append(want, p.Principal+" "+p.Target+" "+p.Text)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("world %d: %d paths, want %d", seed, len(got), len(want))
		}
	}
}
