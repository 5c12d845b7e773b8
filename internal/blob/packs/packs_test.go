package packs

import (
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/blobtest"
	"crossgrant/internal/blob/memory"
	"crossgrant/internal/disktest"
)

// open opens and recovers a store that is closed at the end of the test.
func open(t *testing.T, dir string, opts Options, named ...blob.ID) *Store {
	t.Helper()
	s, err := Open(dir, memory.New(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Recover(t.Context(), blobtest.Names(named...)); err != nil {
		t.Fatal(err)
	}
	return s
}

// abandon ends the store as a crash of its process does, but for what its goroutines hold.
func (s *Store) abandon() {
	s.removals.Lock()
	s.ended = true
	s.removals.Unlock()
	s.sealer.close()
	s.gate.Close()
	s.letGo()
}

// kept is a store of large blobs that outlives those who close it.
type kept struct{ *memory.Store }

func (kept) Close() error { return nil }

func TestStore(t *testing.T) {
	t.Parallel()
	for name, disk := range map[string]func(t *testing.T) (string, vfs.FS){
		"disk":   func(t *testing.T) (string, vfs.FS) { return filepath.Join(t.TempDir(), "packs"), nil },
		"memory": func(t *testing.T) (string, vfs.FS) { return "/data/packs", disktest.New() },
	} {
		for packs, size := range map[string]int64{"many": 64 << 10, "one": 0} {
			t.Run(name+"-"+packs, func(t *testing.T) {
				t.Parallel()
				start := func(t *testing.T) blobtest.Crasher {
					dir, fsys := disk(t)
					large := kept{memory.New()}
					var s *Store
					return blobtest.Crasher{
						Open: func() blob.Store {
							var err error
							if s, err = Open(dir, large, Options{FS: fsys, PackBytes: size}); err != nil {
								t.Fatal(err)
							}
							return s
						},
						Crash: func() { s.abandon(); large.Crash() },
					}
				}
				blobtest.Run(t, start)
				blobtest.RunRecover(t, start)
			})
		}
	}
}

func newKept() kept { return kept{memory.New()} }
