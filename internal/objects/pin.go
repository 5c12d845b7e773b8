package objects

import (
	"time"

	"crossgrant/internal/blob"
)

// pinnedPause is the least time between two sweeps that leave out blobs that are pinned: each looks at all garbage.
const pinnedPause = 5 * time.Second

// pin spares the blobs for which held returns true.
type pin struct{ held func(blob.ID) bool }

// Pin keeps blobs from being deleted for which held returns true, until release is called. What was not yet garbage
// when Pin returns is spared; who wants all blobs of a state of the metadata pins first and takes the state then. A blob
// for which held returned false may be deleted at any time after. held is called with a lock held, must not block, and
// must be safe for concurrent use.
//
// Nothing is written down: the garbage that was spared is deleted after release or, if the server ends before, after
// the next start.
func (s *Service) Pin(held func(blob.ID) bool) (release func()) {
	p := &pin{held}
	w := &s.sweeper
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pins[p] = true
	return func() {
		w.mu.Lock()
		delete(w.pins, p)
		w.mu.Unlock()
		w.wake()
	}
}

// pinned reports whether a pin spares a blob. w.mu must be held.
func (w *sweeper) pinned(id blob.ID) bool {
	for p := range w.pins {
		if p.held(id) {
			w.sparedPinned = true
			return true
		}
	}
	return false
}

// hasSparedPinned reports whether the sweep that ended has left out what a pin spares.
func (w *sweeper) hasSparedPinned() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	spared := w.sparedPinned
	w.sparedPinned = false
	return spared
}
