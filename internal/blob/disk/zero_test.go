package disk

import (
	"bytes"
	"io"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestZero makes a range zeros, on the disk of the operating system and on one that cannot give space back.
func TestZero(t *testing.T) {
	t.Parallel()
	for name, fsys := range map[string]vfs.FS{"operating system": OS(), "memory": vfs.NewMem()} {
		dir := t.TempDir()
		if err := fsys.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := fsys.Create(filepath.Join(dir, "file"), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		content := bytes.Repeat([]byte{1}, 300_000)
		if _, err := f.Write(bytes.Clone(content)); err != nil {
			t.Fatal(err)
		}
		if err := Zero(f, 4096, 200_000); err != nil {
			t.Fatal(err)
		}
		clear(content[4096:204_096])
		got := make([]byte, len(content))
		if _, err := f.ReadAt(got, 0); err != nil && err != io.EOF || !bytes.Equal(got, content) {
			t.Errorf("%s: %v, or other bytes", name, err)
		}
		if _, ok := f.(puncher); ok != (name == "operating system" && runtime.GOOS == "linux") {
			t.Errorf("%s: files can give space back: %t", name, ok)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
