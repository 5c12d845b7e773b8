package sigv4

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSecretPrintsRedacted(t *testing.T) {
	s := NewSecret("hunter2")
	data, err := json.Marshal(struct{ S Secret }{s})
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("%v %+v %#v %s %q %x %d %v", s, s, s, s, s, s, s, struct{ S *Secret }{&s}) + fmt.Sprint(struct{ S Secret }{s}) + string(data)
	key := deriveKey(s, Scope{})
	out += fmt.Sprintf("%v %+v %#v %v %+v", key, Verified{key: &key}, &Verified{key: &key}, key, struct{ s Secret }{s})
	if strings.Contains(out, fmt.Sprint([32]byte(key))[1:20]) || strings.Contains(out, fmt.Sprintf("%x", key[:4])) {
		t.Error("the key: ", out)
	}
	if strings.Contains(out, "hunter2") || strings.Contains(out, strconv.Itoa(int('h'))+" ") || !strings.Contains(out, redacted) {
		t.Error(out)
	}
	if !s.Equal(NewSecret("hunter2")) || s.Equal(NewSecret("hunter")) || s.IsZero() || !(Secret{}).IsZero() {
		t.Error("Equal or IsZero")
	}
}

// TestDeriveKey is the example of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html .
func TestDeriveKey(t *testing.T) {
	key := deriveKey(NewSecret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), Scope{"20120215", "us-east-1", "iam", terminator})
	if got, want := fmt.Sprintf("%x", [32]byte(key)), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKeyCache(t *testing.T) {
	c := NewKeyCache(8)
	secret, scope := NewSecret("s"), Scope{"20120215", "us-east-1", "iam", terminator}
	key, cached := c.get("a", secret, scope)
	if cached || key != deriveKey(secret, scope) {
		t.Error("first")
	}
	c.put("a", secret, scope, key)
	if again, cached := c.get("a", secret, scope); !cached || again != key {
		t.Error("second")
	}
	if _, cached := c.get("a", NewSecret("t"), scope); cached {
		t.Error("another secret found the key of the first")
	}
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for i := range 500 {
				id := strconv.Itoa(i % 20 * (g + 1))
				k, _ := c.get(id, secret, scope)
				c.put(id, secret, scope, k)
			}
		})
	}
	wait.Wait()
	if n := len(c.young) + len(c.old); n > 8 {
		t.Errorf("%d keys", n)
	}
	// A key in use survives, though others come and go.
	c.put("a", secret, scope, key)
	for i := range 50 {
		c.put(strconv.Itoa(i), secret, scope, key)
		if _, cached := c.get("a", secret, scope); !cached {
			t.Fatal("forgot a key in use")
		}
	}
	var none *KeyCache
	if k, cached := none.get("a", secret, scope); cached || k != key {
		t.Error("nil cache")
	}
}

// TestFailedSignatureIsNotCached wants guesses to leave nothing in the cache.
func TestFailedSignatureIsNotCached(t *testing.T) {
	e := &Endpoint{Dialect: S3, Service: "s3", Keys: NewKeyCache(8)}
	r := exampleRequest("GET", "/")
	exampleSigner.Sign(r, unsignedPayload, exampleTime)
	r.Method = "PUT"
	if err := judge(e, r, exampleTime); err == nil || len(e.Keys.young) != 0 {
		t.Errorf("%v, %d keys", err, len(e.Keys.young))
	}
	r.Method = "GET"
	if err := judge(e, r, exampleTime); err != nil || len(e.Keys.young) != 1 {
		t.Errorf("%v, %d keys", err, len(e.Keys.young))
	}
}

// TestHMACSum holds that hmacSum is the HMAC of the standard library, whatever the lengths.
func TestHMACSum(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("0123456789abcdef\x00\xff"), 64)
	for _, key := range []int{0, 1, 32, 63, 64, 65, 200} {
		for _, data := range []int{0, 1, 55, 64, 447, 448, 449, len(text)} {
			mac := hmac.New(sha256.New, text[:key])
			mac.Write(text[:data])
			if got := hmacSum(text[:key], text[:data]); !hmac.Equal(got[:], mac.Sum(nil)) {
				t.Errorf("a key of %d bytes and %d bytes of data", key, data)
			}
		}
	}
}

// TestParseDate holds that dates are read as package time reads them, but for leap seconds, which it has none of.
func TestParseDate(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"20260229T000000Z", "20240229T235959Z", "19000228T000000Z", "00000101T000000Z", "20261301T000000Z", "20260001T000000Z",
		"20260431T000000Z", "20260100T000000Z", "20260101T240000Z", "20260101T006000Z", "20260101T000060Z", "20260101t000000Z",
		"20260101T000000z", "2026 101T000000Z", "-0260101T000000Z", "20260101T0000+1Z", "20260101T00000", "99991231T235959Z", "",
	} {
		want, err := time.Parse(dateFormat, s)
		if got, ok := parseDate(s); ok != (err == nil) || !got.Equal(want) {
			t.Errorf("%q is %v, %t, want %v, %v", s, got, ok, want, err)
		}
		if len(s) < 8 {
			continue
		}
		if _, err := time.Parse("20060102", s[:8]); isScopeDate(s[:8]) != (err == nil) {
			t.Errorf("%q is a day: %t", s[:8], isScopeDate(s[:8]))
		}
	}
}
