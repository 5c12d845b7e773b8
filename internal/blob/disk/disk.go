// Package disk is what the blob engines that keep files have in common: the order in which files and folders are made
// durable, one sync for many, ranges that are emptied, and the words of package blob for what goes wrong.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
)

// Digits are the names of folders that files are spread over.
const Digits = "0123456789abcdef"

// MkdirAll makes dir and the folders above it that are missing, and syncs those that hold their entries; that of dir
// also if dir was there: who made it may have been stopped before.
func MkdirAll(fsys vfs.FS, dir string) error {
	parent := fsys.PathDir(dir)
	if _, err := fsys.Stat(parent); errors.Is(err, fs.ErrNotExist) && parent != dir {
		if err := MkdirAll(fsys, parent); err != nil {
			return err
		}
	}
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return SyncDir(fsys, parent)
}

// SyncDir makes the entries of dir durable.
func SyncDir(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// Enter gives a file a second name. One that is there is from an attempt whose sync failed, or that a crash ended:
// nobody knows whether it is on the disk, and only one that is made anew is certain to be synced.
func Enter(fsys vfs.FS, name, second string) error {
	err := fsys.Link(name, second)
	if errors.Is(err, fs.ErrExist) {
		if err := fsys.Remove(second); err != nil {
			return err
		}
		err = fsys.Link(name, second)
	}
	return err
}

// Remove removes a name, which may be missing.
func Remove(fsys vfs.FS, name string) error {
	err := fsys.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Translate words an error of the file system in the terms of package blob.
func Translate(id blob.ID, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("blob %s: %w", id, blob.ErrNotFound)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("blob %s: %w: %w", id, blob.ErrNoSpace, err)
	default:
		return fmt.Errorf("blob %s: %w", id, err)
	}
}
