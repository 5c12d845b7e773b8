package authz

import "testing"

// FuzzDecide makes a world and requests from the fuzzer's bytes, each byte a choice, and compares Decide
// with the naive evaluator.
func FuzzDecide(f *testing.F) {
	for seed := range uint64(8) {
		d, data := randomDice(seed), make([]byte, 24)
		for i := range data {
			data[i] = byte(d.roll(256))
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := byteDice(data)
		w := newRandomWorld(d)
		for range 10 {
			c := w.ask(d)
			if _, got, err := compare(c); err != nil {
				t.Fatal(err)
			} else if got != "" {
				t.Fatal(disagreement(c))
			}
		}
	})
}
