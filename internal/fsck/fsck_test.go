package fsck

import (
	"slices"
	"testing"
	"time"

	"crossgrant/internal/keys"
)

// TestEveryShapeHasARow holds that nobody adds keys that are not verified.
func TestEveryShapeHasARow(t *testing.T) {
	t.Parallel()
	for _, form := range keys.Shapes {
		if _, ok := rows[form]; !ok {
			t.Errorf("there is no row for %s", form)
		}
	}
	for form := range rows {
		if !slices.Contains(keys.Shapes, form) {
			t.Errorf("there is a row for %s, which is no shape", form)
		}
	}
}

// TestSoundWorldIsClean holds that nothing is found where nothing is wrong, and that the world of the tests has
// something under every shape.
func TestSoundWorldIsClean(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := map[string]bool{}
	for _, e := range w.all() {
		form, _, err := keys.Split(e.key)
		if err != nil {
			t.Errorf("%q: %v", e.key, err)
		}
		seen[form] = true
	}
	for _, form := range keys.Shapes {
		if !seen[form] {
			t.Errorf("the world has nothing under %s", form)
		}
	}
	for _, f := range w.run(false) {
		t.Errorf("found %v", f)
	}
}

// TestProgress holds that it is told when a stage begins, and then once a second by the clock, however much is done.
func TestProgress(t *testing.T) {
	t.Parallel()
	now := time.Unix(1, 0)
	var told []Progress
	r := newRun(Options{Now: func() time.Time { return now }, Progress: func(p Progress) { told = append(told, p) }})
	var want []Progress
	for _, stage := range []string{"files", "records", "blobs"} {
		for done := range int64(25) {
			if done%10 == 0 {
				want = append(want, Progress{Stage: stage, Done: done})
			}
			r.progress(Progress{Stage: stage, Done: done})
			now = now.Add(progressEvery / 10)
		}
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}
