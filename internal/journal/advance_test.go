package journal

import (
	"errors"
	"fmt"
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
	b, err := j.After(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	err = store.Update(t.Context(), func(tx meta.Tx) error {
		return records.Put(tx, keys.JournalContent(b.Sequence), &records.JournalContent{Zstd: []byte("x")})
	})
	if err != nil {
		t.Fatal(err)
	}
	if b, err = j.After(t.Context(), 0); !errors.Is(err, meta.ErrCorrupt) || b == nil || len(b.Entries) != 0 {
		t.Fatalf("the corrupt segment is %+v, %v", b, err)
	}
	if b, err = j.After(t.Context(), b.Sequence); err != nil || len(b.Entries) != 1 {
		t.Errorf("the segment after it is %+v, %v", b, err)
	}
}
