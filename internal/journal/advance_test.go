package journal

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// TestAdvance: a reader passes many segments at once, and only if it is where it believes to be.
func TestAdvance(t *testing.T) {
	t.Parallel()
	j, store, _, _ := open(t, Options{Readers: []string{"a"}})
	var sequences []uint64
	last := uint64(0)
	for i := range 4 {
		j.Append(start, fmt.Append(nil, i))
		if err := j.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		b, err := j.After(t.Context(), last)
		if err != nil || b == nil || string(b.Entries[0]) != fmt.Sprint(i) {
			t.Fatalf("after segment %d comes %+v, %v", i, b, err)
		}
		last = b.Sequence
		sequences = append(sequences, last)
	}
	if b, err := j.After(t.Context(), last); err != nil || b != nil {
		t.Errorf("after the last segment comes %+v, %v", b, err)
	}
	for _, c := range []struct {
		from, to, want uint64
		err            error
	}{
		{0, sequences[1], sequences[1], nil},
		{0, sequences[2], sequences[1], ErrRead},
		{sequences[0], sequences[2], sequences[1], ErrRead},
		{sequences[2], sequences[3], sequences[1], ErrRead},
		{sequences[1], sequences[0], sequences[1], ErrRead},
		{sequences[1], sequences[3], sequences[3], nil},
	} {
		err := store.Update(t.Context(), func(tx meta.Tx) error { return Advance(tx, "a", c.from, c.to) })
		got, posErr := j.Position(t.Context(), "a")
		if !errors.Is(err, c.err) || posErr != nil || got != c.want {
			t.Errorf("from %d to %d: %v, the position is %d, %v", c.from, c.to, err, got, posErr)
		}
	}
}

// TestReaders: each reader reads every segment once, in order, across a restart.
func TestReaders(t *testing.T) {
	t.Parallel()
	j, store, _, _ := open(t, Options{Readers: []string{"a", "b"}})
	for i := range 10 {
		j.Append(start, fmt.Append(nil, i))
		if err := j.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, reader := range []string{"a", "b"} {
		var read []string
		for {
			at, b := next(t, j, reader)
			if b == nil {
				break
			}
			for _, e := range b.Entries {
				read = append(read, string(e))
			}
			note := func() error {
				return store.Update(t.Context(), func(tx meta.Tx) error { return Advance(tx, reader, at, b.Sequence) })
			}
			if err := note(); err != nil {
				t.Fatal(err)
			}
			if err := note(); !errors.Is(err, ErrRead) {
				t.Errorf("to read a segment twice = %v", err)
			}
		}
		if got := strings.Join(read, " "); got != "0 1 2 3 4 5 6 7 8 9" {
			t.Errorf("reader %s has read %s", reader, got)
		}
	}
}

// next returns the position of a reader, and the segment that follows it; nil if there is none yet.
func next(t *testing.T, j *Journal, reader string) (at uint64, b *Batch) {
	t.Helper()
	at, err := j.Position(t.Context(), reader)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = j.After(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	return at, b
}

// TestAfterCorruption: whoever reads can go on after a segment that cannot be read.
func TestAfterCorruption(t *testing.T) {
	t.Parallel()
	j, store, _, _ := open(t, Options{})
	for i := range 2 {
		j.Append(start, fmt.Append(nil, i))
		if err := j.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	err := store.Update(t.Context(), func(tx meta.Tx) error {
		all, err := headers(tx, 0, math.MaxUint64, 1)
		if err != nil {
			return err
		}
		return records.Put(tx, keys.JournalContent(all[0].sequence), &records.JournalContent{Zstd: []byte("x")})
	})
	if err != nil {
		t.Fatal(err)
	}
	var b *Batch
	// It is not kept for others as if it had no entries.
	for range 2 {
		if b, err = j.After(t.Context(), 0); !errors.Is(err, meta.ErrCorrupt) || b == nil || len(b.Entries) != 0 {
			t.Fatalf("the corrupt segment is %+v, %v", b, err)
		}
	}
	if b, err = j.After(t.Context(), b.Sequence); err != nil || len(b.Entries) != 1 {
		t.Errorf("the segment after it is %+v, %v", b, err)
	}
}
