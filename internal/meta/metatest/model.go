package metatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"crossgrant/internal/meta"
)

// model is the naive engine: a map that is sorted whenever order matters.
type model map[string]string

// entries returns the entries of [from, to).
func (m model) entries(from, to []byte) []pair {
	var got []pair
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if key >= string(from) && (to == nil || key < string(to)) {
			got = append(got, pair{key, m[key]})
		}
	}
	return got
}

// testModel applies random transactions to the engine and to the model and compares what they read.
func testModel(t *testing.T, e meta.Engine) {
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 42))
		committed := model{}
		view(t, e, func(r meta.Reader) error {
			for _, p := range must(scan(r, nil, nil)) {
				committed[p.key] = p.value
			}
			return nil
		})
		for step := range 60 {
			if err := randomStep(rng, e, &committed); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// randomStep runs one transaction or one View. A conflict leaves both sides unchanged.
func randomStep(rng *rand.Rand, e meta.Engine, committed *model) error {
	if rng.IntN(3) == 0 {
		return e.View(context.Background(), func(r meta.Reader) error {
			return first(randomReads(rng, r, *committed), compareAll(r, *committed))
		})
	}
	var own model
	err := e.Update(context.Background(), func(tx meta.Tx) error {
		own = maps.Clone(*committed)
		for range rng.IntN(20) {
			if err := first(randomWrite(rng, tx, own), randomReads(rng, tx, own)); err != nil {
				return err
			}
		}
		if rng.IntN(4) == 0 {
			return errRefused
		}
		return compareAll(tx, own)
	})
	switch {
	case err == nil:
		*committed = own
	case !errors.Is(err, errRefused) && !errors.Is(err, meta.ErrConflict):
		return err
	}
	return nil
}

func randomWrite(rng *rand.Rand, tx meta.Tx, m model) error {
	key := randomKey(rng)
	if rng.IntN(3) == 0 {
		delete(m, string(key))
		return tx.Delete(key)
	}
	value := fill(rng.IntN(40), byte(rng.Uint32()))
	if rng.IntN(20) == 0 {
		value = fill(rng.IntN(20_000), byte(rng.Uint32()))
	}
	m[string(key)] = string(value)
	return tx.Put(key, value)
}

func randomReads(rng *rand.Rand, r meta.Reader, m model) error {
	switch rng.IntN(3) {
	case 0:
		return compareGet(r, m, randomKey(rng))
	case 1:
		keys := make([][]byte, rng.IntN(6))
		for i := range keys {
			keys[i] = randomKey(rng)
		}
		return compareGetMany(r, m, keys)
	default:
		return compareWalk(rng, r, m)
	}
}

func compareGet(r meta.Reader, m model, key []byte) error {
	got, err := r.Get(key)
	want, ok := m[string(key)]
	if ok != (err == nil) || err != nil && !errors.Is(err, meta.ErrNotFound) || string(got) != want {
		return fmt.Errorf("Get(%q) = %.20q, %v, want %.20q, %v", key, got, err, want, ok)
	}
	return nil
}

func compareGetMany(r meta.Reader, m model, keys [][]byte) error {
	got, err := r.GetMany(keys)
	if err != nil || len(got) != len(keys) {
		return fmt.Errorf("GetMany: %d values for %d keys, %w", len(got), len(keys), err)
	}
	for i, key := range keys {
		want, ok := m[string(key)]
		if ok != (got[i] != nil) || string(got[i]) != want {
			return fmt.Errorf("GetMany: %q is %.20q, want %.20q, %v", key, got[i], want, ok)
		}
	}
	return nil
}

// compareWalk moves one iterator at random through a random range.
func compareWalk(rng *rand.Rand, r meta.Reader, m model) (err error) {
	from, to := randomKey(rng), randomKey(rng)
	if rng.IntN(4) == 0 {
		from = nil
	}
	if rng.IntN(4) == 0 {
		to = nil
	}
	want := m.entries(from, to)
	it := r.Scan(from, to)
	defer func() { err = first(err, it.Close()) }()
	at := -1 // the index in want of the current entry
	for range rng.IntN(15) {
		var ok bool
		move := "Next"
		if rng.IntN(4) == 0 {
			key := randomKey(rng)
			move = fmt.Sprintf("SeekGE(%q)", key)
			ok = it.SeekGE(key)
			at, _ = slices.BinarySearchFunc(want, string(key), func(p pair, key string) int {
				return bytes.Compare([]byte(p.key), []byte(key))
			})
		} else {
			ok = it.Next()
			at = min(at+1, len(want))
		}
		if ok != (at < len(want)) {
			return fmt.Errorf("[%q, %q): %s = %v at entry %d of %d", from, to, move, ok, at, len(want))
		}
		if ok && (string(it.Key()) != want[at].key || string(it.Value()) != want[at].value) {
			return fmt.Errorf("[%q, %q): %s found %q, want %q", from, to, move, it.Key(), want[at].key)
		}
	}
	return nil
}

func compareAll(r meta.Reader, m model) error {
	got, err := scan(r, nil, nil)
	if err == nil && !slices.Equal(got, m.entries(nil, nil)) {
		err = fmt.Errorf("keys are %q, want %q, or values differ", keysOf(got), keysOf(m.entries(nil, nil)))
	}
	return err
}

// randomKey returns a key of one to four bytes of a small alphabet, so that keys meet often.
func randomKey(rng *rand.Rand) []byte {
	const alphabet = "\x00\x01ab\xfe\xff"
	key := make([]byte, 1+rng.IntN(4))
	for i := range key {
		key[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return key
}
