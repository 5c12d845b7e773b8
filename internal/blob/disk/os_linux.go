package disk

import (
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sys/unix"
)

// OS returns the file system of the operating system: vfs.Default with files that are made for their owner only, that
// cost no more system calls to open than those of package os, and that know PunchHole.
func OS() vfs.FS { return osFS{vfs.Default} }

type osFS struct{ vfs.FS }

func (osFS) Create(name string, _ vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &osFile{f}, nil
}

func (osFS) Open(name string, options ...vfs.OpenOption) (vfs.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	file := &osFile{f}
	for _, o := range options {
		o.Apply(file)
	}
	return file, nil
}

func (osFS) OpenReadWrite(name string, _ vfs.DiskWriteCategory, options ...vfs.OpenOption) (vfs.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	file := &osFile{f}
	for _, o := range options {
		o.Apply(file)
	}
	return file, nil
}

// osFile is a file of the operating system.
type osFile struct{ *os.File }

var (
	_ vfs.File = (*osFile)(nil)
	_ puncher  = (*osFile)(nil)
)

// OS returns the file as package os knows it.
func (f *osFile) OS() *os.File { return f.File }

func (f *osFile) Stat() (vfs.FileInfo, error) {
	info, err := f.File.Stat()
	if err != nil {
		return nil, err
	}
	return fileInfo{info}, nil
}

// fileInfo does not tell the device, which no blob is asked for.
type fileInfo struct{ os.FileInfo }

func (fileInfo) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }

func (f *osFile) Preallocate(offset, length int64) error {
	return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, offset, length)
}

func (f *osFile) SyncData() error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR {
			return err
		}
	}
}

// SyncTo begins to write the first length bytes to the disk, and waits for nothing.
func (f *osFile) SyncTo(length int64) (fullSync bool, err error) {
	return false, unix.SyncFileRange(int(f.Fd()), 0, length, unix.SYNC_FILE_RANGE_WRITE)
}

func (f *osFile) Prefetch(offset, length int64) error {
	return unix.Fadvise(int(f.Fd()), offset, length, unix.FADV_WILLNEED)
}

// PunchHole gives the space of whole pages in a range back. The range reads as zeros afterwards.
func (f *osFile) PunchHole(offset, length int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE|unix.FALLOC_FL_PUNCH_HOLE, offset, length)
		if err != unix.EINTR {
			return err
		}
	}
}
