package pebble

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// countingFiles counts the files that are open.
type countingFiles struct {
	vfs.FS
	open, opened atomic.Int64
}

func (c *countingFiles) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := c.FS.Open(name, opts...)
	if err == nil {
		c.open.Add(1)
		c.opened.Add(1)
		f = &countedFile{f, c}
	}
	return f, err
}

type countedFile struct {
	vfs.File
	files *countingFiles
}

func (f *countedFile) Close() error {
	f.files.open.Add(-1)
	return f.File.Close()
}

// TestFenceLeavesNoFileOpen ends instances while files are being opened: none stays open.
func TestFenceLeavesNoFileOpen(t *testing.T) {
	t.Parallel()
	files := &countingFiles{FS: vfs.NewMem()}
	f, err := files.Create("file", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		fence := newFence(files, newHealth(patience), func(error) {})
		var openers sync.WaitGroup
		begun := make(chan struct{}, 4)
		for range cap(begun) {
			openers.Go(func() {
				begun <- struct{}{}
				for {
					if _, err := fence.Open("file"); err != nil {
						return
					}
				}
			})
		}
		for range cap(begun) {
			<-begun
		}
		fence.Shut()
		fence.CloseFiles()
		openers.Wait()
	}
	if n := files.open.Load(); n != 0 || files.opened.Load() == 0 {
		t.Errorf("of %d files %d stay open", files.opened.Load(), n)
	}
}
