package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"crossgrant/internal/blob"
	"crossgrant/internal/disktest"
)

// model uses a store as package objects does, and knows what must be there. What it knows stands for the metadata.
type model struct {
	s *Store

	mu sync.Mutex // protects the fields below
	// named has the contents of the blobs that records name.
	named map[blob.ID][]byte
	// garbage are the blobs whose records were removed and whose deletion has not ended.
	garbage map[blob.ID]bool
}

func newModel(s *Store) *model {
	return &model{s: s, named: map[blob.ID][]byte{}, garbage: map[blob.ID]bool{}}
}

// number returns the n-th blob ID; neighbours share a folder.
func number(n int) blob.ID { return blob.ID(fmt.Sprintf("%02x%030x", n/8%256, n)) }

func fill(n int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "%d ", n), 1+n*37%3000)
}

// record is the commit of a record that names a blob.
func (m *model) record(id blob.ID, content []byte) {
	m.mu.Lock()
	m.named[id] = content
	m.mu.Unlock()
	m.s.Settle(id)
}

func (m *model) write(n int) error {
	w, err := m.s.Create(context.Background(), number(n))
	if err != nil {
		return err
	}
	defer w.Abort()
	for rest := fill(n); len(rest) > 0; {
		k := min(len(rest), 5000)
		if _, err := w.Write(rest[:k]); err != nil {
			return err
		}
		rest = rest[k:]
	}
	if err := w.Commit(); err != nil {
		return err
	}
	m.record(number(n), fill(n))
	return nil
}

func (m *model) link(from, to int) error {
	if err := m.s.Link(context.Background(), number(from), number(to)); err != nil {
		return err
	}
	m.record(number(to), fill(from))
	return nil
}

// delete deletes blobs whose records are removed first.
func (m *model) delete(numbers ...int) error {
	var ids []blob.ID
	m.mu.Lock()
	for _, n := range numbers {
		if _, ok := m.named[number(n)]; ok {
			ids = append(ids, number(n))
			delete(m.named, number(n))
			m.garbage[number(n)] = true
		}
	}
	m.mu.Unlock()
	return m.sweep(ids)
}

func (m *model) sweep(ids []blob.ID) error {
	if err := m.s.Delete(context.Background(), ids...); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		delete(m.garbage, id)
	}
	return nil
}

// abandon is a write whose record is never committed.
func (m *model) abandon(n int) error {
	w, err := m.s.Create(context.Background(), number(n))
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(fill(n)); err != nil {
		return err
	}
	if n%2 == 0 {
		return nil
	}
	return errors.Join(w.Commit(), m.s.Delete(context.Background(), number(n)))
}

// snapshot returns what is known, and what crash returns, both of one moment.
func (m *model) snapshot(crash func() disktest.Disk) (*model, disktest.Disk) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &model{named: maps.Clone(m.named), garbage: maps.Clone(m.garbage)}, crash()
}

// reopen opens the store on what a crash left, recovers it and deletes the garbage.
func (m *model) reopen(t *testing.T, d disktest.Disk) {
	t.Helper()
	m.s = open(t, "/data/blobs", Options{FS: d}, slices.Collect(maps.Keys(m.named))...)
	if err := m.sweep(slices.Collect(maps.Keys(m.garbage))); err != nil {
		t.Error(err)
	}
}

// check wants exactly the named blobs to be there, intact.
func (m *model) check(t *testing.T) {
	t.Helper()
	for id, want := range m.named {
		r, err := m.s.Open(t.Context(), id, 0, int64(len(want)))
		if err != nil {
			t.Errorf("a blob that is named: %v", err)
			continue
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("blob %s has %d bytes, %v, want %d", id, len(got), err, len(want))
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	err := m.s.Walk(t.Context(), func(id blob.ID, size int64) error {
		if want, ok := m.named[id]; !ok || size != int64(len(want)) {
			t.Errorf("blob %s of %d bytes is left over, or %d long", id, size, len(want))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// checkFiles wants no file but those of named blobs, each in its place, after the mover has run.
func (m *model) checkFiles(t *testing.T) {
	t.Helper()
	m.s.mover.moveAll(m.s)
	left, err := m.s.list(m.s.path(newDir))
	if err != nil || len(left) != 0 {
		t.Errorf("under new are %v, %v", left, err)
	}
	m.check(t)
}

// TestPowerCut cuts the power at random moments of concurrent work, a second time while the store recovers from
// the first, with what was not synced lost, kept or partly so.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	for round := range 30 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(round), 6))
			d := disktest.New()
			m := newModel(open(t, "/data/blobs", Options{FS: d}))
			crashAt := make(chan struct{})
			var wg sync.WaitGroup
			for g := range 4 {
				wg.Go(func() { work(t, m, g*1000, crashAt) })
			}
			wg.Go(func() {
				for range 6 {
					m.s.mover.moveAll(m.s)
				}
			})
			for range rng.IntN(40) {
				<-crashAt
			}
			cut := func() disktest.Disk {
				return d.Cut(rng.IntN(101), rng)
			}
			after, left := m.snapshot(cut)
			go func() {
				for range crashAt {
				}
			}()
			wg.Wait()
			close(crashAt)

			for range 2 {
				after.reopen(t, left)
				after.check(t)
				again, l := after.snapshot(func() disktest.Disk {
					return left.Cut(rng.IntN(101), rng)
				})
				after.checkFiles(t)
				after, left = again, l
			}
			after.reopen(t, left)
			after.checkFiles(t)
		})
	}
}

// work does a bit of everything, and says so after each step.
func work(t *testing.T, m *model, base int, step chan<- struct{}) {
	for i := range 12 {
		n := base + i*3
		for _, err := range []error{m.write(n), m.link(n, n+1), m.abandon(n + 2)} {
			if err != nil {
				t.Error(err)
			}
			step <- struct{}{}
		}
		if i%2 == 1 {
			if err := m.delete(n, n-2); err != nil {
				t.Error(err)
			}
			step <- struct{}{}
		}
	}
}
