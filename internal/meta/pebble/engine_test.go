package pebble

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/metatest"
)

// open opens an engine in folder "db" of files.
func open(t testing.TB, opts Options) *Engine {
	t.Helper()
	e, err := Open("db", opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEngine(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		metatest.Run(t, func(t *testing.T) meta.Engine { return open(t, Options{FS: vfs.NewMem()}) })
	})
	// Tables so small that most tests read from several of them, and large values bypass them.
	t.Run("small tables", func(t *testing.T) {
		t.Parallel()
		metatest.Run(t, func(t *testing.T) meta.Engine {
			return open(t, Options{FS: vfs.NewMem(), memTableBytes: 64 << 10})
		})
	})
	t.Run("no filters", func(t *testing.T) {
		t.Parallel()
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		metatest.Run(t, func(t *testing.T) meta.Engine {
			return open(t, Options{FS: vfs.NewMem(), memTableBytes: 64 << 10, Present: all})
		})
	})
	t.Run("disk", func(t *testing.T) {
		t.Parallel()
		metatest.Run(t, func(t *testing.T) meta.Engine {
			e, err := Open(t.TempDir(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			return e
		})
	})
}
