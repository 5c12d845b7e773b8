package access

import (
	"context"
	"errors"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
)

// newCacheFixture returns a cache over a store that tells it what is written.
func newCacheFixture(t *testing.T, max int) (*cache[string, string], *meta.Store) {
	t.Helper()
	store := meta.New(memory.New())
	t.Cleanup(func() { store.Close() })
	c := newCache[string, string](store, max)
	a := &Access{caches: []forgetter{c}}
	store.OnCommit(a.forget)
	return c, store
}

func write(t *testing.T, store *meta.Store, key, value string) {
	t.Helper()
	if err := store.Update(t.Context(), func(tx meta.Tx) error { return tx.Put([]byte(key), []byte(value)) }); err != nil {
		t.Fatal(err)
	}
}

// reads returns a function that reads key, and counts how often it was called.
func reads(ctx context.Context, key string, count *int) func(l *load) (string, error) {
	return func(l *load) (s string, err error) {
		*count++
		err = l.view(ctx, func(r meta.Reader) error {
			value, err := r.Get([]byte(key))
			s = string(value)
			if errors.Is(err, meta.ErrNotFound) {
				return nil
			}
			return err
		})
		return s, err
	}
}

func TestCacheForgetsExactlyWhatWasRead(t *testing.T) {
	t.Parallel()
	c, store := newCacheFixture(t, 8)
	counts := map[string]*int{"Aone": new(int), "Atwo": new(int)}
	get := func(key string) string {
		v, err := c.get(t.Context(), key, nil, reads(t.Context(), key, counts[key]))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	write(t, store, "Aone", "1")
	get("Aone")
	get("Atwo") // does not exist: that it does not is kept as well
	write(t, store, "Aone", "2")
	if got := get("Aone"); got != "2" {
		t.Errorf("after a write the cache has %q", got)
	}
	get("Atwo")
	if *counts["Aone"] != 2 || *counts["Atwo"] != 1 {
		t.Errorf("read %d and %d times, want 2 and 1", *counts["Aone"], *counts["Atwo"])
	}
	write(t, store, "Atwo", "new")
	if got := get("Atwo"); got != "new" {
		t.Errorf("after the first write of a key the cache has %q", got)
	}
	if len(c.users) != 2 {
		t.Errorf("the index has %d keys, want 2", len(c.users))
	}
}

// TestCacheForgetsThroughItsParts: what was made from a kept value is forgotten with it.
func TestCacheForgetsThroughItsParts(t *testing.T) {
	t.Parallel()
	c, store := newCacheFixture(t, 8)
	var part, whole int
	get := func() string {
		v, err := c.get(t.Context(), "whole", nil, func(l *load) (string, error) {
			whole++
			return c.get(t.Context(), "part", l, reads(t.Context(), "Apart", &part))
		})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	write(t, store, "Apart", "1")
	c.get(t.Context(), "part", nil, reads(t.Context(), "Apart", &part))
	get()
	get()
	write(t, store, "Apart", "2")
	if got := get(); got != "2" || whole != 2 || part != 2 {
		t.Errorf("got %q after %d and %d reads, want 2 after 2 and 2", got, whole, part)
	}
}

func TestCacheKeepsNothingThatAWriteOvertook(t *testing.T) {
	t.Parallel()
	c, store := newCacheFixture(t, 4)
	var n int
	read := reads(t.Context(), "Ak", &n)
	v, err := c.get(t.Context(), "k", nil, func(l *load) (string, error) {
		v, err := read(l)
		write(t, store, "Ak", "new") // between reading and keeping
		return v, err
	})
	if err != nil || v != "" {
		t.Fatalf("get = %q, %v", v, err)
	}
	if v, _ = c.get(t.Context(), "k", nil, read); v != "new" {
		t.Errorf("get after an overtaken load = %q, want the value that is read anew", v)
	}
	// A write of something else overtakes nothing.
	c.get(t.Context(), "other", nil, func(l *load) (string, error) {
		write(t, store, "Ak2", "x")
		return read(l)
	})
	before := n
	if c.get(t.Context(), "other", nil, read); n != before {
		t.Error("a value was not kept although nothing that it was read from was written")
	}
}

func TestCacheKeepsNoError(t *testing.T) {
	t.Parallel()
	c, _ := newCacheFixture(t, 4)
	if _, err := c.get(t.Context(), "k", nil, func(*load) (string, error) { return "", errors.New("disk") }); err == nil {
		t.Fatal("get hid the error of load")
	}
	if v, err := c.get(t.Context(), "k", nil, func(*load) (string, error) { return "7", nil }); v != "7" || err != nil {
		t.Errorf("get after an error = %q, %v, want 7", v, err)
	}
	if len(c.loads) != 0 {
		t.Errorf("%d loads are still under way", len(c.loads))
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c, _ := newCacheFixture(t, 32)
	for i := range 1000 {
		key := string(rune('a' + i))
		var n int
		c.get(t.Context(), key, nil, reads(t.Context(), "A"+key, &n))
		if len(c.entries) > 32 || len(c.users) > 32 {
			t.Fatalf("the cache holds %d entries and %d keys, more than its bound", len(c.entries), len(c.users))
		}
	}
}

// A commit of which nobody can say what it wrote drops everything, and what is being read.
func TestCacheForgetsAll(t *testing.T) {
	t.Parallel()
	c, store := newCacheFixture(t, 8)
	write(t, store, "A", "1")
	a := &Access{caches: []forgetter{c}}
	count := 0
	for range 2 {
		for range 2 {
			if _, err := c.get(t.Context(), "A", nil, reads(t.Context(), "A", &count)); err != nil {
				t.Fatal(err)
			}
		}
		a.forget(nil)
	}
	if count != 2 {
		t.Errorf("the value was read %d times, want once each time it was forgotten", count)
	}
	_, err := c.get(t.Context(), "A", nil, func(l *load) (string, error) {
		defer a.forget(nil)
		return reads(t.Context(), "A", &count)(l)
	})
	if err != nil || len(c.entries) != 0 || len(c.users) != 0 {
		t.Errorf("%v; %d entries were kept that were read meanwhile", err, len(c.entries))
	}
}
