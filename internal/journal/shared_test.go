package journal

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
)

// openServers returns the journals of servers that share a store, whose clocks are an hour apart.
func openServers(t *testing.T, n int) (journals []*Journal) {
	t.Helper()
	engine := metatest.NewShared(memory.New())
	for i := range n {
		c := &clock{start.Add(-time.Duration(i) * time.Hour)}
		j := New(meta.New(engine), Options{Now: c.now, Meter: new(count), Log: slog.New(slog.DiscardHandler)})
		t.Cleanup(j.Close)
		journals = append(journals, j)
	}
	return journals
}

// TestServersWriteAtOnce: a reader that goes on as segments appear finds each entry of each server once: nothing appears behind it,
// however far the clocks are apart.
func TestServersWriteAtOnce(t *testing.T) {
	t.Parallel()
	const servers, entries = 3, 50
	journals := openServers(t, servers+1)
	reader := journals[servers]
	var writers sync.WaitGroup
	for i, j := range journals[:servers] {
		writers.Go(func() {
			for n := range entries {
				j.Append(start, fmt.Appendf(nil, "%d/%d", i, n))
				if err := j.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	found := map[string]int{}
	last := uint64(0)
	read := func() {
		_, err := reader.Follow(t.Context(), last, "lost", func() bool { return true }, func(b *Batch) error {
			if b.Sequence <= last {
				t.Errorf("segment %d comes after %d", b.Sequence, last)
			}
			last = b.Sequence
			for _, entry := range b.Entries {
				found[string(entry)]++
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for writing := true; writing; {
		select {
		case <-done:
			writing = false
		default:
		}
		read()
	}
	for i := range servers {
		for n := range entries {
			if key := fmt.Sprintf("%d/%d", i, n); found[key] != 1 {
				t.Errorf("entry %s was read %d times", key, found[key])
			}
		}
	}
}

// TestKeptByOthers: a server that starts leaves what others have kept, and what one has left that is gone comes into the journal at the
// second look.
func TestKeptByOthers(t *testing.T) {
	t.Parallel()
	journals := openServers(t, 2)
	gone, other := journals[1], journals[0]
	keep(t, gone.store, "R1", "of a server that is gone")
	if err := other.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := kept(t, other.store); len(left) != 1 {
		t.Errorf("after a start %v are kept", left)
	}
	for look, want := range []int{1, 0} {
		if err := other.collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := kept(t, other.store); len(left) != want {
			t.Errorf("after look %d %v are kept, want %d", look+1, left, want)
		}
	}
	if all := sorted(t, other); !slices.Equal(all, []string{"of a server that is gone"}) {
		t.Errorf("the journal has %q", all)
	}
}
