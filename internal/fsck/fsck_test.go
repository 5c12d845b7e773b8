package fsck

import (
	"slices"
	"testing"

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
