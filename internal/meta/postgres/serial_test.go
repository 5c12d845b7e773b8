package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/postgres/postgrestest"
)

// transaction is one that was committed: what it read of each key, and what it appended itself to. A list is the numbers of
// the transactions that appended themselves, so that it tells all that was before it.
type transaction struct {
	id         int
	reads      map[string][]string
	appends    []string
	began, end time.Time
}

// TestSerializable has two servers append to lists and read them, ahead and not, and looks for a cycle among the transactions:
// who must be before whom by what they read and wrote, and by the time at which they ended and began.
func TestSerializable(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	engines := []*Engine{open(t, url, Options{}), open(t, url, Options{})}
	stores := []*meta.Store{meta.New(engines[0]), meta.New(engines[1])}
	keys := []string{"Aa", "Ab", "B", "C"}
	var mu sync.Mutex // protects history and ids
	var history []*transaction
	ids := 0
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 7))
			for range 60 {
				mu.Lock()
				ids++
				id := ids
				mu.Unlock()
				done, err := randomTransaction(rng, engines[w%2], stores[w%2], id, keys)
				if errors.Is(err, meta.ErrConflict) || errors.Is(err, meta.ErrUnavailable) {
					continue // a View that could not be serialized is unavailable
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				history = append(history, done)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	final := &transaction{reads: map[string][]string{}, began: time.Now(), end: time.Now()}
	for _, key := range keys {
		found, err := engines[0].Read(context.Background(), [][]byte{[]byte(key)})
		if err != nil {
			t.Fatal(err)
		}
		final.reads[key] = strings.Fields(string(found[0].Value))
	}
	if cycle := findCycle(t, append(history, final), final.reads); cycle != nil {
		for _, c := range cycle {
			t.Logf("%+v", *c)
		}
		t.Errorf("%d of %d transactions are before each other", len(cycle), len(history))
	}
	t.Logf("%d of %d transactions committed", len(history), ids)
}

// randomTransaction is a View, or an Update that reads some keys, ahead or one after the other, and appends to some.
func randomTransaction(rng *rand.Rand, e *Engine, store *meta.Store, id int, keys []string) (*transaction, error) {
	tr := &transaction{id: id, began: time.Now()}
	var some [][]byte
	for _, key := range keys {
		if rng.IntN(2) == 0 {
			some = append(some, []byte(key))
		}
	}
	shape := rng.IntN(4)
	read := func(r meta.Reader) error {
		tr.reads = map[string][]string{}
		for _, key := range some {
			found, err := r.GetMany([][]byte{key})
			if err != nil {
				return err
			}
			tr.reads[string(key)] = strings.Fields(string(found[0]))
		}
		return nil
	}
	if shape == 0 {
		err := e.View(context.Background(), read)
		tr.end = time.Now()
		return tr, err
	}
	ctx := context.Background()
	if shape > 1 {
		var err error
		if ctx, err = store.Ahead(ctx, some); err != nil {
			return nil, err
		}
	}
	write := rng.IntN(3)
	err := e.Update(ctx, func(tx meta.Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		tr.appends = nil
		for i, key := range some {
			if i%3 != write {
				continue
			}
			list := append(slices.Clone(tr.reads[string(key)]), fmt.Sprint(id))
			if err := tx.Put(key, []byte(strings.Join(list, " "))); err != nil {
				return err
			}
			tr.appends = append(tr.appends, string(key))
		}
		return nil
	})
	tr.end = time.Now()
	return tr, err
}

// findCycle returns transactions each of which must be before the next, and the last before the first; nil if there are none.
func findCycle(t *testing.T, history []*transaction, lists map[string][]string) []*transaction {
	byID := map[string]*transaction{}
	for _, tr := range history {
		byID[fmt.Sprint(tr.id)] = tr
	}
	after := map[*transaction][]*transaction{}
	edge := func(a, b *transaction) {
		if a != b && a != nil && b != nil {
			after[a] = append(after[a], b)
		}
	}
	for _, tr := range history {
		for key, read := range tr.reads {
			whole := lists[key]
			if len(read) > len(whole) || !slices.Equal(read, whole[:len(read)]) {
				t.Fatalf("transaction %d read %v of %s, which became %v", tr.id, read, key, whole)
			}
			if len(read) > 0 {
				edge(byID[read[len(read)-1]], tr)
			}
			if len(read) < len(whole) {
				edge(tr, byID[whole[len(read)]])
			}
		}
		for _, key := range tr.appends {
			if !slices.Contains(lists[key], fmt.Sprint(tr.id)) {
				t.Fatalf("what transaction %d appended to %s is lost: %v", tr.id, key, lists[key])
			}
		}
		for _, other := range history {
			if tr.end.Before(other.began) {
				edge(tr, other)
			}
		}
	}
	return cycleOf(history, after)
}

// cycleOf finds a cycle by a walk that goes on from each transaction to those after it.
func cycleOf(history []*transaction, after map[*transaction][]*transaction) []*transaction {
	const open, closed = 1, 2
	state := map[*transaction]int{}
	var path, found []*transaction
	var visit func(tr *transaction) bool
	visit = func(tr *transaction) bool {
		switch state[tr] {
		case open:
			found = path[slices.Index(path, tr):]
			return true
		case closed:
			return false
		}
		state[tr], path = open, append(path, tr)
		if slices.ContainsFunc(after[tr], visit) {
			return true
		}
		state[tr], path = closed, path[:len(path)-1]
		return false
	}
	_ = slices.ContainsFunc(history, visit)
	return found
}
