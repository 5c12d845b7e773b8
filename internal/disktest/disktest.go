// Package disktest is a disk in memory that can lose power, for tests of what uses Pebble's vfs.FS: the metadata
// engine and the blob engine, alone or both on one disk.
//
// It is vfs.MemFS with two of its properties put right. Its Link takes a lock twice, which never ends if CrashClone
// begins to wait for that lock in between. And with the race detector its files change what they are given to write,
// which the interface allows and no file of an operating system does.
package disktest

import (
	"bytes"
	"math/rand/v2"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Disk is a file system. Bytes and entries that were not synced are lost when the power is cut, or not.
type Disk struct {
	*vfs.MemFS
	links *sync.RWMutex
}

// New returns an empty disk.
func New() Disk { return Disk{vfs.NewCrashableMem(), new(sync.RWMutex)} }

// Link makes newname another name of the file oldname.
func (d Disk) Link(oldname, newname string) error {
	d.links.RLock()
	defer d.links.RUnlock()
	return d.MemFS.Link(oldname, newname)
}

// Create makes a file.
func (d Disk) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.MemFS.Create(name, category)
	if err != nil {
		return nil, err
	}
	return file{f}, nil
}

// file leaves what it is given to write as it is.
type file struct{ vfs.File }

func (f file) Write(p []byte) (int, error) { return f.File.Write(bytes.Clone(p)) }

// Cut returns the disk as it may be after the power is cut now. Of what was not synced each block and each entry is
// there with a probability of percent, 0 to 100; rng may be nil if that is 0. The disk goes on, and what is done to
// it has no effect on the one that is returned.
func (d Disk) Cut(percent int, rng *rand.Rand) Disk {
	d.links.Lock()
	defer d.links.Unlock()
	return Disk{d.MemFS.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng}), new(sync.RWMutex)}
}
