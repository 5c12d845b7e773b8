package metatest

import (
	"fmt"
	"testing"

	"crossgrant/internal/meta"
)

// ordered are keys in bytewise order that an order by length, by text or by signed bytes gets wrong.
var ordered = []string{
	"\x00", "\x00\x00", "\x00\xff", "\x01", "0", "10", "2", "A", "a", "a\x00", "a\x00\x01", "aa", "ab", "b",
	"\x7f", "\x80", "é", "\xff", "\xff\x00", "\xff\xff", "\xff\xff\xff",
}

func putOrdered(t *testing.T, e meta.Engine) {
	t.Helper()
	update(t, e, func(tx meta.Tx) error {
		for i := range ordered {
			key := ordered[(i*8)%len(ordered)] // 8 and 21 are coprime: each key once, out of order
			if err := tx.Put([]byte(key), []byte("value of "+key)); err != nil {
				return err
			}
		}
		return nil
	})
}

func testOrder(t *testing.T, e meta.Engine) {
	putOrdered(t, e)
	view(t, e, func(r meta.Reader) error {
		pairs, err := scan(r, nil, nil)
		if err != nil {
			return err
		}
		for _, p := range pairs {
			if p.value != "value of "+p.key {
				return fmt.Errorf("scan: key %q came with value %q", p.key, p.value)
			}
		}
		return first(wantKeys(r, nil, nil, ordered...), wantKeys(r, []byte{}, nil, ordered...))
	})
}

// testRanges compares every range between two keys, and around them, with the slice.
func testRanges(t *testing.T, e meta.Engine) {
	putOrdered(t, e)
	check := func(r meta.Reader) error {
		for i, from := range ordered {
			if err := wantKeys(r, []byte(from), nil, ordered[i:]...); err != nil {
				return err
			}
			if err := wantKeys(r, nil, []byte(from), ordered[:i]...); err != nil {
				return err
			}
			for j, to := range ordered {
				if err := wantKeys(r, []byte(from), []byte(to), ordered[i:max(i, j)]...); err != nil {
					return err
				}
			}
		}
		return first(
			wantKeys(r, []byte("a\x00\x00"), []byte("ab"), "a\x00\x01", "aa"),
			wantKeys(r, []byte("\xff\xff\xff\xff"), nil),
			wantKeys(r, nil, []byte{}), // an empty bound is a bound
		)
	}
	view(t, e, check)
	update(t, e, func(tx meta.Tx) error { return check(tx) })
}

func testSeek(t *testing.T, e meta.Engine) {
	put(t, e, "b", "1", "d", "2", "f", "3", "h", "4", "j", "5")
	check := func(r meta.Reader) error {
		steps := []struct {
			seek string // "" for Next
			want string // "" for the end
		}{
			{"", "d"}, {"", "f"},
			{"h", "h"}, {"", ""}, {"", ""}, // the end is not left by Next
			{"e", "f"},             // but by a seek, which may go back
			{"a", "d"}, {"b", "d"}, // before the range: its first key
			{"d", "d"}, {"d\x00", "f"},
			{"i", ""}, {"", ""}, // i is the bound
			{"j", ""}, {"z", ""}, // beyond the range, although j exists
			{"g", "h"}, {"", ""}, {"c", "d"}, {"", "f"},
		}
		it := r.Scan([]byte("c"), []byte("i"))
		defer it.Close()
		for i, step := range steps {
			var ok bool
			if step.seek == "" {
				ok = it.Next()
			} else {
				ok = it.SeekGE([]byte(step.seek))
			}
			if ok != (step.want != "") || ok && string(it.Key()) != step.want {
				return fmt.Errorf("step %d (seek %q): found %v, want %q", i, step.seek, ok, step.want)
			}
		}
		fresh := r.Scan([]byte("c"), nil)
		if !fresh.SeekGE([]byte("a")) || string(fresh.Key()) != "d" || string(fresh.Value()) != "2" {
			return first(fmt.Errorf("SeekGE before the first Next is not clamped to the range"), fresh.Close())
		}
		if !fresh.SeekGE([]byte("i")) || string(fresh.Key()) != "j" || fresh.SeekGE([]byte("k")) {
			return first(fmt.Errorf("SeekGE without an upper bound"), fresh.Close())
		}
		empty := r.Scan([]byte("f"), []byte("f"))
		if empty.SeekGE([]byte("f")) || empty.Next() || empty.SeekGE([]byte("a")) {
			return first(fmt.Errorf("SeekGE found a key in an empty range"), empty.Close())
		}
		return first(fresh.Close(), empty.Close())
	}
	view(t, e, check)
	update(t, e, func(tx meta.Tx) error { return check(tx) })
}

// testOwnWrites checks that a transaction reads its own writes merged with the snapshot.
func testOwnWrites(t *testing.T, e meta.Engine) {
	put(t, e, "a", "1", "c", "3", "e", "5", "g", "7")
	update(t, e, func(tx meta.Tx) error {
		if err := first(
			tx.Put([]byte("b"), []byte("new")),
			tx.Put([]byte("c"), []byte("changed")),
			tx.Delete([]byte("e")),
			tx.Delete([]byte("g")), tx.Put([]byte("g"), []byte("again")),
			tx.Put([]byte("h"), []byte("short-lived")), tx.Delete([]byte("h")),
		); err != nil {
			return err
		}
		pairs, err := scan(tx, nil, nil)
		if err != nil {
			return err
		}
		want := []pair{{"a", "1"}, {"b", "new"}, {"c", "changed"}, {"g", "again"}}
		if fmt.Sprint(pairs) != fmt.Sprint(want) {
			return fmt.Errorf("scan = %v, want %v", pairs, want)
		}
		many, err := tx.GetMany([][]byte{[]byte("b"), []byte("e"), []byte("h")})
		if err != nil {
			return err
		}
		if string(many[0]) != "new" || many[1] != nil || many[2] != nil {
			return fmt.Errorf("GetMany = %q", many)
		}
		return first(wantValue(tx, "c", "changed"), wantMissing(tx, "e"), wantMissing(tx, "h"),
			wantKeys(tx, []byte("b"), []byte("g"), "b", "c"))
	})
	view(t, e, func(r meta.Reader) error { return wantKeys(r, nil, nil, "a", "b", "c", "g") })
}

// testWriteWhileScanning deletes and adds keys around an open iterator: it must end, keep its order,
// and show every key that was neither deleted nor added, once.
func testWriteWhileScanning(t *testing.T, e meta.Engine) {
	const n = 300
	name := func(i int) string { return fmt.Sprintf("%06d", i*10) }
	update(t, e, func(tx meta.Tx) error {
		for i := range n {
			if err := tx.Put([]byte(name(i)), []byte("old")); err != nil {
				return err
			}
		}
		return nil
	})
	update(t, e, func(tx meta.Tx) error {
		it := tx.Scan(nil, nil)
		seen := map[string]bool{}
		last := ""
		for it.Next() {
			key := string(it.Key())
			if key <= last {
				return first(fmt.Errorf("scan went from %q to %q", last, key), it.Close())
			}
			last, seen[key] = key, true
			if err := first(tx.Delete([]byte(key)), tx.Put([]byte(key+"+"), fill(100, 1)), tx.Put([]byte("0"+key), nil)); err != nil {
				return first(err, it.Close())
			}
		}
		for i := range n {
			if !seen[name(i)] {
				return first(fmt.Errorf("scan missed %q", name(i)), it.Close())
			}
		}
		return it.Close()
	})
	view(t, e, func(r meta.Reader) error {
		pairs, err := scan(r, nil, nil)
		if err == nil && len(pairs) < 2*n {
			err = fmt.Errorf("%d keys are left, want at least %d", len(pairs), 2*n)
		}
		return err
	})
}
