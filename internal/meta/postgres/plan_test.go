package postgres

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/postgres/postgrestest"
)

// TestPlans walks random ranges with random plans, true ones and wrong ones, here and in the engine in memory.
func TestPlans(t *testing.T) {
	t.Parallel()
	e, model := open(t, postgrestest.Database(t), Options{}), memory.New()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 4 {
		change := func(seed uint64) func(tx meta.Tx) error {
			return func(tx meta.Tx) error { return randomWrites(rand.New(rand.NewPCG(seed, 0)), tx) }
		}
		step := rng.Uint64()
		if err := first(e.Update(context.Background(), change(step)), model.Update(context.Background(), change(step))); err != nil {
			t.Fatal(err)
		}
		for range 60 {
			walk := rng.Uint64()
			got, want := walkBy(e, walk, t), walkBy(model, walk, t)
			if got != want {
				t.Fatalf("seed %d, walk %d: found\n%s\nwant\n%s", seed, walk, got, want)
			}
		}
	}
}

// FuzzPlan is TestPlans with what a fuzzer chooses.
func FuzzPlan(f *testing.F) {
	e, model := open(f, postgrestest.Database(f), Options{}), memory.New()
	for i := range uint64(3) {
		change := func(tx meta.Tx) error { return randomWrites(rand.New(rand.NewPCG(i, 0)), tx) }
		if err := first(e.Update(context.Background(), change), model.Update(context.Background(), change)); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, walk uint64) {
		if got, want := walkBy(e, walk, t), walkBy(model, walk, t); got != want {
			t.Fatalf("found\n%s\nwant\n%s", got, want)
		}
	})
}

// alphabet makes keys meet, and groups end in bytes that have no successor.
const alphabet = "\x00ab/\xff"

func randomBytes(rng *rand.Rand, most int) []byte {
	b := make([]byte, 1+rng.IntN(most))
	for i := range b {
		b[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return b
}

func randomWrites(rng *rand.Rand, tx meta.Tx) error {
	var err error
	for range 150 {
		key := randomBytes(rng, 6)
		if rng.IntN(4) == 0 {
			err = first(err, tx.Delete(key))
		} else {
			err = first(err, tx.Put(key, bytes.Repeat(randomBytes(rng, 1), rng.IntN(50))))
		}
	}
	return err
}

// walkBy returns what a walk finds that is the same for the same seed: in a View, or an Update with writes of its own.
func walkBy(e meta.Engine, seed uint64, t testing.TB) string {
	rng := rand.New(rand.NewPCG(seed, 1))
	from, to := randomBytes(rng, 2), randomBytes(rng, 2)
	if rng.IntN(3) == 0 {
		from, to = nil, nil
	}
	plan := meta.Plan{Limit: rng.IntN(30), Cut: rng.IntN(4) * 8}
	if rng.IntN(3) > 0 {
		plan.Delimiter, plan.Under = randomBytes(rng, 2), rng.IntN(4)
	}
	var found strings.Builder
	fmt.Fprintf(&found, "range %q %q, %+v\n", from, to, plan)
	walk := func(r meta.Reader) error { return walkRange(rng, r, from, to, plan, &found) }
	var err error
	if rng.IntN(2) == 0 {
		err = e.View(context.Background(), walk)
	} else {
		err = e.Update(context.Background(), func(tx meta.Tx) error { return first(randomWrites(rng, tx), walk(tx), errRefused) })
	}
	if err != nil && err != errRefused {
		t.Fatal(err)
	}
	return found.String()
}

var errRefused = fmt.Errorf("refused")

func walkRange(rng *rand.Rand, r meta.Reader, from, to []byte, plan meta.Plan, found *strings.Builder) error {
	it := meta.Scan(r, from, to, plan)
	ok := it.Next()
	for range 60 {
		if !ok {
			found.WriteString("end\n")
			ok = it.SeekGE(randomBytes(rng, 3))
			continue
		}
		value := it.Value()
		if plan.Cut > 0 && len(value) > plan.Cut {
			value = value[:plan.Cut]
		}
		fmt.Fprintf(found, "%q %q\n", it.Key(), value)
		group := plan.Group(it.Key())
		switch n := rng.IntN(20); {
		case n == 0:
			ok = it.SeekGE(randomBytes(rng, 4))
		case n == 1 || group == nil || meta.After(group) == nil:
			ok = it.Next()
		default:
			ok = it.SeekGE(meta.After(group))
		}
	}
	return it.Close()
}

// TestIndexScans wants every statement to find its rows by their keys, even in a table so small that PostgreSQL would rather
// read all of it, which would make all transactions conflict.
func TestIndexScans(t *testing.T) {
	t.Parallel()
	e := open(t, postgrestest.Database(t), Options{})
	s, err := e.open(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.done()
	for i := readKeys; i <= deleteBlind; i++ {
		nulls := strings.TrimSuffix(strings.Repeat("NULL,", len(s.link.prepared[i].ParamOIDs)), ",")
		results, err := s.conn.Exec(context.Background(), fmt.Sprintf("EXPLAIN EXECUTE %s(%s)", i.name(), nulls)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", i.name(), err)
		}
		plan := lines(results)
		for _, bad := range []string{"Seq Scan", "Bitmap", "Hash", "Merge"} {
			if strings.Contains(plan, bad) {
				t.Errorf("%s: %s in\n%s", statements[i], bad, plan)
			}
		}
		if i != insertNew && i != putBlind && i != swapKnown && !strings.Contains(plan, "Index Cond") {
			t.Errorf("%s: no index in\n%s", statements[i], plan)
		}
	}
}

func lines(results []*pgconn.Result) string {
	var text strings.Builder
	for _, row := range results[0].Rows {
		text.Write(row[0])
		text.WriteByte('\n')
	}
	return text.String()
}
