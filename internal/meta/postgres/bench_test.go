package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/postgres/postgrestest"
)

// fill commits n keys that name yields, with values of size bytes.
func fill(t testing.TB, e meta.Engine, n, size int, name func(i int) string) {
	t.Helper()
	value := make([]byte, size)
	for from := 0; from < n; from += 1000 {
		err := e.Update(context.Background(), func(tx meta.Tx) error {
			var errs error
			for i := from; i < min(from+1000, n); i++ {
				errs = errors.Join(errs, tx.Put([]byte(name(i)), value))
			}
			return errs
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// page reads most entries as a list does: of a group only the first.
func page(ctx context.Context, e meta.Engine, from, to string, most int, plan meta.Plan) (n int, err error) {
	err = e.View(ctx, func(r meta.Reader) error {
		n = 0
		it := meta.Scan(r, []byte(from), []byte(to), plan)
		for found := it.Next(); found && n < most; n++ {
			if n+1 == most {
				continue
			}
			if group := plan.Group(it.Key()); group != nil {
				found = it.SeekGE(meta.After(group))
			} else {
				found = it.Next()
			}
		}
		return it.Close()
	})
	return n, err
}

func BenchmarkPage(b *testing.B) {
	e := open(b, postgrestest.Database(b), Options{})
	fill(b, e, 20_000, 200, func(i int) string { return fmt.Sprintf("plain/%08d", i) })
	fill(b, e, 20_000, 200, func(i int) string { return fmt.Sprintf("group/%05d/%04d", i/10, i%10) })
	fill(b, e, 20_000, 200, func(i int) string { return fmt.Sprintf("large/%03d/%05d", i/1000, i%1000) })
	fill(b, e, 20_000, 200, func(i int) string { return fmt.Sprintf("mixed/%05d%.*s", i, i%2*5, "/file") })
	for _, test := range []struct {
		name, from string
		delimiter  string
		most       int
	}{
		{"plain without delimiter", "plain", "", 1001},
		{"plain", "plain", "/", 1001},
		{"groups of 10", "group", "/", 1001},
		{"groups of 1000", "large", "/", 20},
		{"mixed", "mixed", "/", 1001},
	} {
		b.Run(test.name, func(b *testing.B) {
			plan := meta.Plan{Limit: test.most, Delimiter: []byte(test.delimiter), Under: 6, Cut: 512}
			for b.Loop() {
				n, err := page(context.Background(), e, test.from+"/", test.from+"0", test.most, plan)
				if err != nil || n != test.most {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func BenchmarkPut(b *testing.B) {
	e := open(b, postgrestest.Database(b), Options{})
	fill(b, e, 1, 200, func(int) string { return "Bbucket" })
	store := meta.New(e)
	var n atomic.Uint64
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			if err := putLike(e, store, fmt.Sprint(n.Add(1)), n.Load()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.SetParallelism(4)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				i := n.Add(1)
				if err := putLike(e, store, fmt.Sprint(i), i); err != nil && !errors.Is(err, meta.ErrConflict) {
					b.Error(err)
				}
			}
		})
	})
}

func BenchmarkRead(b *testing.B) {
	e := open(b, postgrestest.Database(b), Options{})
	fill(b, e, 20_000, 200, func(i int) string { return fmt.Sprintf("O%08d", i) })
	keys := [][]byte{[]byte("O00000007"), []byte("O00007000"), []byte("Y1"), []byte("B1")}
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			if _, err := e.Read(context.Background(), keys); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("View", func(b *testing.B) {
		for b.Loop() {
			if err := e.View(context.Background(), func(r meta.Reader) error { _, err := r.GetMany(keys); return err }); err != nil {
				b.Fatal(err)
			}
		}
	})
}
