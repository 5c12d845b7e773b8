// Package files is the embedded blob store: a folder with a file for each blob.
//
//	new/<id>                a blob that is being written, or was not yet moved to its place
//	<i>/<d>/<id>            a settled blob, under the first two digits of its ID
//
// Folders are mode 0700 and files 0600.
//
// # The order of durability
//
// A blob is written under new, and its bytes are synced. Then the folder new is synced: one sync covers the entries
// of all blobs that were made before it began, so that blobs which are written at the same time share it. Then the
// blob is committed. Once it is settled it is moved to its place, later and in the background: it gets its second
// name, the folder of that is synced, and only then its first name is removed. So
//
//   - a committed blob has a durable name: under new until the name in its place is durable, and that one
//     afterwards. Nothing depends on a rename being atomic, which no standard promises across a power cut;
//   - a blob that is not settled has a name under new and no other, so that Recover finds it by listing that folder;
//   - a blob whose record was removed is deleted under both names. The removal from its place is synced before Delete
//     returns. The name under new may come back after a power cut; Recover then finds that nothing names it.
//
// # Failure
//
// After a sync that failed nobody knows what is on the disk, and a later sync that succeeds proves nothing: the
// kernel may have dropped what it could not write. If the bytes of a blob cannot be synced the blob is not committed.
// If the folder new cannot be synced, no blob is committed whose entry was made before the failure ended. If the
// folder of a place cannot be synced, the name in it is removed and made anew, and the one under new stays until
// that was synced.
//
// # Folders of older programs
//
// Up to format 3 of the data folder blobs were written in a folder staging, and moved to their place before their
// records were committed. What is left in it was never committed, and is removed. The folder new has another name so
// that an older program, which would clear it, leaves it alone.
package files

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// Names of folders.
const (
	newDir    = "new"
	legacyDir = "staging"
)

// Options are the settings of a store; the zero value is good.
type Options struct {
	// FS is the file system, nil for that of the operating system.
	FS vfs.FS
	// Log receives failures of work in the background; nil discards it.
	Log *slog.Logger
}

// Store is a blob.Store in a folder. It belongs to one process at a time, which the metadata engine
// beside it sees to.
type Store struct {
	fs  vfs.FS
	dir string
	log *slog.Logger

	gate blob.Gate

	newFolder vfs.File
	entries   disk.SharedSync // makes the entries of newFolder durable
	mover     mover

	mu sync.Mutex // protects the fields below
	// staged has every blob that has a name under new, but for those that are to be recovered.
	staged map[blob.ID]*entry
	// failures counts the syncs of the folder new that failed.
	failures int
}

var _ blob.Linker = (*Store)(nil)

// Open opens the store in the folder dir, making it and its folders, durable, if they are missing. Recover has to
// be called next.
func Open(dir string, opts Options) (*Store, error) {
	s := &Store{fs: opts.FS, dir: filepath.Clean(dir), log: opts.Log, staged: map[blob.ID]*entry{}}
	if s.fs == nil {
		s.fs = disk.OS()
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.makeFolders(); err != nil {
		return nil, fmt.Errorf("make blob folder: %w", err)
	}
	if err := s.fs.RemoveAll(s.path(legacyDir)); err != nil {
		return nil, fmt.Errorf("clear staged blobs: %w", err)
	}
	var err error
	if s.newFolder, err = s.fs.OpenDir(s.path(newDir)); err != nil {
		return nil, fmt.Errorf("open blob folder: %w", err)
	}
	s.entries.Sync = s.syncNew
	s.mover.start(s)
	return s, nil
}

// makeFolders makes the folders, and syncs all of them that hold a folder, in case who made them was stopped before.
func (s *Store) makeFolders() error {
	if err := disk.MkdirAll(s.fs, s.dir); err != nil {
		return err
	}
	if err := s.fs.MkdirAll(s.path(newDir), 0o700); err != nil {
		return err
	}
	for _, i := range disk.Digits {
		for _, d := range disk.Digits {
			if err := s.fs.MkdirAll(s.path(string(i)+"/"+string(d)), 0o700); err != nil {
				return err
			}
		}
		if err := disk.SyncDir(s.fs, s.path(string(i))); err != nil {
			return err
		}
	}
	return disk.SyncDir(s.fs, s.dir)
}

// Close waits for running calls, and moves what is settled to its place. Readers that are open stay good.
func (s *Store) Close() error {
	if !s.gate.Close() {
		return nil
	}
	s.mover.close()
	return s.newFolder.Close()
}

func (s *Store) path(name string) string { return s.dir + "/" + name }

// new returns the name of a blob under new.
func (s *Store) new(id blob.ID) string { return s.dir + "/" + newDir + "/" + string(id) }

// folder returns the folder of the place of a blob.
func (s *Store) folder(id blob.ID) string {
	return s.dir + "/" + string(id[:1]) + "/" + string(id[1:2])
}

// place returns the name of a blob in its place.
func (s *Store) place(id blob.ID) string { return s.folder(id) + "/" + string(id) }
