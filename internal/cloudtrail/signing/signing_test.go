package signing

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

var start = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// pool are private keys, which take long to make: they are made once for all tests.
var pool = sync.OnceValue(func() (all []*rsa.PrivateKey) {
	for range 4 {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		all = append(all, key)
	}
	return all
})

// clock is a time that a test sets.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// world is a store, with servers over it.
type world struct {
	store *meta.Store
	box   *seal.Box
	clock clock
	mu    sync.Mutex // protects made
	made  int
}

func open(t *testing.T) *world {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{store: meta.New(memory.New()), box: box, clock: clock{start}}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) server(opts Options) *Service {
	opts.Now, opts.Generate = w.clock.now, func() (*rsa.PrivateKey, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.made++
		return pool()[(w.made-1)%len(pool())], nil
	}
	return New(w.store, w.box, opts)
}

func current(t *testing.T, s *Service) *Key {
	t.Helper()
	k, err := s.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestFingerprint: the keys of AWS's published example of ListPublicKeys have the fingerprints that are given there.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	for want, text := range map[string]string{
		"8eba5db5bea9b640d1c96a77256fe7f2": "MIIBCgKCAQEAn11L2YZ9h7onug2ILi1MWyHiMRsTQjfWE+pHVRLk1QjfWhirG+lpOa8NrwQ/r7Ah5bNL6HepznOU9XTDSfmmnP97mqyc7z/upfZdS/AHhYcGaz7n6Wc/RRBU6VmiPCrAUojuSk6/" +
			"GjvA8iOPFsYDuBtviXarvuLPlrT9kAd4Lb+rFfR5peEgBEkhlzc5HuWO7S0y+KunqxX6jQBnXGMtxmPBPP0FylgWGNdFtks/4YSKcgqwH0YDcawP9GGGDAeCIqPWIXDLG1jOjRRzWfCmD0iJUkz8vTsn4hq/5ZxRFE7UBAUiVcGbdnDdvVfhF9C3dQiDq3k7adQIziLT0cShgQIDAQAB",
		"8933b39ddc64d26d8e14ffbf6566fee4": "MIIBCgKCAQEApfYL2FiZhpN74LNWVUzhR+VheYhwhYm8w0n5Gf6i95ylW5kBAWKVEmnAQG7BvS5g9SMqFDQx52fW7NWV44IvfJ2xGXT+wT+DgR6ZQ+6yxskQNqV5YcXj4Aa5Zz4jJfsYjDuO2MDT" +
			"ZNIzNvBNzaBJ+r2WIWAJ/Xq54kyF63B6WE38vKuDE7nSd1FqQuEoNBFLPInvgggYe2Ym1Refe2z71wNcJ2kY+q0h1BSHrSM8RWuJIw7MXwF9iQncg9jYzUlNJomozQzAG5wSRfbplcCYNY40xvGd/aAmO0m+Y+XFMrKwtLCwseHPvj843qVno6x4BJN9bpWnoPo9sdsbGoiK3QIDAQAB",
	} {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		public, err := x509.ParsePKCS1PublicKey(der)
		if err != nil {
			t.Fatal(err)
		}
		if got := fingerprint(x509.MarshalPKCS1PublicKey(public)); got != want {
			t.Errorf("the fingerprint is %s, not %s", got, want)
		}
	}
}

// TestSign: what is signed is verified with what Public tells, and the private key is kept sealed.
func TestSign(t *testing.T) {
	t.Parallel()
	w := open(t)
	s := w.server(Options{})
	if found, err := s.Public(t.Context(), start, start); err != nil || len(found) != 0 {
		t.Errorf("before the first there are %v, %v", found, err)
	}
	k := current(t, s)
	signature, err := k.Sign([]byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Public(t.Context(), start, start)
	if err != nil || len(found) != 1 || found[0].Fingerprint != k.Fingerprint() || !found[0].Begins.Equal(start) || !found[0].Ends.Equal(start.Add(30*day)) {
		t.Fatalf("there are %v, %v", found, err)
	}
	public, err := x509.ParsePKCS1PublicKey(found[0].DER)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("text"))
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
	// A server that starts anew uses the same.
	if again := current(t, w.server(Options{})); again.Fingerprint() != k.Fingerprint() || w.made != 1 {
		t.Errorf("after a restart the key is %s, and %d were made", again.Fingerprint(), w.made)
	}
	stored := w.stored(t)
	text, err := w.box.Open(stored.SealedPrivate, []byte(stored.Fingerprint))
	if err != nil || string(text) != string(x509.MarshalPKCS1PrivateKey(pool()[0])) {
		t.Errorf("the sealed key is %d bytes, %v", len(text), err)
	}
}

// stored returns the one key that is stored.
func (w *world) stored(t *testing.T) *records.TrailKey {
	t.Helper()
	var all []*records.TrailKey
	err := w.store.View(t.Context(), func(r meta.Reader) error { return each(r, func(k *records.TrailKey) { all = append(all, k) }) })
	if err != nil || len(all) != 1 {
		t.Fatalf("there are %d keys, %v", len(all), err)
	}
	return all[0]
}

// TestRotate: a key pair signs for 20 days; it is told of within its 30 days, and of a time a little earlier, for ever.
func TestRotate(t *testing.T) {
	t.Parallel()
	w := open(t)
	s := w.server(Options{})
	var prints []string
	for _, at := range []time.Duration{0, 20*day - 1, 20 * day, 25 * day, 40 * day, 200 * day} {
		w.clock.at = start.Add(at)
		if k := current(t, s); len(prints) == 0 || k.Fingerprint() != prints[len(prints)-1] {
			prints = append(prints, k.Fingerprint())
		}
	}
	if len(prints) != 4 || w.made != 4 {
		t.Fatalf("%d keys signed, %d were made", len(prints), w.made)
	}
	for _, c := range []struct {
		from, to time.Duration
		want     []int
	}{
		{0, 0, []int{0}},
		{-2 * day, -day - 1, nil},
		{-2 * day, -day, []int{0}},
		{19*day - 1, 19*day - 1, []int{0}},
		{19 * day, 19 * day, []int{0, 1}},
		{20 * day, 30 * day, []int{0, 1}},
		{30*day + 1, 35 * day, []int{1}},
		{0, 300 * day, []int{0, 1, 2, 3}},
		{100 * day, 110 * day, nil},
		{230 * day, 230 * day, []int{3}},
		{230*day + 1, 300 * day, nil},
	} {
		found, err := s.Public(t.Context(), start.Add(c.from), start.Add(c.to))
		if err != nil || len(found) != len(c.want) {
			t.Errorf("between %v and %v there are %d keys, %v", c.from, c.to, len(found), err)
			continue
		}
		for i, n := range c.want {
			if found[i].Fingerprint != prints[n] {
				t.Errorf("between %v and %v the key %d is %s, not %s", c.from, c.to, i, found[i].Fingerprint, prints[n])
			}
		}
	}
	if found, err := s.Public(t.Context(), time.Time{}, time.Time{}); err != nil || len(found) != 1 || found[0].Fingerprint != prints[3] {
		t.Errorf("now there are %v, %v", found, err)
	}
	if _, err := s.Public(t.Context(), start, start.Add(-1)); !apierr.Is(err, "InvalidTimeRangeException") {
		t.Errorf("a span that ends before it begins is %v", err)
	}
}

// TestClock: a key of a server whose clock is ahead is used; one of a clock that was far off is not.
func TestClock(t *testing.T) {
	t.Parallel()
	w := open(t)
	s := w.server(Options{})
	first := current(t, s)
	w.clock.at = start.Add(-time.Hour)
	if k := current(t, s); k.Fingerprint() != first.Fingerprint() {
		t.Error("a key that another server made just now is not used")
	}
	w.clock.at = start.Add(-10 * day)
	if k := current(t, s); k.Fingerprint() == first.Fingerprint() {
		t.Error("a key of a later time is used")
	}
}

// TestAtOnce: servers that make a key pair at once use one.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	for round := range 2 {
		w.clock.at = start.Add(time.Duration(round) * 20 * day)
		prints := make([]string, 4)
		var wg sync.WaitGroup
		for i := range prints {
			s := w.server(Options{})
			wg.Go(func() {
				if k, err := s.Current(context.Background()); err != nil {
					t.Error(err)
				} else {
					prints[i] = k.Fingerprint()
				}
			})
		}
		wg.Wait()
		for _, p := range prints {
			if p != prints[0] {
				t.Errorf("they use %v", prints)
			}
		}
		if found, err := w.server(Options{}).Public(t.Context(), start, w.clock.at); err != nil || len(found) != round+1 {
			t.Errorf("there are %d keys, %v", len(found), err)
		}
	}
}

// TestFaults: a private key that is another's, or does not open, signs nothing; nor is a new one made in its place.
func TestFaults(t *testing.T) {
	t.Parallel()
	w := open(t)
	current(t, w.server(Options{}))
	whole := w.stored(t)
	put := func(k *records.TrailKey) {
		t.Helper()
		if err := w.store.Update(t.Context(), func(tx meta.Tx) error { return records.Put(tx, keys.TrailKey(k.Begins), k) }); err != nil {
			t.Fatal(err)
		}
	}
	other, err := w.box.Seal(x509.MarshalPKCS1PrivateKey(pool()[1]), []byte(whole.Fingerprint))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, fingerprint string
		sealed            []byte
		want              error
	}{
		{"of another fingerprint", "x", whole.SealedPrivate, seal.ErrOpen},
		{"of another key", whole.Fingerprint, other, meta.ErrCorrupt},
	} {
		put(&records.TrailKey{Fingerprint: c.fingerprint, Public: whole.Public, SealedPrivate: c.sealed, Begins: whole.Begins, Ends: whole.Ends})
		if _, err := w.server(Options{}).Current(t.Context()); !errors.Is(err, c.want) || w.made != 1 {
			t.Errorf("%s: %v, %d were made", c.name, err, w.made)
		}
	}
	if err := w.store.Update(t.Context(), func(tx meta.Tx) error { return tx.Put(keys.TrailKey(whole.Begins), []byte("x")) }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.server(Options{}).Current(t.Context()); !errors.Is(err, meta.ErrCorrupt) || w.made != 1 {
		t.Errorf("a record that cannot be read: %v, %d were made", err, w.made)
	}
}

// TestGenerate makes a key pair without a test's pool.
func TestGenerate(t *testing.T) {
	t.Parallel()
	w := open(t)
	s := New(w.store, w.box, Options{})
	current(t, s)
	found, err := s.Public(t.Context(), time.Time{}, time.Time{})
	if err != nil || len(found) != 1 {
		t.Fatalf("there are %v, %v", found, err)
	}
	if public, err := x509.ParsePKCS1PublicKey(found[0].DER); err != nil || public.N.BitLen() != 2048 {
		t.Errorf("the key is %v, %v", public, err)
	}
}
