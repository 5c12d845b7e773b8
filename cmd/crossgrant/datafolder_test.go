package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// open opens and checks a data folder for the time of a test.
func open(t *testing.T, dir string) *dataFolder {
	t.Helper()
	d, err := openFolder(dir, engines{meta: openPebble}, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func shut(t *testing.T, d *dataFolder) {
	t.Helper()
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
}

// refusal opens and checks a data folder and returns the error that comes.
func refusal(t *testing.T, dir string, create bool) error {
	t.Helper()
	d, err := openFolder(dir, engines{meta: openPebble}, create)
	if err != nil {
		return err
	}
	return errors.Join(d.check(t.Context()), d.close())
}

func TestDataFolderIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "parent", "data")
	shut(t, open(t, dir))
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, masterFile): 0o600, filepath.Join(dir, lockFile): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v, want %o", filepath.Base(path), info.Mode(), err, want)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	shut(t, open(t, dir))
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("a folder that others could read stays so: %v, %v", info.Mode(), err)
	}
}

func TestDataFolderIsLocked(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	first := open(t, dir)
	if err := refusal(t, dir, true); !errors.Is(err, errLocked) {
		t.Errorf("a second open = %v, want errLocked", err)
	}
	shut(t, first)
	shut(t, open(t, dir))
}

func TestDataFolderRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(t *testing.T, dir string) // of a good, closed folder
		want  string
	}{
		{"newer format", func(t *testing.T, dir string) {
			d := open(t, dir)
			err := d.store.Update(t.Context(), func(tx meta.Tx) error { return tx.Put(keys.Meta(formatFact), []byte("99")) })
			if err != nil {
				t.Fatal(err)
			}
			shut(t, d)
		}, "the data folder has format 99 and this program reads up to 7: use a newer crossgrant"},
		{"lost master key", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, masterFile)); err != nil {
				t.Fatal(err)
			}
		}, "master.json is missing, and without it no secret key can be read: restore it from a backup"},
		{"master key of another folder", func(t *testing.T, dir string) {
			other := filepath.Join(t.TempDir(), "other")
			shut(t, open(t, other))
			if err := os.Rename(filepath.Join(other, masterFile), filepath.Join(dir, masterFile)); err != nil {
				t.Fatal(err)
			}
		}, "master.json is not the master key of this data folder: restore it from a backup"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			shut(t, open(t, dir))
			test.spoil(t, dir)
			if err := refusal(t, dir, true); err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("open = %v, want %q", err, test.want)
			}
		})
	}
}

// TestDataFolderOfAnOlderFormat holds that such a folder is read, and not by older programs afterwards.
func TestDataFolderOfAnOlderFormat(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	d := open(t, dir)
	if err := d.store.Update(t.Context(), func(tx meta.Tx) error { return tx.Put(keys.Meta(formatFact), []byte("1")) }); err != nil {
		t.Fatal(err)
	}
	shut(t, d)
	d = open(t, dir)
	defer shut(t, d)
	err := d.store.View(t.Context(), func(r meta.Reader) error {
		format, err := r.Get(keys.Meta(formatFact))
		if string(format) != strconv.Itoa(keys.Format) {
			t.Errorf("the folder has format %q", format)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDataFolderIsNotMadeOfAnything(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := refusal(t, full, true); err == nil || !strings.Contains(err.Error(), "is not a data folder") {
		t.Errorf("open of a folder with other files = %v", err)
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if err := refusal(t, missing, false); err == nil || !strings.Contains(err.Error(), "there is no data folder") {
		t.Errorf("open of a missing folder = %v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a folder was made that nobody asked for")
	}
}

// TestDataFolderWhoseBlobsCannotBeOpened has a file where the folder of the blobs would be: the start
// fails with an error, and gives the folder back.
func TestDataFolderWhoseBlobsCannotBeOpened(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	shut(t, open(t, dir))
	if err := os.WriteFile(filepath.Join(dir, blobsDir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := parseEngines("pebble:", "files:")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openFolder(dir, e, true); err == nil || !strings.Contains(err.Error(), "open blobs: ") {
		t.Errorf("open = %v, want an error about the blobs", err)
	}
	shut(t, open(t, dir))
}
