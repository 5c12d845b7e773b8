package packs

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

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/disktest"
)

// testPack is so small that tests fill many packs.
const testPack = 32 << 10

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

// fill returns the content of the n-th blob, up to 9,000 bytes.
func fill(n int) []byte { return bytes.Repeat(fmt.Appendf(nil, "%d ", n), 1+n*37%3000) }

// begin begins the n-th blob, and writes it.
func (m *model) begin(n int) (blob.Writer, error) {
	content := fill(n)
	w, err := m.s.New(context.Background(), int64(len(content)))
	if err != nil {
		return nil, err
	}
	for rest := content; len(rest) > 0; {
		k := min(len(rest), 5000)
		if _, err := w.Write(rest[:k]); err != nil {
			w.Abort()
			return nil, err
		}
		rest = rest[k:]
	}
	return w, nil
}

// write writes the n-th blob, whose record is committed.
func (m *model) write(n int) error {
	w, err := m.begin(n)
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := w.Commit(); err != nil {
		return err
	}
	m.mu.Lock()
	m.named[w.ID()] = fill(n)
	m.mu.Unlock()
	if n%3 > 0 {
		m.s.Settle(w.ID())
	}
	return nil
}

// delete deletes some blobs, whose records are removed first.
func (m *model) delete(most int) error {
	var ids []blob.ID
	m.mu.Lock()
	for id := range m.named {
		if len(ids) < most {
			ids = append(ids, id)
			delete(m.named, id)
			m.garbage[id] = true
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

// abandon is a write whose record is never committed, in one of three ways.
func (m *model) abandon(n int) error {
	w, err := m.begin(n)
	if err != nil {
		return err
	}
	defer w.Abort()
	switch n % 3 {
	case 0:
		return nil
	case 1:
		return m.s.Delete(context.Background(), w.ID())
	default:
		return errors.Join(w.Commit(), m.s.Delete(context.Background(), w.ID()))
	}
}

// read reads a blob that is named while it may be deleted.
func (m *model) read() error {
	m.mu.Lock()
	var id blob.ID
	var want []byte
	for id, want = range m.named {
		break
	}
	m.mu.Unlock()
	if want == nil {
		return nil
	}
	got, err := m.readOne(id, len(want))
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("blob %s is not what was written", id)
	}
	return err
}

func (m *model) readOne(id blob.ID, length int) ([]byte, error) {
	r, err := m.s.Open(context.Background(), id, 0, int64(length))
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(r)
	return got, errors.Join(err, r.Close())
}

// snapshot returns what is known, and what crash returns, both of one moment.
func (m *model) snapshot(crash func() disktest.Disk) (*model, disktest.Disk) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &model{named: maps.Clone(m.named), garbage: maps.Clone(m.garbage)}, crash()
}

// reopen opens the store on what a crash left, recovers it and deletes the garbage.
func (m *model) reopen(t *testing.T, d vfs.FS) {
	t.Helper()
	m.s = open(t, "/data/packs", Options{FS: d, PackBytes: testPack}, slices.Collect(maps.Keys(m.named))...)
	if err := m.sweep(slices.Collect(maps.Keys(m.garbage))); err != nil {
		t.Error(err)
	}
}

// check wants exactly the named blobs to be there, intact.
func (m *model) check(t *testing.T) {
	t.Helper()
	for id, want := range m.named {
		if got, err := m.readOne(id, len(want)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("blob %s has %d bytes, %v, want %d", id, len(got), err, len(want))
		}
	}
	all := maps.Clone(m.named)
	m.s.Settle(slices.Collect(maps.Keys(all))...)
	err := m.s.Walk(t.Context(), func(id blob.ID, size int64) error {
		if want, ok := all[id]; !ok || size != int64(len(want)) {
			t.Errorf("blob %s of %d bytes is left over, told twice, or %d long", id, size, len(want))
		}
		delete(all, id)
		return nil
	})
	if err != nil || len(all) > 0 {
		t.Errorf("Walk did not tell of %d blobs: %v", len(all), err)
	}
}

// checkFiles wants no pack under open, none without blobs, and nothing in any but the named blobs. The store is not used
// meanwhile, nor since it was recovered.
func (m *model) checkFiles(t *testing.T) {
	t.Helper()
	m.check(t)
	if left, err := m.s.list(openDir); err != nil || len(left) > 0 {
		t.Errorf("under open are %v, %v", left, err)
	}
	for _, folder := range folders() {
		ids, err := m.s.list(folder)
		if err != nil {
			t.Error(err)
		}
		for _, id := range ids {
			m.checkPack(t, id)
		}
	}
}

func (m *model) checkPack(t *testing.T, id packID) {
	t.Helper()
	f, err := m.s.forReading(id)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.release()
	size, err := f.size()
	if err != nil {
		t.Error(err)
	}
	data := make([]byte, size)
	if _, err := f.ReadAt(data, 0); err != nil && err != io.EOF {
		t.Error(err)
	}
	blobs := 0
	for blobID := range m.named {
		if l := locate(blobID); l.pack == id {
			clear(data[l.offset():min(l.end(), size)])
			blobs++
		}
	}
	if blobs == 0 || !isZero(data) {
		t.Errorf("pack %s has %d blobs, or bytes of none", id.name(), blobs)
	}
}

// TestPowerCut cuts the power at random moments of concurrent work, a second time while the store recovers from
// the first, with what was not synced lost, kept or partly so.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	for round := range 40 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(round), 7))
			d := disktest.New()
			m := newModel(open(t, "/data/packs", Options{FS: d, PackBytes: testPack}))
			step := make(chan struct{})
			var wg sync.WaitGroup
			for g := range 4 {
				wg.Go(func() { work(t, m, g*1000, step) })
			}
			for range rng.IntN(60) {
				<-step
			}
			cut := func() disktest.Disk { return d.Cut(rng.IntN(101), rng) }
			after, left := m.snapshot(cut)
			go func() {
				for range step {
				}
			}()
			wg.Wait()
			close(step)
			m.check(t)

			for range 2 {
				after.reopen(t, left)
				after.check(t)
				again, l := after.snapshot(func() disktest.Disk { return left.Cut(rng.IntN(101), rng) })
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
		steps := []func() error{
			func() error { return m.write(n) }, m.read,
			func() error { return m.abandon(n + 1) },
			func() error { return m.write(n + 2) },
			func() error { return m.delete(i % 4) },
		}
		for _, do := range steps {
			if err := do(); err != nil {
				t.Error(err)
			}
			step <- struct{}{}
		}
	}
}
