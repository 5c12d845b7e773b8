package metatest

import (
	"bytes"
	"fmt"
	"testing"

	"crossgrant/internal/meta"
)

func testGetPutDelete(t *testing.T, e meta.Engine) {
	view(t, e, func(r meta.Reader) error { return wantMissing(r, "a") })
	put(t, e, "a", "1", "b", "2", "empty", "")
	view(t, e, func(r meta.Reader) error {
		return first(wantValue(r, "a", "1"), wantValue(r, "b", "2"), wantValue(r, "empty", ""),
			wantMissing(r, "c"), wantMissing(r, "aa"))
	})
	put(t, e, "a", "3", "a", "4")
	update(t, e, func(tx meta.Tx) error {
		return first(tx.Delete([]byte("b")), tx.Delete([]byte("missing")))
	})
	view(t, e, func(r meta.Reader) error {
		return first(wantValue(r, "a", "4"), wantMissing(r, "b"), wantKeys(r, nil, nil, "a", "empty"))
	})
	update(t, e, func(tx meta.Tx) error { return tx.Put([]byte("b"), []byte("5")) })
	view(t, e, func(r meta.Reader) error { return wantValue(r, "b", "5") })
}

func testGetMany(t *testing.T, e meta.Engine) {
	put(t, e, "a", "1", "empty", "", "z", "26")
	update(t, e, func(tx meta.Tx) error { return tx.Put([]byte("nil"), nil) })
	check := func(r meta.Reader) error {
		keys := [][]byte{[]byte("z"), []byte("missing"), []byte("empty"), []byte("a"), []byte("nil"), []byte("a")}
		got, err := r.GetMany(keys)
		if err != nil {
			return err
		}
		want := [][]byte{[]byte("26"), nil, {}, []byte("1"), {}, []byte("1")}
		if len(got) != len(want) {
			return fmt.Errorf("GetMany returned %d values, want %d", len(got), len(want))
		}
		for i := range want {
			if !bytes.Equal(got[i], want[i]) || (got[i] == nil) != (want[i] == nil) {
				return fmt.Errorf("GetMany: value %d of %q is %#v, want %#v", i, keys[i], got[i], want[i])
			}
		}
		none, err := r.GetMany(nil)
		if err != nil || len(none) != 0 {
			return fmt.Errorf("GetMany(nil) = %v, %v, want no values", none, err)
		}
		return nil
	}
	view(t, e, check)
	update(t, e, func(tx meta.Tx) error { return check(tx) })
}

// testBuffers checks who owns which bytes: the caller may reuse what it passed, and change what it got.
func testBuffers(t *testing.T, e meta.Engine) {
	key, value := []byte("key"), []byte("value")
	update(t, e, func(tx meta.Tx) error {
		copy(key, "key")
		copy(value, "value")
		if err := tx.Put(key, value); err != nil {
			return err
		}
		scribble(key)
		scribble(value)
		from, to := []byte("a"), []byte("z")
		it := tx.Scan(from, to)
		scribble(from)
		scribble(to)
		if !it.Next() || string(it.Key()) != "key" {
			return first(fmt.Errorf("scan lost its range when the bounds were reused"), it.Close())
		}
		return first(it.Close(), wantValue(tx, "key", "value"))
	})
	read := func(r meta.Reader) error {
		got, err := r.Get([]byte("key"))
		if err != nil {
			return err
		}
		scribble(got)
		many, err := r.GetMany([][]byte{[]byte("key")})
		if err != nil {
			return err
		}
		if string(many[0]) != "value" {
			return fmt.Errorf("after the result of Get was changed, GetMany = %q", many[0])
		}
		scribble(many[0])
		return wantValue(r, "key", "value")
	}
	view(t, e, read)
	update(t, e, func(tx meta.Tx) error { return read(tx) })
	view(t, e, read)

	// What was read in one transaction stays good in later ones.
	var kept []byte
	view(t, e, func(r meta.Reader) (err error) { kept, err = r.Get([]byte("key")); return err })
	put(t, e, "key", "other")
	if string(kept) != "value" {
		t.Errorf("a value that was read changed to %q", kept)
	}
}

func testLimits(t *testing.T, e meta.Engine) {
	longKey, otherKey := fill(meta.MaxKey, 1), fill(meta.MaxKey, 1)
	otherKey[meta.MaxKey-1]++
	large := fill(meta.MaxValue, 2)
	update(t, e, func(tx meta.Tx) error {
		return first(tx.Put(longKey, large), tx.Put(otherKey, []byte("x")), tx.Put([]byte{0}, fill(meta.MaxValue, 3)))
	})
	view(t, e, func(r meta.Reader) error {
		got, err := r.GetMany([][]byte{longKey, otherKey, {0}})
		if err != nil {
			return err
		}
		if !bytes.Equal(got[0], large) || string(got[1]) != "x" || !bytes.Equal(got[2], fill(meta.MaxValue, 3)) {
			return fmt.Errorf("a value at the limit came back changed")
		}
		it := r.Scan(longKey, nil)
		if !it.Next() || !bytes.Equal(it.Key(), longKey) || !bytes.Equal(it.Value(), large) {
			return first(fmt.Errorf("scan did not find the key at the limit"), it.Close())
		}
		return it.Close()
	})
}
