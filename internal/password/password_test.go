package password

import (
	"encoding/hex"
	"testing"
)

// cheap is a cost for tests.
var cheap = Cost{Time: 1, Memory: 64, Threads: 1}

// knownSum is what another implementation makes of the same, OpenSSL by way of Python's cryptography.
const knownSum = "ae4d8c8b713876044c8347c76986a9b5655944aaacfffe9bea4dff9e7b6a1899"

// TestKnownHash holds the hash of the default cost against that of another implementation.
func TestKnownHash(t *testing.T) {
	t.Parallel()
	h := New("correct horse", []byte("0123456789abcdef"), DefaultCost)
	if got := hex.EncodeToString(h.Sum); got != knownSum {
		t.Errorf("the hash is %s, want %s", got, knownSum)
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	h := New("Straße 1!", []byte("0123456789abcdef"), cheap)
	if !h.Matches("Straße 1!") {
		t.Error("the password does not match")
	}
	for _, wrong := range []string{"", "straße 1!", "Straße 1", "Straße 1! "} {
		if h.Matches(wrong) {
			t.Errorf("%q matches", wrong)
		}
	}
	for name, bad := range map[string]Hash{
		"nothing":   {},
		"no passes": {h.Salt, h.Sum, Cost{0, 64, 1}},
		"no thread": {h.Salt, h.Sum, Cost{1, 64, 0}},
		"too much":  {h.Salt, h.Sum, Cost{1, 1 << 31, 1}},
		"cut":       {h.Salt, h.Sum[:16], cheap},
		"salt":      {h.Salt[1:], h.Sum, cheap},
		"cost":      {h.Salt, h.Sum, Cost{2, 64, 1}},
	} {
		if bad.Matches("Straße 1!") {
			t.Errorf("%s matches", name)
		}
	}
}

func TestViolation(t *testing.T) {
	t.Parallel()
	const (
		upper, lower  = "Password should have at least one uppercase letter", "Password should have at least one lowercase letter"
		number, sign  = "Password should have at least one number", "Password should have at least one symbol"
		requirements  = " more of the following requirements: "
		short, itself = "Password should have a minimum length of ", "Password should not be the account name or email address"
	)
	byDefault := Default("Walnut-7", "Ann-7@example.com")
	all := Rules{MinimumLength: 6, Symbols: true, Numbers: true, Uppercase: true, Lowercase: true}
	for _, c := range []struct {
		name, text, want string
		rules            Rules
	}{
		{"three kinds", "abcDEF12", "", byDefault},
		{"three others", "abcdef1'", "", byDefault},
		{"two kinds", "abcdefg1", "Password should meet 1" + requirements + upper + ", " + sign, byDefault},
		{"one kind", "abcdefgh", "Password should meet 2" + requirements + upper + ", " + number + ", " + sign, byDefault},
		{"no kind", "éééééééé", "Password should meet 3" + requirements + upper + ", " + lower + ", " + number + ", " + sign, byDefault},
		{"short", "abcDE12", short + "8", byDefault},
		{"characters, not bytes", "éééaA1é", short + "8", byDefault},
		{"short and plain", "abc", short + "8, Password should meet 2" + requirements + upper + ", " + number + ", " + sign, byDefault},
		{"the account's name", "WALNUT-7", itself, byDefault},
		{"its address", "ann-7@Example.com", itself, byDefault},
		{"custom", "aB1|xx", "", all},
		{"custom, nothing", "é é é ", upper + ", " + lower + ", " + number + ", " + sign, all},
		{"a symbol that is none", "aB1/xx", sign, all},
		{"short for custom", "aB1|x", short + "6", all},
		{"length alone", "aaaaaa", "", Rules{MinimumLength: 6}},
		{"letters of other alphabets are none", "ÉÉéé11", upper, Rules{MinimumLength: 6, Uppercase: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.rules.Violation(c.text); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}
