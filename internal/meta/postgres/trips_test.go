package postgres

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/postgres/postgrestest"
)

// TestTrips counts the round trips that callers wait for.
func TestTrips(t *testing.T) {
	t.Parallel()
	var trips atomic.Int64
	e := open(t, postgrestest.Database(t), Options{Trip: func() { trips.Add(1) }})
	store := meta.New(e)
	fill(t, e, 3000, 10, func(i int) string { return fmt.Sprintf("key/%04d/%d", i/10, i%10) })
	ctx := context.Background()
	keys := [][]byte{[]byte("key/0000/0"), []byte("key/0000/1"), []byte("missing")}
	get := func(r meta.Reader) error { _, err := r.GetMany(keys); return err }
	plan := meta.Plan{Limit: 200, Cut: 4, Delimiter: []byte("/"), Under: 4}
	tests := []struct {
		name string
		want int64
		run  func() error
	}{
		{"Read", 1, func() error { _, err := e.Read(ctx, keys); return err }},
		{"View without reads", 0, func() error { return e.View(ctx, func(meta.Reader) error { return nil }) }},
		{"View with one read", 1, func() error { return e.View(ctx, get) }},
		{"View with three reads", 3, func() error {
			return e.View(ctx, func(r meta.Reader) error { return first(get(r), get(r), get(r)) })
		}},
		{"page without a plan", 3, func() error { _, err := page(ctx, e, "key/", "key0", 400, meta.Plan{}); return err }},
		{"page with a limit", 1, func() error { _, err := page(ctx, e, "key/", "key0", 400, meta.Plan{Limit: 400}); return err }},
		{"page with groups", 1, func() error { _, err := page(ctx, e, "key/", "key0", 200, plan); return err }},
		{"page to the end of the range", 1, func() error {
			_, err := page(ctx, e, "key/", "key/01", 200, plan)
			return err
		}},
		{"Update without reads", 1, func() error {
			return e.Update(ctx, func(tx meta.Tx) error { return first(tx.Put(keys[0], nil), tx.Delete(keys[1])) })
		}},
		{"Update with two reads", 3, func() error {
			return e.Update(ctx, func(tx meta.Tx) error { return first(get(tx), get(tx), tx.Put(keys[0], nil)) })
		}},
		{"Update that reads and writes nothing", 2, func() error {
			return e.Update(ctx, func(tx meta.Tx) error { return get(tx) })
		}},
		{"Update that refuses", 1, func() error {
			_ = e.Update(ctx, func(tx meta.Tx) error { return first(get(tx), context.Canceled) })
			return nil
		}},
		{"Ahead, and an Update from it", 2, func() error {
			ctx, err := store.Ahead(ctx, keys)
			return first(err, store.Update(ctx, func(tx meta.Tx) error {
				return first(get(tx), tx.Put(keys[0], nil), tx.Delete(keys[1]), tx.Put(keys[2], nil), tx.Put([]byte("blind"), nil))
			}), store.Update(ctx, func(tx meta.Tx) error { return nil }))
		}},
		{"Ahead, and an Update that reads more", 3, func() error {
			ctx, err := store.Ahead(ctx, keys)
			return first(err, store.Update(ctx, func(tx meta.Tx) error {
				err := get(tx)
				_, other := tx.GetMany([][]byte{[]byte("other")})
				return first(err, other, tx.Put(keys[0], nil))
			}))
		}},
	}
	for _, test := range tests {
		trips.Store(0)
		if err := test.run(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if got := trips.Load(); got != test.want {
			t.Errorf("%s: %d round trips, want %d", test.name, got, test.want)
		}
	}
}

// first returns the first error that is not nil.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
