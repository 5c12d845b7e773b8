package backup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKnownClosesLists holds that no list stays open if one of them cannot be read.
func TestKnownClosesLists(t *testing.T) {
	t.Parallel()
	const open = "/proc/self/fd"
	if _, err := os.Stat(open); err != nil {
		t.Skip("the system does not tell what is open")
	}
	for name, spoil := range map[string]func(path string) error{
		"no folder": func(path string) error { return os.WriteFile(filepath.Dir(path), nil, 0o600) },
		"unreadable": func(path string) error {
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				return err
			}
			return os.Mkdir(path, 0o700)
		},
	} {
		tr := &target{dir: t.TempDir()}
		if err := os.MkdirAll(tr.snapshot(1), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(tr.list(1), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := spoil(tr.list(2)); err != nil {
			t.Fatal(err)
		}
		r := &run{t: tr, before: &manifest{ID: 1}, partial: []int{2}}
		if known, err := r.known(); err == nil {
			known.close()
			t.Errorf("%s: the list of snapshot 2 was read", name)
		}
		files, err := os.ReadDir(open)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if path, err := os.Readlink(filepath.Join(open, f.Name())); err == nil && strings.HasPrefix(path, tr.dir+"/") {
				t.Errorf("%s: %s is still open", name, path)
			}
		}
	}
}
