package objects

import (
	"context"
	"errors"
	"testing"

	"crossgrant/internal/blob"
)

// shared is a blob store that servers share, all of whose blobs are old.
type shared struct{ *trackedBlobs }

func (s shared) SweepOrphans(ctx context.Context, named blob.Named) (swept blob.Swept, err error) {
	for id := range s.existing() {
		answer, err := named(ctx, []blob.ID{blob.NewID(), id})
		if err != nil {
			return swept, err
		}
		swept.Blobs++
		if answer[0] {
			return swept, errors.New("a blob is named that never was")
		}
		if !answer[1] {
			swept.Orphans++
			if err := s.Delete(ctx, id); err != nil {
				return swept, err
			}
		}
	}
	return swept, nil
}

// TestSweepOrphans wants what is named and what is garbage to be spared.
func TestSweepOrphans(t *testing.T) {
	f := newFixture(t)
	if _, err := f.SweepOrphans(t.Context()); !errors.Is(err, ErrNotShared) {
		t.Errorf("a store that is not shared: %v", err)
	}
	f.Service.blobs = shared{f.blobs}
	f.put("kept", big("a", 500))
	f.part("unfinished", f.upload("unfinished"), 1, big("b", 500))
	f.put("replaced", big("c", 500))
	f.put("replaced", "new") // nothing sweeps garbage: the service was not started
	w, err := f.blobs.New(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []blob.Swept{{Blobs: 4, Orphans: 1}, {Blobs: 3}} {
		if swept, err := f.SweepOrphans(t.Context()); err != nil || swept != want {
			t.Errorf("swept %+v, %v, want %+v", swept, err, want)
		}
	}
	if f.blobs.existing()[w.ID()] || f.content("kept") != big("a", 500) {
		t.Error("the orphan is there, or what is named is not")
	}
}
