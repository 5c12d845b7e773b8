package metatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"crossgrant/internal/meta"
)

// RunRemote runs the suite of what meta.Remote has beside meta.Engine. open returns a new empty engine, which the caller
// closes.
func RunRemote(t *testing.T, open func(t *testing.T) meta.Remote) {
	t.Run("Revisions", func(t *testing.T) { testRevisions(t, open(t)) })
	t.Run("ReadRange", func(t *testing.T) { testReadRange(t, open(t)) })
	t.Run("Ahead", func(t *testing.T) { testAhead(t, open(t)) })
	t.Run("First", func(t *testing.T) { testFirst(t, open(t)) })
}

// testRevisions: each write of a key, and no other, gives it a revision that it never had.
func testRevisions(t *testing.T, e meta.Remote) {
	revision := func(key string) int64 {
		t.Helper()
		found, err := e.Read(t.Context(), [][]byte{[]byte("other"), []byte(key), []byte(key)})
		if err != nil || found[1].Revision != found[2].Revision || (found[1].Value == nil) != (found[1].Revision == 0) {
			t.Fatalf("Read = %v, %v", found, err)
		}
		return found[1].Revision
	}
	had := map[int64]bool{}
	if r := revision("k"); r != 0 {
		t.Errorf("a key without a value has revision %d", r)
	}
	for i := range 5 {
		update(t, e, func(tx meta.Tx) error { return tx.Put([]byte("k"), []byte{}) })
		r := revision("k")
		if had[r] || r <= 0 {
			t.Errorf("write %d of the same value has revision %d again", i, r)
		}
		had[r] = true
		update(t, e, func(tx meta.Tx) error { return tx.Put([]byte("neighbour"), nil) })
		if again := revision("k"); again != r {
			t.Errorf("the write of another key made %d of revision %d", again, r)
		}
		if i == 2 {
			update(t, e, func(tx meta.Tx) error { return tx.Delete([]byte("k")) })
			if r := revision("k"); r != 0 {
				t.Errorf("a deleted key has revision %d", r)
			}
		}
	}
}

// testReadRange compares random ranges and plans with what Scan yields.
func testReadRange(t *testing.T, e meta.Remote) {
	var seed [32]byte
	random := rand.New(rand.NewChaCha8(seed))
	word := func(n int) string {
		text := make([]byte, random.IntN(n))
		for i := range text {
			text[i] = "ab/"[random.IntN(3)]
		}
		return string(text)
	}
	update(t, e, func(tx meta.Tx) error {
		for range 200 {
			key := "p" + word(9)
			if err := tx.Put([]byte(key), []byte(key+"="+word(30))); err != nil {
				return err
			}
		}
		return nil
	})
	for range 300 {
		of := meta.Range{From: []byte("p" + word(5)), To: []byte("q"), Plan: meta.Plan{Limit: random.IntN(20), Cut: random.IntN(6), Under: 1}}
		if random.IntN(2) == 0 {
			of.Plan.Delimiter = []byte("/")
		}
		found, entries, whole, err := e.ReadRange(t.Context(), [][]byte{[]byte("none")}, of)
		if err != nil || len(found) != 1 || found[0].Value != nil {
			t.Fatalf("ReadRange(%+v) = %v, %v", of, found, err)
		}
		want := planned(t, e, of)
		if n := len(entries); n > len(want) || whole != (n == len(want)) || !whole && n < of.Plan.Limit {
			t.Fatalf("%+v: %d entries of %d, whole %v", of, n, len(want), whole)
		}
		for i, got := range entries {
			value := want[i].Value
			if cut := of.Plan.Cut; cut > 0 && len(value) > cut {
				value = value[:min(len(value), max(cut, len(got.Value)))]
			}
			if !bytes.Equal(got.Key, want[i].Key) || !bytes.Equal(got.Value, value) {
				t.Fatalf("%+v: entry %d is %s=%s, want %s=%s", of, i, got.Key, got.Value, want[i].Key, value)
			}
		}
	}
}

// planned returns what is to be read of a range, all of it.
func planned(t *testing.T, e meta.Engine, of meta.Range) (all []meta.Entry) {
	t.Helper()
	err := e.View(t.Context(), func(r meta.Reader) error {
		all = nil
		it := r.Scan(of.From, of.To)
		for ok := it.Next(); ok; {
			all = append(all, meta.Entry{Key: bytes.Clone(it.Key()), Value: bytes.Clone(it.Value())})
			if group := of.Plan.Group(it.Key()); group != nil {
				ok = it.SeekGE(meta.After(group))
			} else {
				ok = it.Next()
			}
		}
		return it.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// testAhead: what was read ahead is seen as it was, and a transaction that used what has changed since begins anew.
func testAhead(t *testing.T, e meta.Remote) {
	mine, others := meta.New(e), meta.New(e)
	put := func(s *meta.Store, key, value string) {
		t.Helper()
		if err := s.Update(t.Context(), func(tx meta.Tx) error { return tx.Put([]byte(key), []byte(value)) }); err != nil {
			t.Fatal(err)
		}
	}
	put(others, "a", "1")
	all := &meta.Range{From: []byte("r"), To: []byte("s"), Plan: meta.Plan{Limit: 10}}
	put(others, "r1", "x")
	ctx, err := mine.AheadRange(t.Context(), [][]byte{[]byte("a"), []byte("b")}, all)
	if err != nil {
		t.Fatal(err)
	}
	put(others, "a", "2")
	put(others, "r2", "y")
	seen := func(ctx context.Context, keys ...string) string {
		var text string
		err := mine.ViewAhead(ctx, func(r meta.Reader) error {
			text = ""
			for _, key := range keys {
				values, err := r.GetMany([][]byte{[]byte(key)})
				if err != nil {
					return err
				}
				text += fmt.Sprintf("%s=%s ", key, values[0])
			}
			it := meta.Scan(r, all.From, all.To, all.Plan)
			for it.Next() {
				text += fmt.Sprintf("%s ", it.Key())
			}
			return it.Close()
		})
		if err != nil {
			t.Error(err)
		}
		return text
	}
	for _, c := range []struct {
		ctx  context.Context
		keys []string
		want string
	}{
		{ctx, []string{"a", "b"}, "a=1 b= r1 "},
		{ctx, []string{"a", "c"}, "a=2 c= r1 r2 "}, // c was not read ahead: then all is read as it is now
		{meta.WithoutAhead(ctx), []string{"a"}, "a=2 r1 r2 "},
		{t.Context(), []string{"a"}, "a=2 r1 r2 "},
	} {
		if got := seen(c.ctx, c.keys...); got != c.want {
			t.Errorf("%v: saw %q, want %q", c.keys, got, c.want)
		}
	}
	runs := 0
	err = mine.Update(ctx, func(tx meta.Tx) error {
		runs++
		value, err := tx.Get([]byte("a"))
		if err != nil {
			return err
		}
		return tx.Put([]byte("sum"), append(value, '!'))
	})
	sum, readErr := mine.Read(t.Context(), [][]byte{[]byte("sum")})
	if err != nil || readErr != nil || string(sum[0]) != "2!" {
		t.Errorf("Update = %v after %d runs; sum is %s, %v", err, runs, sum, readErr)
	}
}

// testFirst: a transaction that used the first entry of a range, or that there was none, as it was read ahead, begins anew if
// the range begins otherwise now.
func testFirst(t *testing.T, e meta.Remote) {
	mine, others := meta.New(e), meta.New(e)
	write := func(fn func(tx meta.Tx) error) {
		t.Helper()
		if err := others.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	put := func(key, value string) func(tx meta.Tx) error {
		return func(tx meta.Tx) error { return tx.Put([]byte(key), []byte(value)) }
	}
	remove := func(key string) func(tx meta.Tx) error {
		return func(tx meta.Tx) error { return tx.Delete([]byte(key)) }
	}
	nothing := func(meta.Tx) error { return nil }
	of := meta.Range{From: []byte("r"), To: []byte("s"), Plan: meta.Plan{Limit: 1}}
	for name, c := range map[string]struct {
		before, meanwhile func(tx meta.Tx) error
		want              string
	}{
		"none, still":       {nothing, nothing, ""},
		"none, then one":    {nothing, put("r5", "a"), "r5=a"},
		"one, still":        {put("r5", "a"), put("r7", "b"), "r5=a"},
		"one, then before":  {put("r5", "a"), put("r3", "b"), "r3=b"},
		"one, then changed": {put("r5", "a"), put("r5", "b"), "r5=b"},
		"one, then gone":    {put("r5", "a"), remove("r5"), ""},
		"beside the range":  {put("q", "a"), put("s", "b"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			write(func(tx meta.Tx) error {
				all, err := meta.Keys(tx, []byte("q"), nil, meta.All)
				if err != nil {
					return err
				}
				return meta.DeleteAll(tx, all)
			})
			write(c.before)
			ctx, err := mine.AheadRange(t.Context(), nil, &of)
			if err != nil {
				t.Fatal(err)
			}
			write(c.meanwhile)
			found := ""
			err = mine.Update(ctx, func(tx meta.Tx) error {
				found = ""
				it := meta.Scan(tx, of.From, of.To, of.Plan)
				if it.Next() {
					found = fmt.Sprintf("%s=%s", it.Key(), it.Value())
				}
				return errors.Join(it.Close(), tx.Put([]byte("sum"), nil))
			})
			if err != nil || found != c.want {
				t.Errorf("committed having found %q, %v, want %q", found, err, c.want)
			}
		})
	}
}
