package keys

import (
	"bytes"
	"testing"
)

func TestParseUnfinishedRequest(t *testing.T) {
	t.Parallel()
	org, id, err := ParseUnfinishedRequest(UnfinishedRequest("o-ab", "car-xy"))
	if err != nil || org != "o-ab" || id != "car-xy" {
		t.Errorf("got %q, %q, %v", org, id, err)
	}
	for _, key := range []string{"", "Q", "Qo-ab", "Xo-ab\x00\x01car"} {
		if _, _, err := ParseUnfinishedRequest([]byte(key)); err == nil {
			t.Errorf("ParseUnfinishedRequest took %q", key)
		}
	}
}

// TestOrganizationsAreApart holds that the range of an organization holds nothing of another one whose
// ID it begins.
func TestOrganizationsAreApart(t *testing.T) {
	t.Parallel()
	from, to := InOrganization("o-a")
	for _, c := range []struct {
		key  []byte
		want bool
	}{
		{Organization("o-a"), true},
		{PolicyTarget("o-a", "p", "t"), true},
		{Organization("o-ab"), false},
		{Membership("111111111111"), false},
	} {
		if got := bytes.Compare(c.key, from) >= 0 && bytes.Compare(c.key, to) < 0; got != c.want {
			t.Errorf("%q in the range of o-a: %v, want %v", c.key, got, c.want)
		}
	}
	if got := LastOf(begin(ChildUnits("o-a", "r-x")), ChildUnit("o-a", "r-x", "ou-y")); got != "ou-y" {
		t.Errorf("last component is %q", got)
	}
}

func begin(from, _ []byte) []byte { return from }
