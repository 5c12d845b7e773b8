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

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/blobtest"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t) })
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

// TestReopen: what was committed is there, and what was not is gone, as after a crash.
func TestReopen(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := write(t, s, id, "kept").Commit(); err != nil {
		t.Fatal(err)
	}
	write(t, s, "ffffffffffffffffffffffffffffffff", "half")
	again, err := Open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := again.Open(t.Context(), id, 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "kept" {
		t.Errorf("after opening again the blob is %q, %v", got, err)
	}
	left, err := os.ReadDir(filepath.Join(s.dir, "staging"))
	if err != nil || len(left) != 0 {
		t.Errorf("staging holds %d files, %v", len(left), err)
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	s := open(t)
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
	s := open(t)
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
		if err := os.Truncate(s.place(id), 40000); err != nil {
			t.Fatal(err)
		}
		if err := drain(r); !errors.Is(err, blob.ErrCorrupt) {
			t.Errorf("%s of a file that was cut meanwhile: %v, want ErrCorrupt", name, err)
		}
		r.Close()
		if err := os.Truncate(s.place(id), 100000); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	if err := translate(id, &fs.PathError{Err: syscall.ENOSPC}); !errors.Is(err, blob.ErrNoSpace) {
		t.Errorf("a full disk: %v", err)
	}
	if err := translate(id, &fs.PathError{Err: syscall.EIO}); errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrNoSpace) {
		t.Errorf("an I/O error: %v", err)
	}
}
