package meta_test

import (
	"errors"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
)

// TestStamps: the revision of a stamp changes with each write of what it stands for, and with nothing else; in a store that is
// not shared nothing is stamped.
func TestStamps(t *testing.T) {
	t.Parallel()
	engine := metatest.NewShared(memory.New())
	store := meta.New(engine)
	store.StampWrites(func(key []byte) []byte {
		if key[0] != 'p' {
			return nil
		}
		return []byte("stamp")
	})
	revision := func() int64 {
		t.Helper()
		found, err := store.Versions(t.Context(), [][]byte{[]byte("stamp")})
		if err != nil {
			t.Fatal(err)
		}
		return found[0].Revision
	}
	refused := errors.New("refused")
	for _, c := range []struct {
		name    string
		fn      func(tx meta.Tx) error
		stamped bool
	}{
		{"a put", func(tx meta.Tx) error { return tx.Put([]byte("p1"), nil) }, true},
		{"a delete", func(tx meta.Tx) error { return tx.Delete([]byte("p1")) }, true},
		{"two puts", func(tx meta.Tx) error { return errors.Join(tx.Put([]byte("p1"), nil), tx.Put([]byte("p2"), nil)) }, true},
		{"another key", func(tx meta.Tx) error { return tx.Put([]byte("o"), nil) }, false},
		{"a read", func(tx meta.Tx) error { _, err := tx.GetMany([][]byte{[]byte("p1")}); return err }, false},
		{"refused", func(tx meta.Tx) error { return errors.Join(tx.Put([]byte("p1"), nil), refused) }, false},
	} {
		before := revision()
		if err := store.Update(t.Context(), c.fn); err != nil && !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if changed := revision() != before; changed != c.stamped {
			t.Errorf("%s: the stamp changed is %v", c.name, changed)
		}
	}
	alone := meta.New(memory.New())
	alone.StampWrites(func([]byte) []byte { return []byte("stamp") })
	if err := alone.Update(t.Context(), func(tx meta.Tx) error { return tx.Put([]byte("p"), nil) }); err != nil {
		t.Fatal(err)
	}
	if found, err := alone.Read(t.Context(), [][]byte{[]byte("stamp")}); err != nil || found[0] != nil || alone.Stamped() {
		t.Errorf("a store that is not shared is stamped: %v, %v", found, err)
	}
}

// TestFollow: who follows a key is told, by whatever is read ahead next, that it was written.
func TestFollow(t *testing.T) {
	t.Parallel()
	engine := metatest.NewShared(memory.New())
	here, there := meta.New(engine), meta.New(engine)
	told := 0
	here.Follow([]byte("k"), func() { told++ })
	for i, c := range []struct {
		write string
		want  int
	}{{"", 1}, {"", 1}, {"k", 2}, {"other", 2}, {"k", 3}} {
		if c.write != "" {
			if err := there.Update(t.Context(), func(tx meta.Tx) error { return tx.Put([]byte(c.write), nil) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := here.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if told != c.want {
			t.Errorf("step %d: told %d times, want %d", i, told, c.want)
		}
	}
}
