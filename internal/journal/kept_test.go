package journal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// keep keeps an entry for a request, in the transaction of a change.
func keep(t *testing.T, store *meta.Store, request, text string) {
	t.Helper()
	err := store.Update(t.Context(), func(tx meta.Tx) error {
		return errors.Join(tx.Put([]byte("Mchange"), []byte(request)), Keep(tx, request, start, []byte(text)))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// kept returns the requests whose entries are under keys of their own.
func kept(t *testing.T, store *meta.Store) (all []string) {
	t.Helper()
	err := store.View(t.Context(), func(r meta.Reader) error {
		from, to := keys.AllJournalKept()
		found, err := meta.Keys(r, from, to, meta.All)
		for _, key := range found {
			request, err := keys.ParseJournalKept(key)
			if err != nil {
				return err
			}
			all = append(all, request)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sorted returns what the journal has.
func sorted(t *testing.T, j *Journal) []string {
	t.Helper()
	found := latest(t, j, start, start, 1<<20)
	slices.Sort(found)
	return found
}

// TestSettle: what is settled is in the journal once, in its last form.
func TestSettle(t *testing.T) {
	t.Parallel()
	j, store, _, _ := open(t, Options{})
	keep(t, store, "R1", "first")
	keep(t, store, "R1", "second")
	keep(t, store, "R2", "first")
	if !j.Settle("R1", start, []byte("settled")) || !j.Settle("R3", start, []byte("of a change that was refused")) {
		t.Fatal("there is no room")
	}
	if err := j.collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, left := sorted(t, j), kept(t, store); !slices.Equal(got, []string{"of a change that was refused", "settled"}) || !slices.Equal(left, []string{"R2"}) {
		t.Errorf("the journal has %q, kept are %q", got, left)
	}
}

// TestRecover: what a server kept and did not settle is in the journal after the next start, however much it is.
func TestRecover(t *testing.T) {
	t.Parallel()
	j, store, _, m := open(t, Options{})
	var want []string
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		text := make([]byte, random.IntN(200_000))
		for k := range text {
			text[k] = byte(random.Uint32())
		}
		want = append(want, fmt.Sprintf("%02d%s", i, text))
		keep(t, store, fmt.Sprintf("R%02d", i), want[i])
	}
	if err := store.Update(t.Context(), func(tx meta.Tx) error { return tx.Put(keys.JournalKept("R20x"), []byte("no record")) }); err != nil {
		t.Fatal(err)
	}
	j.Settle("R00", start, []byte(want[0])) // waits: this one is not taken twice
	if err := j.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, left := sorted(t, j), kept(t, store); !slices.Equal(got, want) || !slices.Equal(left, []string{"R20x"}) || m.written != len(want) {
		t.Errorf("the journal has %d entries, kept are %q", len(got), left)
	}
}

// TestCollect: what found no room when it was to be settled comes into the journal at the second look.
func TestCollect(t *testing.T) {
	t.Parallel()
	j, store, _, _ := open(t, Options{})
	keep(t, store, "R1", "kept")
	for j.Append(start, make([]byte, 1<<20)) {
	}
	if j.Settle("R1", start, make([]byte, 1<<20)) {
		t.Fatal("there is room")
	}
	for _, want := range [][]string{{"R1"}, {"R2"}} {
		if err := j.collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want[0] == "R1" {
			keep(t, store, "R2", "under way")
			want = append(want, "R2")
		}
		if left := kept(t, store); !slices.Equal(left, want) {
			t.Errorf("kept are %q, want %q", left, want)
		}
	}
	if got := sorted(t, j); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("the journal has %d entries", len(got))
	}
}

// TestWait: where it is chosen, what finds no room waits for it, and until the journal is closed at most.
func TestWait(t *testing.T) {
	t.Parallel()
	j, store, _, m := open(t, Options{Wait: true})
	text := make([]byte, 1<<20)
	for range maxPending / len(text) {
		j.Append(start, text[:len(text)-8])
	}
	taken := make(chan bool)
	go func() { taken <- j.Append(start, text) }()
	select {
	case <-taken:
		t.Fatal("it did not wait")
	case <-time.After(10 * time.Millisecond):
	}
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !<-taken || m.dropped != 0 {
		t.Error("it was dropped")
	}
	for range maxPending/len(text) - 1 {
		j.Append(start, text[:len(text)-8])
	}
	go func() { taken <- j.Append(start, text) }()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	j.Close()
	if <-taken {
		t.Error("it was taken after the end")
	}
	j.pending = nil
}

// TestKeepsNothingTooLarge: an entry that no segment has room for fails the change.
func TestKeepsNothingTooLarge(t *testing.T) {
	t.Parallel()
	_, store, _, _ := open(t, Options{})
	err := store.Update(t.Context(), func(tx meta.Tx) error { return Keep(tx, "R", start, make([]byte, MaxEntry+1)) })
	if err == nil || len(kept(t, store)) != 0 {
		t.Errorf("it is kept: %v", err)
	}
}
