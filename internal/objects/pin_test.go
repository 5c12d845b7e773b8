package objects

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/blob"
)

// TestPin wants what is pinned to outlive sweeps, what is not to be deleted meanwhile, and all to be deleted when nobody
// pins it any more.
func TestPin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.Start()
		synctest.Wait()
		f.put("kept", big("a", 500))
		kept := blob.ID(f.get("kept").Segments[0].Blob)
		f.put("free", big("b", 500))
		var held atomic.Bool
		held.Store(true)
		release := f.Pin(func(id blob.ID) bool { return held.Load() && id == kept })
		releaseOther := f.Pin(func(blob.ID) bool { return false })
		f.put("kept", "new")
		f.put("free", "new")
		time.Sleep(3 * pinnedPause) // of the clock of synctest
		synctest.Wait()
		if left := f.blobs.existing(); len(left) != 1 || !left[kept] {
			t.Errorf("%v exist, want the pinned one", left)
		}
		held.Store(false)
		time.Sleep(2 * pinnedPause)
		synctest.Wait()
		if left := f.blobs.existing(); len(left) != 0 {
			t.Errorf("%v exist although it is held no more", left)
		}
		f.put("again", big("c", 500))
		last := f.Pin(func(blob.ID) bool { return true })
		f.put("again", "new")
		synctest.Wait()
		last()
		release()
		releaseOther()
		releaseOther()
		time.Sleep(2 * pinnedPause)
		synctest.Wait()
		if left := f.blobs.existing(); len(left) != 0 {
			t.Errorf("%v exist although nothing is pinned", left)
		}
		f.Close()
		f.checkClean()
	})
}
