// Package packs is a blob store that keeps small blobs many to a file, a pack, and gives the others to another store.
//
//	open/<pack>      a pack that is written, or that has blobs which are not settled
//	<i>/<pack>       any other pack, under its first digit
//
// To make a file, and to sync it, costs more than to write a small blob. Blobs in one pack that are written at the same
// time share one sync, and the entry of the pack was synced before.
//
// # Packs
//
// A pack is a row of extents: a header (location.go), the bytes of a blob, and zeros up to the end of the page. Where there
// is no blob are zeros. Space is given out in order and never twice. The ID of a blob says in which pack it lies, where,
// and how long it is, so that there is no index, in memory or elsewhere; whether it is there says its header. A blob whose
// ID names a pack that there is not is one of the other store, such as one that was restored from a backup.
//
// # The order of durability
//
// The bytes of a blob are written, then its header, then both are synced, and then it is committed. To delete it the header
// is overwritten with zeros, all of its pages are given back to the file system, which makes them zeros, and that is
// synced. While somebody reads the blob only the header is removed; the pages follow when the last reader has ended. A file
// system that cannot give pages back has its space when the last blob of the pack is deleted, and with it the pack.
//
// A pack that takes no more blobs, and whose blobs are all settled or deleted, is sealed: it gets its second name, the
// folder of that is synced, and only then its first name is removed. So a blob that is not settled lies in a pack under
// open, and Recover finds it by reading those. What no blob has is zeros afterwards.
//
// # Damage
//
// A header that is not what was written is an error of every read of its blob. Nobody knows then how long the blob is, so
// that what follows up to the next header is left alone: it may yet be saved. Contents have the checksums of whoever wrote
// them, and the zeros behind one are looked at when its end is read.
//
// # Failure
//
// After a sync that failed nobody knows what is on the disk. A pack of which one failed takes no more blobs, commits none
// of those that it was about to, and stays under open for the next Recover. If bytes of a blob that was given up cannot be
// made zeros, the pack stays there, too.
package packs

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// openDir is the folder of packs that are not sealed.
const openDir = "open"

// Defaults, in bytes.
const (
	// defaultLimit is where a file of its own costs little beside what the bytes cost.
	defaultLimit = 1 << 20
	// defaultPack is how large a pack becomes: so large that to make one costs little for each blob, so small that reading
	// those that a crash left takes little time, and that what deletes leave of one is soon nothing.
	defaultPack = 64 << 20
)

// Options are the settings of a store; the zero value is good.
type Options struct {
	// FS is the file system, nil for that of the operating system.
	FS vfs.FS
	// Log receives failures of work in the background; nil discards it.
	Log *slog.Logger
	// Limit is the size in bytes of the largest blob that is kept in a pack; 0 means 1 MiB.
	Limit int64
	// PackBytes is how large a pack becomes; 0 means 64 MiB.
	PackBytes int64
}

// Store is a blob.Store. Its folder belongs to one process at a time, which the metadata engine beside it sees to.
type Store struct {
	fs    vfs.FS
	dir   string
	log   *slog.Logger
	large blob.Linker
	limit int64
	most  uint32 // pages of a pack

	gate blob.Gate

	sealer sealer
	// removals is held while committed blobs are deleted, and while packs are moved or removed.
	removals sync.Mutex
	// live is how many blobs sealed packs have, as far as that was counted, damaged ones included. It is protected by
	// removals.
	live map[packID]int
	// ended says that the folder belongs to somebody else. It is protected by removals.
	ended bool

	// turn is held while space is given out, and while a pack is made for it.
	turn sync.Mutex
	// current is the pack that space is given out of, nil if there is none. It is protected by turn.
	current *pack

	mu sync.Mutex // protects the fields below, and those of packs
	// open are the packs under open, but for those that are to be recovered.
	open map[packID]*pack
	// cache has files of sealed packs.
	cache cache
	// held is how many readers each blob has, > 0.
	held map[location]int
	// going are blobs that are being deleted, which nobody can open any more.
	going map[location]bool
	// doomed are deleted blobs, without their headers, whose bytes are left to their readers.
	doomed map[location]bool
}

var _ blob.Linker = (*Store)(nil)

// errNoPack says that there is no pack of that ID.
var errNoPack = errors.New("blob: no such pack")

// Open opens the store in the folder dir, making it and its folders, durable, if they are missing. Recover has to be
// called next. The store closes large.
func Open(dir string, large blob.Linker, opts Options) (*Store, error) {
	s := &Store{
		fs: opts.FS, dir: filepath.Clean(dir), log: opts.Log, large: large, limit: opts.Limit,
		live: map[packID]int{}, open: map[packID]*pack{}, held: map[location]int{}, going: map[location]bool{}, doomed: map[location]bool{},
	}
	if s.fs == nil {
		s.fs = disk.OS()
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.limit == 0 {
		s.limit = defaultLimit
	}
	if opts.PackBytes == 0 {
		opts.PackBytes = defaultPack
	}
	s.most = uint32(opts.PackBytes / pageSize)
	if err := s.makeFolders(); err != nil {
		return nil, fmt.Errorf("make folder of packs: %w", err)
	}
	s.sealer.start(s)
	return s, nil
}

// makeFolders makes the folders, and syncs the one that holds them, in case who made them was stopped before.
func (s *Store) makeFolders() error {
	if err := disk.MkdirAll(s.fs, s.dir); err != nil {
		return err
	}
	for _, name := range append([]string{openDir}, folders()...) {
		if err := s.fs.MkdirAll(s.dir+"/"+name, 0o700); err != nil {
			return err
		}
	}
	return disk.SyncDir(s.fs, s.dir)
}

// folders returns the names of the folders of sealed packs.
func folders() []string {
	var names []string
	for _, d := range disk.Digits {
		names = append(names, string(d))
	}
	return names
}

// Close waits for running calls and seals the packs. Readers that are open stay good.
func (s *Store) Close() error {
	if !s.gate.Close() {
		return nil
	}
	s.retire()
	s.sealer.close()
	s.letGo()
	return s.large.Close()
}

// letGo closes the files that no reader has.
func (s *Store) letGo() {
	s.removals.Lock()
	defer s.removals.Unlock()
	s.ended = true
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.open {
		p.file.release()
	}
	s.cache.clear()
}

// openName returns the name of a pack under open, folder the folder of its place, and place its name there.
func (s *Store) openName(p packID) string { return s.dir + "/" + openDir + "/" + p.name() }
func (s *Store) folder(p packID) string   { return s.dir + "/" + p.name()[:1] }
func (s *Store) place(p packID) string    { return s.folder(p) + "/" + p.name() }
