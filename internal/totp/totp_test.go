package totp

import (
	"testing"
	"time"
)

// seed is that of the examples of both RFCs.
var seed = []byte("12345678901234567890")

// TestTimes holds the examples of RFC 6238, of which a six-digit code is the end.
//
// Source: https://www.rfc-editor.org/rfc/rfc6238#appendix-B
func TestTimes(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924",
		2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := Code(seed, StepAt(time.Unix(seconds, 0))); got != want[2:] {
			t.Errorf("at %d: %s, want %s", seconds, got, want[2:])
		}
	}
}

// TestCounters holds the examples of RFC 4226.
//
// Source: https://www.rfc-editor.org/rfc/rfc4226#appendix-D
func TestCounters(t *testing.T) {
	t.Parallel()
	for counter, want := range []string{
		"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
	} {
		if got := Code(seed, int64(counter)); got != want {
			t.Errorf("counter %d: %s, want %s", counter, got, want)
		}
	}
}

func TestStepAt(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]int64{-1: 0, 0: 0, 29: 0, 30: 1, 59: 1, 60: 2} {
		if got := StepAt(time.Unix(seconds, 0)); got != want {
			t.Errorf("%d s: step %d, want %d", seconds, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	at := func(step int64) string { return Code(seed, step) }
	for name, c := range map[string]struct {
		first, last int64
		codes       []string
		want        int64 // -1: none
	}{
		"first":              {4, 6, []string{at(4)}, 4},
		"last":               {4, 6, []string{at(6)}, 6},
		"too old":            {4, 6, []string{at(3)}, -1},
		"too new":            {4, 6, []string{at(7)}, -1},
		"pair":               {4, 6, []string{at(4), at(5)}, 5},
		"pair begins before": {4, 6, []string{at(3), at(4)}, 4},
		"pair ends after":    {4, 6, []string{at(6), at(7)}, -1},
		"pair reversed":      {4, 6, []string{at(5), at(4)}, -1},
		"pair with a gap":    {4, 6, []string{at(4), at(6)}, -1},
		"same code twice":    {4, 6, []string{at(5), at(5)}, -1},
		"no code":            {4, 6, nil, -1},
		"empty code":         {4, 6, []string{""}, -1},
		"short code":         {4, 6, []string{at(5)[:5]}, -1},
		"long code":          {4, 6, []string{at(5) + "0"}, -1},
		"empty window":       {6, 4, []string{at(5)}, -1},
	} {
		step, found := Find(seed, c.first, c.last, c.codes...)
		if found != (c.want >= 0) || found && step != c.want {
			t.Errorf("%s: found %d, %t, want %d", name, step, found, c.want)
		}
	}
}
