package metatest

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"crossgrant/internal/meta"
)

func testSnapshotIsolation(t *testing.T, e meta.Engine) {
	put(t, e, "a", "1", "b", "1", "c", "1")
	view(t, e, func(r meta.Reader) error {
		it := r.Scan(nil, nil)
		defer it.Close()
		if !it.Next() {
			return fmt.Errorf("scan found nothing")
		}
		// Nothing of r has been read for these keys when they change.
		update(t, e, func(tx meta.Tx) error {
			return first(tx.Put([]byte("a"), []byte("2")), tx.Delete([]byte("b")), tx.Put([]byte("d"), []byte("2")))
		})
		var rest []string
		for it.Next() {
			rest = append(rest, string(it.Key())+string(it.Value()))
		}
		if fmt.Sprint(rest) != "[b1 c1]" {
			return fmt.Errorf("an iterator opened before the update went on with %v, want [b1 c1]", rest)
		}
		if err := first(wantValue(r, "a", "1"), wantValue(r, "b", "1"), wantMissing(r, "d"),
			wantKeys(r, nil, nil, "a", "b", "c")); err != nil {
			return fmt.Errorf("in the old snapshot: %w", err)
		}
		view(t, e, func(r meta.Reader) error { return wantKeys(r, nil, nil, "a", "c", "d") })
		return nil
	})
}

// testReadYourCommits checks that each View sees every Update that returned before, on any goroutine.
func testReadYourCommits(t *testing.T, e meta.Engine) {
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			key := fmt.Sprint("key", g)
			for i := range 25 {
				put(t, e, key, strconv.Itoa(i))
				view(t, e, func(r meta.Reader) error { return wantValue(r, key, strconv.Itoa(i)) })
			}
		})
	}
	wg.Wait()
}

// number returns the decimal value of key, 0 if it has none.
func number(r meta.Reader, key string) (int, error) {
	values, err := r.GetMany([][]byte{[]byte(key)})
	if err != nil || values[0] == nil {
		return 0, err
	}
	return strconv.Atoi(string(values[0]))
}

func testCounters(t *testing.T, e meta.Engine) {
	const goroutines, each = 8, 20
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for range each {
				update(t, e, func(tx meta.Tx) error {
					for _, key := range []string{"total", fmt.Sprint("part", g%3)} {
						n, err := number(tx, key)
						if err != nil {
							return err
						}
						if err := tx.Put([]byte(key), []byte(strconv.Itoa(n+1))); err != nil {
							return err
						}
					}
					return nil
				})
			}
		})
	}
	wg.Wait()
	view(t, e, func(r meta.Reader) error {
		sum := 0
		for part := range 3 {
			n, err := number(r, fmt.Sprint("part", part))
			if err != nil {
				return err
			}
			sum += n
		}
		total, err := number(r, "total")
		if err == nil && (total != goroutines*each || sum != total) {
			err = fmt.Errorf("total is %d, sum of parts %d, want %d", total, sum, goroutines*each)
		}
		return err
	})
}

// testWriteSkew runs the anomaly that snapshot isolation allows: each of two transactions reads both
// keys and, finding both set, clears its own.
func testWriteSkew(t *testing.T, e meta.Engine) {
	for round := range 25 {
		names := []string{fmt.Sprint(round, "ann"), fmt.Sprint(round, "bob")}
		put(t, e, names[0], "1", names[1], "1")
		var wg sync.WaitGroup
		for _, own := range names {
			wg.Go(func() {
				update(t, e, func(tx meta.Tx) error {
					a, err := number(tx, names[0])
					if err != nil {
						return err
					}
					b, err := number(tx, names[1])
					if err != nil || a+b < 2 {
						return err
					}
					return tx.Put([]byte(own), []byte("0"))
				})
			})
		}
		wg.Wait()
		view(t, e, func(r meta.Reader) error {
			a, errA := number(r, names[0])
			b, errB := number(r, names[1])
			if a+b != 1 {
				return first(errA, errB, fmt.Errorf("round %d: %d+%d are set, want one", round, a, b))
			}
			return first(errA, errB)
		})
	}
}

// testPhantoms has several transactions each add a key of their own if the range is empty.
func testPhantoms(t *testing.T, e meta.Engine) {
	for round := range 15 {
		from, to := fmt.Appendf(nil, "%03d/", round), fmt.Appendf(nil, "%03d0", round)
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				update(t, e, func(tx meta.Tx) error {
					pairs, err := scan(tx, from, to)
					if err != nil || len(pairs) > 0 {
						return err
					}
					return tx.Put(fmt.Appendf(nil, "%s%d", from, g), []byte("mine"))
				})
			})
		}
		wg.Wait()
		view(t, e, func(r meta.Reader) error {
			pairs, err := scan(r, from, to)
			if err == nil && len(pairs) != 1 {
				err = fmt.Errorf("round %d: %v, want one key", round, keysOf(pairs))
			}
			return err
		})
	}
}

// testTornReads moves an amount between keys while readers add them up.
func testTornReads(t *testing.T, e meta.Engine) {
	const accounts, sum = 5, 500
	key := func(i int) string { return fmt.Sprint("account", i%accounts) }
	update(t, e, func(tx meta.Tx) error {
		for i := range accounts {
			if err := tx.Put([]byte(key(i)), []byte(strconv.Itoa(sum/accounts))); err != nil {
				return err
			}
		}
		return nil
	})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 25 {
				update(t, e, func(tx meta.Tx) error {
					from, to := key(g+i), key(g+2*i+1)
					if from == to {
						return nil
					}
					a, errA := number(tx, from)
					b, errB := number(tx, to)
					return first(errA, errB, tx.Put([]byte(from), []byte(strconv.Itoa(a-1))),
						tx.Put([]byte(to), []byte(strconv.Itoa(b+1))))
				})
			}
		})
		wg.Go(func() {
			for range 50 {
				view(t, e, func(r meta.Reader) error {
					got := 0
					for i := range accounts {
						n, err := number(r, key(i))
						if err != nil {
							return err
						}
						got += n
					}
					if got != sum {
						return fmt.Errorf("the sum is %d, want %d", got, sum)
					}
					return nil
				})
			}
		})
	}
	wg.Wait()
}
