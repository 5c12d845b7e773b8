package access

import (
	"errors"
	"testing"
)

func TestCacheKeepsNothingReadBeforeADrop(t *testing.T) {
	t.Parallel()
	c := newCache[string, int](4)
	// The load of "k" is overtaken by a drop, as by a commit between reading and keeping.
	v, err := c.get("k", func() (int, error) { c.drop("k"); return 1, nil })
	if err != nil || v != 1 {
		t.Fatalf("get = %d, %v", v, err)
	}
	if v, _ = c.get("k", func() (int, error) { return 2, nil }); v != 2 {
		t.Errorf("get after an overtaken load = %d, want the value that is read anew", v)
	}
	if v, _ = c.get("k", func() (int, error) { return 3, nil }); v != 2 {
		t.Errorf("get of a kept value = %d, want 2", v)
	}
}

func TestCacheKeepsNoError(t *testing.T) {
	t.Parallel()
	c := newCache[string, int](4)
	if _, err := c.get("k", func() (int, error) { return 0, errors.New("disk") }); err == nil {
		t.Fatal("get hid the error of load")
	}
	if v, err := c.get("k", func() (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("get after an error = %d, %v, want 7", v, err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newCache[int, int](32)
	for i := range 1000 {
		c.get(i, func() (int, error) { return i, nil })
		if len(c.entries) > 32 {
			t.Fatalf("the cache holds %d entries, more than its bound", len(c.entries))
		}
	}
}
