package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
)

// count is a Meter.
type count struct{ written, dropped int }

func (c *count) JournalWrote(entries, _ int) { c.written += entries }
func (c *count) JournalDropped(entries int)  { c.dropped += entries }

// clock is a time that a test sets.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

var start = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, opts Options) (*Journal, *meta.Store, *clock, *count) {
	t.Helper()
	store := meta.New(memory.New())
	c, m := &clock{start}, new(count)
	opts.Now, opts.Meter, opts.Log = c.now, m, slog.New(slog.DiscardHandler)
	j := New(store, opts)
	t.Cleanup(func() {
		j.Close()
		if err := store.Close(); err != nil && !errors.Is(err, meta.ErrClosed) {
			t.Error(err)
		}
	})
	return j, store, c, m
}

// latest returns what Latest finds, as text.
func latest(t *testing.T, j *Journal, from, to time.Time, most int) (found []string) {
	t.Helper()
	if err := j.Latest(t.Context(), from, to, 24*time.Hour, func(entry []byte) (bool, error) {
		found = append(found, string(entry))
		return len(found) < most, nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// entriesIn returns how many entries the journal tells of in all.
func entriesIn(t *testing.T, store *meta.Store) (n int64) {
	t.Helper()
	err := store.View(t.Context(), func(r meta.Reader) error {
		state, err := readState(r)
		n = state.GetEntries()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestLatest: what was appended is found by its time, the latest first, however far back, and in segments of any
// number and size.
func TestLatest(t *testing.T) {
	t.Parallel()
	j, store, c, m := open(t, Options{Age: 1000 * time.Hour})
	var all []string
	random := rand.New(rand.NewPCG(1, 2))
	times := map[string]time.Time{}
	for i := range 2000 {
		c.at = c.at.Add(time.Duration(random.IntN(600)) * time.Second)
		text := fmt.Sprintf("%d %s", i, strings.Repeat("x", random.IntN(3000)))
		// A request is recorded when it ends.
		times[text] = c.at.Add(-time.Duration(random.IntN(300)) * time.Second)
		if !j.Append(times[text], []byte(text)) {
			t.Fatal("there is no room")
		}
		all = append(all, text)
		if random.IntN(20) == 0 {
			if err := j.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(all)
	if got := latest(t, j, start.Add(-time.Hour), c.at, len(all)+1); !slices.Equal(got, all) {
		t.Errorf("%d entries in another order, or not all of %d", len(got), len(all))
	}
	if got := latest(t, j, start, c.at, 3); !slices.Equal(got, all[:3]) {
		t.Errorf("the latest three are %.20q", got)
	}
	for range 50 {
		from := start.Add(time.Duration(random.Int64N(int64(c.at.Sub(start)))))
		to := from.Add(time.Duration(random.IntN(3600)) * time.Second)
		got := map[string]bool{}
		for _, text := range latest(t, j, from, to, len(all)+1) {
			got[text] = true
		}
		for text, at := range times {
			if !at.Before(from) && !at.After(to) && !got[text] {
				t.Errorf("%.10s of %v is not found within %v and %v", text, at, from, to)
			}
		}
	}
	if n := entriesIn(t, store); n != 2000 || m.written != 2000 || m.dropped != 0 {
		t.Errorf("there are %d entries, counted %+v", n, m)
	}
}

// TestTrim: what is old goes, and what is too much, the oldest first; but what a reader has not read only when there
// is far too much.
func TestTrim(t *testing.T) {
	t.Parallel()
	j, store, c, m := open(t, Options{Age: time.Hour, Size: 20_000, Readers: []string{"a"}})
	random := rand.New(rand.NewPCG(1, 2))
	add := func(n int) {
		t.Helper()
		for range n {
			c.at = c.at.Add(time.Second)
			text := make([]byte, 1000) // that cannot be compressed
			for i := range text {
				text[i] = byte(random.Uint32())
			}
			j.Append(c.at, text)
			if err := j.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Trim(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	entries := func() int64 {
		t.Helper()
		n := entriesIn(t, store)
		if found := latest(t, j, time.Time{}, c.at, 1000); int64(len(found)) != n {
			t.Errorf("there are %d entries, and %d are told of", len(found), n)
		}
		return n
	}
	add(60)
	if got := entries(); got != 60 || m.dropped != 0 {
		t.Errorf("of what is not read %d entries are left", got)
	}
	add(60)
	if got := entries(); got > 80 || got < 70 || m.dropped != 120-int(got) {
		t.Errorf("of far too much %d entries are left, and %d counted as dropped", got, m.dropped)
	}
	for {
		at, b := next(t, j, "a")
		if b == nil {
			break
		}
		if err := store.Update(t.Context(), func(tx meta.Tx) error { return Advance(tx, "a", at, b.Sequence) }); err != nil {
			t.Fatal(err)
		}
	}
	add(0)
	if got := entries(); got > 20 || got < 15 {
		t.Errorf("of what is read %d entries are left", got)
	}
	c.at = c.at.Add(2 * time.Hour)
	add(0)
	if got := entries(); got != 0 {
		t.Errorf("of what is old %d entries are left", got)
	}
}

// TestBounds: what is too large, or more than there is room for, is dropped; what the store does not take
// waits.
func TestBounds(t *testing.T) {
	t.Parallel()
	j, store, c, m := open(t, Options{})
	if j.Append(start, make([]byte, MaxEntry+1)) {
		t.Error("an entry that is too large was taken")
	}
	large := make([]byte, MaxEntry) // that cannot be compressed
	random := rand.New(rand.NewPCG(1, 2))
	for i := range large {
		large[i] = byte(random.Uint32())
	}
	if !j.Append(start, large) || j.Flush(t.Context()) != nil {
		t.Error("the largest entry was not taken")
	}
	if got := latest(t, j, start, start, 2); len(got) != 1 || got[0] != string(large) {
		t.Error("the largest entry is not found")
	}
	taken := 0
	for j.Append(start, make([]byte, 100_000)) {
		taken++
	}
	if taken < 150 || taken > 170 {
		t.Errorf("%d entries were taken", taken)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.at = start
	if err := j.Flush(ctx); err != nil {
		t.Errorf("to write when the server ends = %v", err)
	}
	if m.dropped != 2 || m.written != taken+1 {
		t.Errorf("counted %+v", m)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	j.Append(start, []byte("waits"))
	if err := j.Flush(t.Context()); err == nil || len(j.pending) != 1 {
		t.Errorf("to write to a store that is closed = %v", err)
	}
	j.pending = nil
}

// TestConcurrent appends, writes and reads at once.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	j, _, _, _ := open(t, Options{Flush: time.Millisecond})
	j.Start()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				j.Append(start, fmt.Append(nil, g, i))
			}
		})
	}
	wg.Go(func() { latest(t, j, start, start, 1<<20) })
	wg.Wait()
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(latest(t, j, start, start, 1<<20)); got != 2000 {
		t.Errorf("%d entries of 2000", got)
	}
}

// FuzzSegment reads contents that are not what was written.
func FuzzSegment(f *testing.F) {
	store := meta.New(memory.New())
	j := New(store, Options{Meter: new(count), Log: slog.New(slog.DiscardHandler)})
	f.Add(j.encoder.EncodeAll([]byte{1, 'x', 2, 'y', 'z'}, nil))
	f.Add(j.encoder.EncodeAll([]byte{200}, nil))
	f.Fuzz(func(t *testing.T, content []byte) {
		var b *Batch
		err := store.Update(context.Background(), func(tx meta.Tx) error {
			if err := records.Put(tx, keys.JournalContent(1), &records.JournalContent{Zstd: content}); err != nil {
				return err
			}
			var err error
			b, err = j.batch(tx, 1)
			return err
		})
		if err != nil && !errors.Is(err, meta.ErrCorrupt) || err == nil && b == nil {
			t.Errorf("%v, %v", b, err)
		}
	})
}
