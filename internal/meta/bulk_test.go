package meta_test

import (
	"fmt"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
)

func TestKeysAndDeleteAll(t *testing.T) {
	t.Parallel()
	store := meta.New(memory.New())
	defer store.Close()
	err := store.Update(t.Context(), func(tx meta.Tx) error {
		for _, key := range []string{"a1", "a2", "a3", "b1"} {
			if err := tx.Put([]byte(key), nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		most int
		want string
	}{{2, "[a1 a2]"}, {0, "[]"}, {meta.All, "[a1 a2 a3]"}} {
		var found [][]byte
		err := store.View(t.Context(), func(r meta.Reader) (err error) {
			found, err = meta.Keys(r, []byte("a"), []byte("b"), c.most)
			return err
		})
		if got := fmt.Sprintf("%s", found); err != nil || got != c.want {
			t.Errorf("at most %d: got %s (%v), want %s", c.most, got, err, c.want)
		}
	}
	err = store.Update(t.Context(), func(tx meta.Tx) error {
		if err := meta.DeleteAll(tx, [][]byte{[]byte("a1"), []byte("missing"), []byte("a3")}); err != nil {
			return err
		}
		left, err := meta.Keys(tx, []byte("a"), nil, meta.All)
		if got := fmt.Sprintf("%s", left); got != "[a2 b1]" {
			t.Errorf("left %s", got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
