package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/blobtest"
	"crossgrant/internal/blob/disk"
	"crossgrant/internal/disktest"
)

// open opens and recovers a store that is closed at the end of the test.
func open(t *testing.T, dir string, opts Options, named ...blob.ID) *Store {
	t.Helper()
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Recover(t.Context(), blobtest.Names(named...)); err != nil {
		t.Fatal(err)
	}
	return s
}

func openTemp(t *testing.T) *Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "blobs"), Options{})
}

func TestStore(t *testing.T) {
	t.Parallel()
	for name, disk := range map[string]func(t *testing.T) (string, vfs.FS){
		"disk":   func(t *testing.T) (string, vfs.FS) { return filepath.Join(t.TempDir(), "blobs"), nil },
		"memory": func(t *testing.T) (string, vfs.FS) { return "/data/blobs", disktest.New() },
	} {
		for moves, settled := range map[string]bool{"moved": true, "": false} {
			t.Run(name+moves, func(t *testing.T) {
				t.Parallel()
				start := func(t *testing.T) blobtest.Crasher {
					dir, fsys := disk(t)
					var s *Store
					return blobtest.Crasher{
						Open: func() blob.Store {
							var err error
							if s, err = Open(dir, Options{FS: fsys}); err != nil {
								t.Fatal(err)
							}
							if settled {
								return eager{s}
							}
							return s
						},
						// What the store would do later has not happened. The process is not over, and its files are
						// closed so that it does not run out of them.
						Crash: func() { s.mover.forget(); _ = s.Close() },
					}
				}
				blobtest.Run(t, start)
				blobtest.RunRecover(t, start)
			})
		}
	}
}

// eager is a store that moves what is settled at once.
type eager struct{ *Store }

func (s eager) Settle(ids ...blob.ID) {
	s.Store.Settle(ids...)
	s.mover.moveAll(s.Store)
}

// forget takes back what was to be moved.
func (m *mover) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled = nil
}

const id blob.ID = "0123456789abcdef0123456789abcdef"

func write(t *testing.T, s *Store, id blob.ID, content string) blob.Writer {
	t.Helper()
	w, err := s.Create(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestLegacyStaging: what an older program left half written is removed, and what it stored is there.
func TestLegacyStaging(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, content := range map[string]string{"staging/ffffffffffffffffffffffffffffffff": "half", "0/1/" + string(id): "kept"} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir, Options{})
	r, err := s.Open(t.Context(), id, 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "kept" {
		t.Errorf("the blob is %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "staging")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("staging: %v", err)
	}
}

// TestMove: what is settled is in its place when the store is closed, and nothing is left under new.
func TestMove(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	if err := write(t, s, id, "x").Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.place(id)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before it is settled the blob has a place: %v", err)
	}
	s.Settle(id)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.place(id)); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(s.path(newDir)); err != nil || len(left) != 0 {
		t.Errorf("%d blobs are left under new, %v", len(left), err)
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	if err := write(t, s, id, "x").Commit(); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTruncatedFile: a file that lost its end is corrupt, whether it did so before or while it is read.
func TestTruncatedFile(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	if err := write(t, s, id, strings.Repeat("x", 100000)).Commit(); err != nil {
		t.Fatal(err)
	}
	for name, drain := range map[string]func(io.Reader) error{
		"Read":    func(r io.Reader) error { _, err := io.ReadAll(r); return err },
		"WriteTo": func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err },
	} {
		r, err := s.Open(t.Context(), id, 0, 50000)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(s.new(id), 40000); err != nil {
			t.Fatal(err)
		}
		if err := drain(r); !errors.Is(err, blob.ErrCorrupt) {
			t.Errorf("%s of a file that was cut meanwhile: %v, want ErrCorrupt", name, err)
		}
		r.Close()
		if err := os.Truncate(s.new(id), 100000); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	if err := disk.Translate(id, &fs.PathError{Err: syscall.ENOSPC}); !errors.Is(err, blob.ErrNoSpace) {
		t.Errorf("a full disk: %v", err)
	}
	if err := disk.Translate(id, &fs.PathError{Err: syscall.EIO}); errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrNoSpace) {
		t.Errorf("an I/O error: %v", err)
	}
}
