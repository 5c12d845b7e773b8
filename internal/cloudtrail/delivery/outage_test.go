package delivery

import (
	"context"
	"slices"
	"testing"

	"crossgrant/internal/meta"
)

// refusing is an engine that carries out no Updates for a while.
type refusing struct {
	meta.Engine
	now bool
}

func (e *refusing) Update(ctx context.Context, fn func(tx meta.Tx) error) error {
	if e.now {
		return meta.ErrUnavailable
	}
	return e.Engine.Update(ctx, fn)
}

// TestOutage: what was gathered when the store took nothing, and what is gathered after that, is delivered in log files that
// can be read.
func TestOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engine := &refusing{Engine: w.engine}
	w.engine = engine
	w.open()
	want := []string{w.user()}
	for range 3 {
		w.must(w.journal.Flush(t.Context()))
		if _, err := w.delivery.read(t.Context()); err != nil {
			t.Fatal(err)
		}
		engine.now = true
		if err := w.delivery.commit(t.Context()); err == nil {
			t.Fatal("the store took what it does not take")
		}
		engine.now = false
		want = append(want, w.user())
	}
	w.deliver()
	if got := w.ids("archive"); !slices.Equal(got, sorted(want...)) {
		t.Errorf("delivered are %v, want %v", got, want)
	}
}
