package ids

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// seeded is a reproducible source of bytes.
func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// Sources:
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html
func TestParse(t *testing.T) {
	account := func(s string) error { _, err := ParseAccountID(s); return err }
	canonical := func(s string) error { _, err := ParseCanonicalUserID(s); return err }
	key := func(s string) error { _, err := ParseAccessKeyID(s); return err }
	for _, c := range []struct {
		name  string
		parse func(string) error
		text  string
		ok    bool
	}{
		{"account", account, "123456789012", true},
		{"account with leading zeros", account, "000000000001", true},
		{"short account", account, "12345678901", false},
		{"long account", account, "1234567890123", false},
		{"letters in an account", account, "12345678901a", false},
		{"other digits", account, "１２３４", false},
		{"no account", account, "", false},
		{"canonical", canonical, strings.Repeat("0123456789abcdef", 4), true},
		{"upper case", canonical, strings.Repeat("0123456789ABCDEF", 4), false},
		{"short canonical", canonical, strings.Repeat("a", 63), false},
		{"long canonical", canonical, strings.Repeat("a", 65), false},
		{"not hexadecimal", canonical, strings.Repeat("g", 64), false},
		{"key", key, "AKIAIOSFODNN7EXAMPLE", true},
		{"shortest key", key, "abcDEF0123456_789"[:16], true},
		{"longest key", key, strings.Repeat("A", 128), true},
		{"short key", key, strings.Repeat("A", 15), false},
		{"long key", key, strings.Repeat("A", 129), false},
		{"sign in a key", key, "AKIAIOSFODNN7EXAMPL/", false},
	} {
		if err := c.parse(c.text); (err == nil) != c.ok {
			t.Errorf("%s: %q: %v", c.name, c.text, err)
		}
	}
}

// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
func TestNew(t *testing.T) {
	base32 := "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	for seed := range byte(50) {
		r := seeded(seed)
		account, err := NewAccountID(r)
		if err != nil || account[0] == '0' {
			t.Errorf("account %q, %v", account, err)
		}
		if _, err := ParseAccountID(string(account)); err != nil {
			t.Error(err)
		}
		canonical, err := NewCanonicalUserID(r)
		if err != nil {
			t.Error(err)
		}
		if _, err := ParseCanonicalUserID(string(canonical)); err != nil {
			t.Error(err)
		}
		for _, p := range []Prefix{User, Role, Group, Policy} {
			id, err := NewUniqueID(r, p)
			if err != nil || len(id) != 21 || !strings.HasPrefix(string(id), string(p)) || strings.Trim(string(id), base32) != "" {
				t.Errorf("unique id %q, %v", id, err)
			}
		}
		for _, p := range []Prefix{AccessKey, TemporaryKey} {
			id, err := NewAccessKeyID(r, p)
			if err != nil || len(id) != 20 || !strings.HasPrefix(string(id), string(p)) || strings.Trim(string(id), base32) != "" {
				t.Errorf("access key id %q, %v", id, err)
			}
			if _, err := ParseAccessKeyID(string(id)); err != nil {
				t.Error(err)
			}
		}
		secret, err := NewSecretAccessKey(r)
		if err != nil || len(secret) != 40 {
			t.Errorf("secret %q, %v", secret, err)
		}
		if token, err := NewToken(r, int(seed)); err != nil || len(token) != int(seed) {
			t.Errorf("token %q, %v", token, err)
		}
	}
}

// The same bytes give the same identifier; different bytes another one.
func TestNewDependsOnRandomnessOnly(t *testing.T) {
	a, _ := NewUniqueID(seeded(1), User)
	b, _ := NewUniqueID(seeded(1), User)
	c, _ := NewUniqueID(seeded(2), User)
	if a != b || a == c {
		t.Errorf("got %s, %s, %s", a, b, c)
	}
}

// TestShapes: what is drawn has the length and the letters that others expect.
func TestShapes(t *testing.T) {
	for seed := range byte(20) {
		mixed, err := NewMixedToken(seeded(seed), 16)
		if err != nil || len(mixed) != 16 || strings.Trim(mixed, mixedAlphabet) != "" {
			t.Errorf("drawn is %q, %v", mixed, err)
		}
		host, err := NewHostID(seeded(seed))
		if raw, decodeErr := base64.StdEncoding.DecodeString(host); err != nil || decodeErr != nil || len(raw) != 48 {
			t.Errorf("drawn is %q, %v", host, err)
		}
	}
}

func TestNewFailsWithItsSource(t *testing.T) {
	for name, draw := range map[string]func(io.Reader) error{
		"account":   func(r io.Reader) error { _, err := NewAccountID(r); return err },
		"canonical": func(r io.Reader) error { _, err := NewCanonicalUserID(r); return err },
		"unique":    func(r io.Reader) error { _, err := NewUniqueID(r, User); return err },
		"key":       func(r io.Reader) error { _, err := NewAccessKeyID(r, AccessKey); return err },
		"secret":    func(r io.Reader) error { _, err := NewSecretAccessKey(r); return err },
		"mixed":     func(r io.Reader) error { _, err := NewMixedToken(r, 16); return err },
		"host":      func(r io.Reader) error { _, err := NewHostID(r); return err },
	} {
		if err := draw(bytes.NewReader([]byte("short"))); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Letters are equally likely: bytes that would favour some are thrown away.
func TestDrawIsUniform(t *testing.T) {
	const n = 100000
	s, err := draw(seeded(3), digits, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range digits {
		// 10,000 are expected, with a standard deviation of 95.
		if got := strings.Count(s, string(c)); got < 9500 || got > 10500 {
			t.Errorf("%c: %d of %d", c, got, n)
		}
	}
	if s, err = draw(bytes.NewReader(bytes.Repeat([]byte{255, 250, 7}, 40)), digits, 3); err != nil || s != "777" {
		t.Errorf("got %q, %v", s, err)
	}
}
