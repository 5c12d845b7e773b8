// Package faulttest gives tests a disk that fails when they say so.
package faulttest

import (
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// Kind is a way for operations on files to fail.
type Kind struct {
	Name string
	Ops  []errorfs.OpKind
	Err  error
}

// Kinds are the ways in which disks fail: each operation that changes or reads something is in one of them.
var Kinds = []Kind{
	{"write", []errorfs.OpKind{errorfs.OpFileWrite, errorfs.OpFileWriteAt}, syscall.EIO},
	{"sync", []errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo}, syscall.EIO},
	{"read", []errorfs.OpKind{
		errorfs.OpFileRead, errorfs.OpFileReadAt, errorfs.OpFileStat, errorfs.OpOpen, errorfs.OpList, errorfs.OpStat,
	}, syscall.EIO},
	{"no space", []errorfs.OpKind{
		errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpCreate, errorfs.OpMkdirAll, errorfs.OpLink, errorfs.OpRename,
		errorfs.OpFileSync, errorfs.OpFileSyncData,
	}, syscall.ENOSPC},
	{"read-only", []errorfs.OpKind{
		errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpCreate, errorfs.OpReuseForWrite, errorfs.OpMkdirAll,
		errorfs.OpLink, errorfs.OpRename, errorfs.OpRemove, errorfs.OpRemoveAll,
	}, syscall.EROFS},
	{"open files", []errorfs.OpKind{
		errorfs.OpCreate, errorfs.OpReuseForWrite, errorfs.OpOpen, errorfs.OpOpenDir, errorfs.OpList,
	}, syscall.EMFILE},
	{"close", []errorfs.OpKind{errorfs.OpFileClose}, syscall.EIO},
}

// Has reports whether op is one that fails in this way.
func (k Kind) Has(op errorfs.OpKind) bool {
	for _, has := range k.Ops {
		if op == has {
			return true
		}
	}
	return false
}

// Disk is a file system that fails on demand. What a sync that failed should have kept stays lost, as it
// does where the kernel drops what it could not write: later syncs of that file succeed and keep
// nothing.
type Disk struct {
	vfs.FS
	lossy *lossy

	mu     sync.Mutex // protects the fields below
	kind   Kind
	from   int  // the operation of kind that fails, from 1; 0 if none does
	once   bool // only that one, else all from it on
	seen   int
	failed atomic.Int64
}

// Wrap returns a Disk that keeps its files in files.
func Wrap(files vfs.FS) *Disk {
	d := &Disk{lossy: &lossy{FS: files, lost: map[string]bool{}}}
	d.FS, d.lossy.closing = errorfs.Wrap(d.lossy, d), d
	return d
}

// Fail makes the nth operation of kind from now on fail, and, unless once is set, all after it until Lift.
func (d *Disk) Fail(kind Kind, nth int, once bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kind, d.from, d.once, d.seen = kind, nth, once, 0
	d.failed.Store(0)
}

// Lift ends the fault.
func (d *Disk) Lift() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.from = 0
}

// Failed returns how many operations have failed since Fail.
func (d *Disk) Failed() int { return int(d.failed.Load()) }

// String implements errorfs.Injector.
func (d *Disk) String() string { return "failing disk" }

// MaybeError implements errorfs.Injector.
func (d *Disk) MaybeError(op errorfs.Op) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.from == 0 || !d.kind.Has(op.Kind) {
		return nil
	}
	d.seen++
	if d.seen < d.from || d.once && d.seen > d.from {
		return nil
	}
	d.failed.Add(1)
	if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData {
		d.lossy.lose(op.Path)
	}
	return d.kind.Err
}

// lossy is a file system on which files can lose what was not synced.
type lossy struct {
	vfs.FS
	mu   sync.Mutex
	lost map[string]bool // by path, until the file is made anew

	closing errorfs.Injector // of the ends of files that are written, which errorfs lets succeed
}

func (l *lossy) lose(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost[path] = true
}

func (l *lossy) isLost(path string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost[path]
}

func (l *lossy) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := l.FS.Create(name, category)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	delete(l.lost, name)
	l.mu.Unlock()
	return &lossyFile{f, l, name}, nil
}

func (l *lossy) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := l.FS.ReuseForWrite(from, to, category)
	if err != nil {
		return nil, err
	}
	return &lossyFile{f, l, to}, nil
}

type lossyFile struct {
	vfs.File
	disk *lossy
	path string
}

// Close closes the file, also if it then says that this failed.
func (f *lossyFile) Close() error {
	err := f.File.Close()
	if failed := f.disk.closing.MaybeError(errorfs.Op{Kind: errorfs.OpFileClose, Path: f.path}); failed != nil {
		return failed
	}
	return err
}

func (f *lossyFile) Sync() error { return f.sync(f.File.Sync) }

func (f *lossyFile) SyncData() error { return f.sync(f.File.SyncData) }

func (f *lossyFile) sync(keep func() error) error {
	if f.disk.isLost(f.path) {
		return nil
	}
	return keep()
}
