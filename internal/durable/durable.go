// Package durable makes folders and files, and the entries of both, survive power loss. A file system may keep a
// new entry in memory until the folder that holds it is synced.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// MkdirAll makes dir, mode 0700, and the folders above it that are missing, and syncs the folders that
// hold their entries. That of dir is synced also if dir was there: who made it may have been stopped
// before.
func MkdirAll(dir string) error {
	parent := filepath.Dir(filepath.Clean(dir))
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) && parent != dir {
		if err := MkdirAll(parent); err != nil {
			return err
		}
	}
	// Of a path that is there and is no folder, MkdirAll says so.
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return SyncDir(parent)
}

// SyncDir makes the entries of dir durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// WriteFile makes the file path hold text, mode 0600, by way of a temporary file beside it: a crash leaves what was there
// or the whole of it.
func WriteFile(path string, text []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return SyncDir(dir)
}
