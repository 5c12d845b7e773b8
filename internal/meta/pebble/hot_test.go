package pebble

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

// TestHotKeysAreNeverStale reads few keys in random transactions, some of which write, some of those fail, and
// compares what is read with a model.
func TestHotKeysAreNeverStale(t *testing.T) {
	t.Parallel()
	e := open(t, Options{FS: vfs.NewMem()})
	defer e.Close()
	random := rand.New(rand.NewPCG(1, 2))
	model := map[string]string{}
	held := 0 // keys that were hot before a transaction
	errStop := errors.New("stop")
	for i := range 1000 {
		held += len(e.current.Load().hot.values)
		next := map[string]string{}
		for k, v := range model {
			next[k] = v
		}
		refuse := random.IntN(4) == 0
		err := e.Update(context.Background(), func(tx meta.Tx) error {
			for range random.IntN(6) {
				key := fmt.Sprint("key", random.IntN(5))
				got, err := tx.GetMany([][]byte{[]byte(key)})
				if want, ok := next[key]; err != nil || (got[0] != nil) != ok || string(got[0]) != want {
					t.Fatalf("step %d: read %q of %s, %v, want %q", i, got, key, err, want)
				}
				if len(got[0]) > 0 {
					got[0][0] = '!' // it is a copy
				}
				switch random.IntN(6) {
				case 0:
					next[key] = fmt.Sprint(i) + strings.Repeat("v", random.IntN(2)*hotValue)
					err = tx.Put([]byte(key), []byte(next[key]))
				case 1:
					next[key] = ""
					err = tx.Put([]byte(key), nil)
				case 2:
					delete(next, key)
					err = tx.Delete([]byte(key))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if refuse {
				return errStop
			}
			return nil
		})
		if refuse != errors.Is(err, errStop) || !refuse && err != nil {
			t.Fatal(err)
		}
		if !refuse {
			model = next
		}
	}
	if held == 0 {
		t.Error("nothing became hot")
	}
}

// TestHotIsBounded offers more than it may hold.
func TestHotIsBounded(t *testing.T) {
	t.Parallel()
	h := newHot()
	value := make([]byte, 10_000)
	for i := range 1000 {
		key := fmt.Append(nil, i)
		h.offer(key, value)
		h.offer(key, value)
		if _, ok := h.get(key); !ok {
			t.Fatalf("key %d was offered twice and is not held", i)
		}
		held := 0
		for k, v := range h.values {
			held += len(k) + len(v)
		}
		if held > hotBytes || held != h.size {
			t.Fatalf("%d bytes are held, %d counted", held, h.size)
		}
		if i%3 == 0 {
			h.forget(key)
		}
	}
	h.offer([]byte("large"), make([]byte, hotValue+1))
	h.offer([]byte("large"), make([]byte, hotValue+1))
	if _, ok := h.get([]byte("large")); ok {
		t.Error("a large value is held")
	}
}
