package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/postgres/postgrestest"
)

var conflictRounds = flag.Int("conflict-rounds", 20, "how many objects each of the writers of TestParallelPuts writes")

// TestParallelPuts runs the transactions of PUTs of different objects of one bucket, which read what all of them read and keys
// that do not exist, and wants next to none of them to conflict.
func TestParallelPuts(t *testing.T) {
	t.Parallel()
	const writers = 32
	var sequence atomic.Uint64
	shapes := []struct {
		name     string
		existing []int // how many objects there are before, for each run
		key      func(writer, i int) string
	}{
		{"random keys", []int{0}, func(writer, i int) string { return fmt.Sprintf("%016x", rand.Uint64()) }},
		{"a sequence of keys", []int{0, 1000}, func(writer, i int) string { return fmt.Sprintf("%016d", sequence.Add(1)) }},
		{"the same keys again", []int{0}, func(writer, i int) string { return fmt.Sprintf("%02d", writer) }},
		{"a sequence for each writer", []int{0}, func(writer, i int) string { return fmt.Sprintf("%02d/%08d", writer, i) }},
	}
	for _, shape := range shapes {
		for _, existing := range shape.existing {
			t.Run(fmt.Sprintf("%s beside %d", shape.name, existing), func(t *testing.T) {
				e := open(t, postgrestest.Database(t)+"&pool_max_conns=32", Options{})
				fill(t, e, existing, 200, func(i int) string { return fmt.Sprintf("Obucketid%08x", rand.Uint32()) })
				fill(t, e, existing, 200, func(i int) string { return fmt.Sprintf("c%08d", i) })
				fill(t, e, 1, 200, func(int) string { return "Bbucket" })
				store := meta.New(e)
				var conflicts, done atomic.Int64
				var wg sync.WaitGroup
				for w := range writers {
					wg.Go(func() {
						for i := range *conflictRounds {
							key := shape.key(w, i)
							for {
								err := putLike(e, store, key, sequence.Add(1))
								if err == nil {
									done.Add(1)
									break
								}
								if !errors.Is(err, meta.ErrConflict) {
									t.Error(err)
									return
								}
								conflicts.Add(1)
							}
						}
					})
				}
				wg.Wait()
				t.Logf("%d commits, %d conflicts", done.Load(), conflicts.Load())
				if 100*conflicts.Load() > done.Load() {
					t.Errorf("%d of %d commits conflicted first, want at most one in a hundred", conflicts.Load(), done.Load())
				}
			})
		}
	}
}

// putLike commits what a PUT of an object reads and writes.
func putLike(e *Engine, store *meta.Store, key string, n uint64) error {
	object, null := []byte("Obucketid"+key), []byte("Ybucketid"+key)
	read := [][]byte{[]byte("Bbucket"), object, null}
	ctx, err := store.Ahead(context.Background(), read)
	if err != nil {
		return err
	}
	content := binary.BigEndian.AppendUint64([]byte("c"), n)
	return e.Update(ctx, func(tx meta.Tx) error {
		if _, err := tx.GetMany(read); err != nil {
			return err
		}
		return first(tx.Put(object, make([]byte, 200)), tx.Put(content, make([]byte, 1000)),
			tx.Put(binary.BigEndian.AppendUint64([]byte("jk"), n), make([]byte, 300)))
	})
}
