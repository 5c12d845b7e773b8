package history

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// values returns the values of an account's history, by sequence.
func (w *world) values(account ids.AccountID) (sequences []uint64, all []*records.TrailEvents) {
	w.t.Helper()
	err := w.store.View(context.Background(), func(r meta.Reader) error {
		it := r.Scan(keys.TrailEventsOf(account))
		for it.Next() {
			v := new(records.TrailEvents)
			_, sequence, err := keys.ParseTrailEvents(it.Key())
			if err := errors.Join(err, records.Unmarshal(it.Value(), v)); err != nil {
				return err
			}
			sequences, all = append(sequences, sequence), append(all, v)
		}
		return it.Close()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return sequences, all
}

// minutely makes a history with an event a minute.
func (w *world) minutely(n int) (found []string) {
	for range n {
		w.clock.at = w.clock.at.Add(time.Minute)
		r := w.request(ann, ann)
		w.append(r)
		found = append(found, event.ID(r, ann))
	}
	w.read()
	slices.Reverse(found)
	return found
}

// TestMerge: what is an hour old becomes few values, each of a day at most, with the same events in the same order; what is
// younger stays, and so does what is too little and not a day old.
func TestMerge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := w.minutely(3 * 24 * 60)
	_, before := w.counted(ann)
	for range 2 {
		if err := w.history.Merge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	events, after := w.counted(ann)
	if events != 3*24*60 || after > before/3 {
		t.Errorf("%d events had %d bytes and have %d", events, before, after)
	}
	sequences, all := w.values(ann)
	young, merged := 0, 0
	for i, v := range all {
		if len(v.Sequences) == 0 {
			young++
			continue
		}
		merged += int(v.Events)
		entries, size, err := w.history.unpack(v.Zstd)
		if err != nil || size > mergeText || len(v.Sequences) > mergeMost || sequences[i]-v.Sequences[0] > uint64(mergeSpan) {
			t.Errorf("a value has %d bytes of %d segments, %v", size, len(v.Sequences), err)
		}
		if _, err := stretches(sequences[i], v, len(entries)); err != nil {
			t.Error(err)
		}
		if v.Sequences[len(v.Sequences)-1] >= sequenceAt(w.clock.at.Add(-mergeAfter)) {
			t.Error("what is young is merged")
		}
	}
	// Of three days, at most 1,024 minutes become one value: four of them, and there is too little for a fifth.
	if merged != 4*mergeMost || young != len(want)-4*mergeMost {
		t.Errorf("%d events are merged, and %d are not", merged, young)
	}
	for _, n := range []int{0, 7} {
		if got := eventIDs(w.all(Query{Account: ann, Max: n})); !slices.Equal(got, want) {
			t.Errorf("there are %d events, or in another order than %d", len(got), len(want))
		}
	}
	w.clock.at = w.clock.at.Add(mergeAfter + mergeSpan + time.Hour)
	if err := w.history.Merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, all := w.values(ann); len(all) != 5 {
		t.Errorf("a day after there are %d values", len(all))
	}
	if got := eventIDs(w.all(Query{Account: ann})); !slices.Equal(got, want) {
		t.Errorf("then there are %d events, or in another order than %d", len(got), len(want))
	}
	w.counted(ann)
}

// TestMergeMeanwhile: whoever has a token goes on where the page before ended, whatever was merged or removed since.
func TestMergeMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	random := rand.New(rand.NewPCG(1, 2))
	all := fill(w, random, 1500)
	left := 0
	w.between = func() {
		for _, s := range []*Service{w.history, w.server()} {
			more, err := s.merge(context.Background(), pick(random, ann, bob))
			if err != nil {
				t.Fatal(err)
			}
			if more {
				left++
			}
		}
	}
	for range 40 {
		w.history.work = pick(random, 1, 3000, maxWork)
		q := Query{Account: pick(random, ann, bob), Max: pick(random, 3, 7, 50)}
		if random.IntN(2) == 0 {
			q.From = pick(random, all...).Time
			q.To = q.From.Add(time.Duration(random.IntN(30)) * day)
		}
		got, want := eventIDs(w.all(q)), plain(w, all, q)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%+v finds %d events, want %d", q, len(got), len(want))
		}
	}
	if left < 50 {
		t.Errorf("only %d times something was merged meanwhile", left)
	}
	w.counted(ann)
	w.counted(bob)
}

// TestMergeTrimmed: whoever has a token of what was removed since goes on with what is left, which is nothing.
func TestMergeTrimmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.minutely(100)
	page, err := w.history.Lookup(t.Context(), Query{Account: ann, Max: 50})
	if err != nil || len(page.Events) != 50 || page.Token == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	w.clock.at = w.clock.at.Add(Age + day)
	if err := w.history.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.minutely(1)
	if page, err = w.history.Lookup(t.Context(), Query{Account: ann, Max: 50, Token: page.Token}); err != nil || len(page.Events) != 0 || page.Token != "" {
		t.Errorf("%+v, %v", page, err)
	}
}

// TestMergeServers: servers that merge at once, and whose writes fail, lose and double nothing.
func TestMergeServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := w.minutely(1500)
	w.clock.at = w.clock.at.Add(3 * day)
	w.engine.after.Store(true)
	if err := w.history.Merge(t.Context()); !errors.Is(err, errFault) {
		t.Errorf("what fails is %v", err)
	}
	w.engine.after.Store(false)
	var wg sync.WaitGroup
	for range 3 {
		s := w.server()
		wg.Go(func() {
			if err := s.Merge(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := w.history.Merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, all := w.values(ann); len(all) != 2 {
		t.Errorf("there are %d values", len(all))
	}
	if got := eventIDs(w.all(Query{Account: ann})); !slices.Equal(got, want) {
		t.Errorf("there are %d events, or in another order than %d", len(got), len(want))
	}
	w.counted(ann)
}

// TestMergeCorrupt: a value that cannot be read stays for fsck to tell of, and those around it are merged.
func TestMergeCorrupt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := w.minutely(30)
	sequences, _ := w.values(ann)
	w.write(func(tx meta.Tx) error { return tx.Put(keys.TrailEvents(ann, sequences[9]), []byte("x")) })
	w.clock.at = w.clock.at.Add(3 * day)
	if err := w.history.Merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := w.store.View(t.Context(), func(r meta.Reader) error {
		from, to := keys.TrailEventsOf(ann)
		all, err := meta.Keys(r, from, to, meta.All)
		if len(all) != 3 {
			t.Errorf("there are %d values", len(all))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want = slices.Delete(want, 20, 21)
	if got := eventIDs(w.all(Query{Account: ann, Max: 4})); !slices.Equal(got, want) {
		t.Errorf("there are %d events, want %d", len(got), len(want))
	}
}

// TestStretches: what does not fit is corrupt.
func TestStretches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sequences []uint64
		counts    []uint32
		fits      bool
	}{
		{nil, nil, true},
		{[]uint64{3, 9}, []uint32{2, 1}, true},
		{[]uint64{9}, []uint32{3}, true},
		{[]uint64{3, 9}, []uint32{2}, false},
		{[]uint64{3, 9}, []uint32{2, 1, 0}, false},
		{[]uint64{3, 9}, []uint32{2, 2}, false},
		{[]uint64{3, 9}, []uint32{1, 1}, false},
		{[]uint64{3, 8}, []uint32{2, 1}, false},
		{[]uint64{9, 9}, []uint32{2, 1}, false},
		{[]uint64{10, 9}, []uint32{2, 1}, false},
		{[]uint64{3, 9}, []uint32{1<<32 - 1, 4}, false},
	} {
		all, err := stretches(9, &records.TrailEvents{Sequences: c.sequences, Counts: c.counts}, 3)
		if (err == nil) != c.fits || err != nil && !errors.Is(err, meta.ErrCorrupt) {
			t.Errorf("%v of %v: %v, %v", c.counts, c.sequences, all, err)
		}
	}
}
