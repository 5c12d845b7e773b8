package blobtest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"crossgrant/internal/blob"
)

// Names is a Named of these blobs.
func Names(named ...blob.ID) blob.Named { return (&asked{named: named}).answer }

// asked is a Named that names some blobs and notes what it was asked.
type asked struct {
	named []blob.ID

	mu  sync.Mutex // protects ids
	ids []blob.ID
}

func (a *asked) answer(_ context.Context, ids []blob.ID) ([]bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids = append(a.ids, ids...)
	out := make([]bool, len(ids))
	for i, id := range ids {
		out[i] = slices.Contains(a.named, id)
	}
	return out, nil
}

// named is a Named that names what a test has settled.
type named struct {
	mu  sync.Mutex // protects ids
	ids map[blob.ID]bool
}

func (n *named) answer(_ context.Context, ids []blob.ID) ([]bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]bool, len(ids))
	for i, id := range ids {
		out[i] = n.ids[id]
	}
	return out, nil
}

// settle settles blobs, whose names are durable.
func (n *named) settle(s blob.Store, ids ...blob.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range ids {
		if n.ids == nil {
			n.ids = map[blob.ID]bool{}
		}
		n.ids[id] = true
	}
	s.Settle(ids...)
}

// testRecover checks what is left of blobs in each state after a crash, and after another one.
func testRecover(t *testing.T, c Crasher) {
	s := open(t, c, none)
	for n := 1; n <= 5; n++ {
		mustWrite(t, s, id(n), content(1000*n, n))
	}
	s.Settle(id(1))
	s.Settle(id(2))
	if err := s.Delete(t.Context(), id(2), id(3)); err != nil {
		t.Fatal(err)
	}
	w := create(t, s, id(6))
	if _, err := w.Write(content(1000, 6)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c.Crash()
		told := &asked{named: []blob.ID{id(1), id(4)}} // an answer is the same as long as a blob is there
		s = open(t, c, told.answer)
		wantBlob(t, s, id(1), content(1000, 1))
		wantBlob(t, s, id(4), content(4000, 4))
		for _, n := range []int{2, 3, 5, 6} {
			wantMissing(t, s, id(n))
		}
		wantWalk(t, s, map[blob.ID]int64{id(1): 1000, id(4): 4000})
	}
	// The IDs are free, and those that are kept are not.
	mustWrite(t, s, id(5), content(10, 7))
	mustWrite(t, s, id(6), content(10, 8))
	if w, err := s.Create(t.Context(), id(4)); err == nil {
		w.Abort()
		t.Error("Create of a blob that was recovered succeeded")
	}
}

// testRecoverLater checks that a Recover while the store is used changes nothing.
func testRecoverLater(t *testing.T, s blob.Store) {
	for n := range 3 {
		mustWrite(t, s, id(n), content(100, n))
	}
	s.Settle(id(1))
	w := create(t, s, id(4))
	defer w.Abort()
	if err := s.Recover(t.Context(), none); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		wantBlob(t, s, id(n), content(100, n))
	}
	if err := w.Commit(); err != nil {
		t.Error(err)
	}
}

// testRecoverFails checks that a Recover that does not get an answer loses nothing.
func testRecoverFails(t *testing.T, c Crasher) {
	s := open(t, c, none)
	mustWrite(t, s, id(1), content(1000, 1))
	c.Crash()
	failure := errors.New("no answer")
	s = c.Open()
	err := s.Recover(t.Context(), func(context.Context, []blob.ID) ([]bool, error) { return nil, failure })
	if !errors.Is(err, failure) {
		t.Errorf("Recover = %v, want %v", err, failure)
	}
	c.Crash()
	s = open(t, c, Names(id(1)))
	wantBlob(t, s, id(1), content(1000, 1))
}

// testRecoverLinks runs for stores that are Linkers.
func testRecoverLinks(t *testing.T, c Crasher) {
	s := open(t, c, none)
	l, ok := s.(blob.Linker)
	if !ok {
		t.Skip("the store is no blob.Linker")
	}
	mustWrite(t, s, id(1), content(1000, 1))
	s.Settle(id(1))
	for n := 2; n <= 4; n++ {
		if err := l.Link(t.Context(), id(1), id(n)); err != nil {
			t.Fatal(err)
		}
	}
	s.Settle(id(2))
	c.Crash()
	s = open(t, c, Names(id(1), id(2), id(3)))
	for n := 1; n <= 3; n++ {
		wantBlob(t, s, id(n), content(1000, 1))
	}
	wantMissing(t, s, id(4))
}

// wantWalk fails the test unless Walk tells exactly of want.
func wantWalk(t *testing.T, s blob.Store, want map[blob.ID]int64) {
	t.Helper()
	got := map[blob.ID]int64{}
	err := s.Walk(t.Context(), func(id blob.ID, size int64) error {
		if _, twice := got[id]; twice {
			t.Errorf("Walk tells twice of %s", id)
		}
		got[id] = size
		return nil
	})
	if err != nil {
		t.Fatalf("Walk: %v", err)
	}
	for id, size := range want {
		if got[id] != size {
			t.Errorf("Walk tells of %d bytes in %s, want %d", got[id], id, size)
		}
	}
	if len(got) != len(want) {
		t.Errorf("Walk tells of %d blobs, want %d", len(got), len(want))
	}
}

// testWalk checks that a walk tells of settled blobs only, and that its function may use the store.
func testWalk(t *testing.T, s blob.Store, r *named) {
	want := map[blob.ID]int64{}
	wantWalk(t, s, want)
	for n := range 20 {
		mustWrite(t, s, id(n*300), content(n*10, n))
		if n%4 != 0 {
			r.settle(s, id(n*300))
			want[id(n*300)] = int64(n * 10)
		}
	}
	w := create(t, s, id(1))
	defer w.Abort()
	wantWalk(t, s, want)
	err := s.Walk(t.Context(), func(id blob.ID, size int64) error {
		if _, err := read(s, id, 0, int(size)); err != nil {
			return err
		}
		return s.Delete(t.Context(), id)
	})
	if err != nil {
		t.Errorf("Walk that deletes: %v", err)
	}
	wantWalk(t, s, nil)
}

func testWalkEnds(t *testing.T, s blob.Store, r *named) {
	for n := range 3 {
		mustWrite(t, s, id(n), nil)
		r.settle(s, id(n))
	}
	enough, calls := errors.New("enough"), 0
	err := s.Walk(t.Context(), func(blob.ID, int64) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("Walk = %v after %d calls, want the error of the first", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.Walk(ctx, func(blob.ID, int64) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Walk of a context that ended = %v", err)
	}
}

// testDeleteMany deletes blobs in all states with one call.
func testDeleteMany(t *testing.T, s blob.Store) {
	var ids []blob.ID
	for n := range 10 {
		mustWrite(t, s, id(n), content(100, n))
		ids = append(ids, id(n))
	}
	s.Settle(ids[:5]...)
	s.Settle(ids[:5]...) // does nothing
	s.Settle(id(99))     // is not there
	w := create(t, s, id(10))
	defer w.Abort()
	if err := s.Delete(t.Context(), append(ids[1:], id(10), id(11))...); err != nil {
		t.Fatal(err)
	}
	wantBlob(t, s, id(0), content(100, 0))
	for n := 1; n <= 11; n++ {
		wantMissing(t, s, id(n))
	}
	if err := w.Commit(); err == nil {
		t.Error("Commit of a deleted blob succeeded")
	}
	if err := s.Delete(t.Context()); err != nil {
		t.Errorf("Delete of nothing: %v", err)
	}
}

// testRecoverNew is testRecover of blobs whose IDs the store draws.
func testRecoverNew(t *testing.T, c Crasher) {
	for _, size := range []int{100, 70_000, 2 << 20} {
		s := open(t, c, none)
		var ids []blob.ID
		for n := range 6 {
			ids = append(ids, mustAdd(t, s, int64(size), content(size, n)))
		}
		s.Settle(ids[1], ids[2])
		if err := s.Delete(t.Context(), ids[2], ids[3]); err != nil {
			t.Fatal(err)
		}
		w := begin(t, s, int64(size))
		if _, err := w.Write(content(size/2, 6)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			c.Crash()
			s = open(t, c, Names(ids[1], ids[4]))
			for _, n := range []int{1, 4} {
				wantBlob(t, s, ids[n], content(size, n))
			}
			for _, id := range []blob.ID{ids[0], ids[2], ids[3], ids[5], w.ID()} {
				wantMissing(t, s, id)
			}
			wantWalk(t, s, map[blob.ID]int64{ids[1]: int64(size), ids[4]: int64(size)})
		}
		if err := s.Delete(t.Context(), ids[1], ids[4]); err != nil {
			t.Fatal(err)
		}
		wantWalk(t, s, nil)
		c.Crash()
	}
}
