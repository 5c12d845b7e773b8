package reach

import (
	"testing"

	"crossgrant/internal/policy"
)

// TestFilled holds that what one place leaves out and another one is all of is told once.
func TestFilled(t *testing.T) {
	t.Parallel()
	glob := func(s string) []policy.Glob { return []policy.Glob{policy.LiteralGlob(s)} }
	all := policy.ParseGlob("a/*")
	key, other := policy.LiteralGlob("a/key"), policy.LiteralGlob("a/other")
	for name, c := range map[string]struct {
		places []place
		not    int // how much the first leaves out
	}{
		"the same":         {[]place{{[]policy.Glob{all}, []policy.Glob{key}}, {glob("a/key"), nil}}, 0},
		"another":          {[]place{{[]policy.Glob{all}, []policy.Glob{key, other}}, {glob("a/key"), nil}}, 1},
		"more than that":   {[]place{{[]policy.Glob{all}, []policy.Glob{policy.ParseGlob("a/k*")}}, {glob("a/key"), nil}}, 1},
		"outside of it":    {[]place{{glob("a/key"), []policy.Glob{policy.LiteralGlob("b")}}, {glob("b"), nil}}, 1},
		"not all of it":    {[]place{{[]policy.Glob{all}, []policy.Glob{key}}, {glob("a/key"), glob("a/key")}}, 1},
		"nothing left out": {[]place{{[]policy.Glob{all}, nil}, {glob("a/key"), nil}}, 0},
	} {
		if got := filled(c.places); len(got[0].not) != c.not || len(got) != len(c.places) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
