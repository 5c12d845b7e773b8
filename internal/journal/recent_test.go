package journal

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

// TestRecent: the segments that were read last are read once, however many readers there are; others are read again, and
// what fails is not kept.
func TestRecent(t *testing.T) {
	t.Parallel()
	c := new(recent)
	reads := map[uint64]int{}
	get := func(sequence uint64) {
		t.Helper()
		b, err := c.get(sequence, func() (*Batch, error) {
			reads[sequence]++
			return &Batch{sequence, [][]byte{fmt.Append(nil, sequence)}}, nil
		})
		if err != nil || b.Sequence != sequence || string(b.Entries[0]) != fmt.Sprint(sequence) {
			t.Errorf("segment %d is %+v, %v", sequence, b, err)
		}
	}
	for sequence := range uint64(2 * maxRecent) {
		for range 3 {
			get(sequence)
		}
		if sequence > 0 {
			get(sequence - 1)
		}
	}
	for sequence := range uint64(2 * maxRecent) {
		if reads[sequence] != 1 {
			t.Errorf("segment %d was read %d times", sequence, reads[sequence])
		}
	}
	if get(0); reads[0] != 2 || len(c.batches) != maxRecent {
		t.Errorf("after others it was read %d times; %d are kept", reads[0], len(c.batches))
	}
	for _, fault := range []error{nil, errors.New("fault")} {
		n := 0
		for range 2 {
			if _, err := c.get(100, func() (*Batch, error) { n++; return &Batch{Sequence: 100}, fault }); !errors.Is(err, fault) {
				t.Errorf("%v, want %v", err, fault)
			}
		}
		if n != 2 {
			t.Errorf("what is empty, or fails, was read %d times", n)
		}
	}
}

// TestShared: readers share a segment, and what one of them appends to an entry is not in the next.
func TestShared(t *testing.T) {
	t.Parallel()
	j, _, _, _ := open(t, Options{})
	j.Append(start, []byte("one"))
	j.Append(start, []byte("two"))
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := make([]*Batch, 4)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			b, err := j.After(t.Context(), 0)
			if err != nil {
				t.Error(err)
			}
			got[i] = b
		})
	}
	wg.Wait()
	for _, b := range got {
		if b != got[0] {
			t.Fatal("two readers have two copies")
		}
	}
	_ = append(got[0].Entries[0], "xxxx"...)
	if e := got[0].Entries; string(e[0]) != "one" || string(e[1]) != "two" {
		t.Errorf("the entries are %q", e)
	}
}

// TestRemoved: a segment that was removed is not read any more, though it was read just now.
func TestRemoved(t *testing.T) {
	t.Parallel()
	j, _, c, _ := open(t, Options{Age: 1})
	j.Append(start, []byte("one"))
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b, err := j.After(t.Context(), 0); err != nil || len(b.Entries) != 1 {
		t.Fatalf("%+v, %v", b, err)
	}
	c.at = c.at.Add(10)
	if err := j.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b, err := j.After(t.Context(), 0); err != nil || b != nil {
		t.Errorf("what was removed is %+v, %v", b, err)
	}
}
