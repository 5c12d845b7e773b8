package pebble

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

// reserve returns how much has to be free: what memory holds has to find room in tables, while it still is
// in the logs as well.
func (o Options) reserve() uint64 {
	if o.ReserveBytes <= 0 {
		return 0
	}
	return uint64(o.ReserveBytes) + 2*o.memTableBytes
}

// look is how long what was seen of the free space is believed.
const look = 20 * time.Millisecond

// reserve refuses writes before the disk is full, so that what Pebble writes hardly ever is.
type reserve struct {
	files vfs.FS
	dir   string
	bytes uint64
	// looked is when the free space was looked at last, in nanoseconds since 1970; short whether it was
	// too little.
	looked atomic.Int64
	short  atomic.Bool
}

func newReserve(files vfs.FS, dir string, bytes uint64) *reserve {
	return &reserve{files: files, dir: dir, bytes: bytes}
}

// check returns meta.ErrNoSpace if there is less free space than there should be.
func (r *reserve) check() error {
	if r.bytes == 0 {
		return nil
	}
	now := time.Now().UnixNano()
	if last := r.looked.Load(); now-last >= int64(look) && r.looked.CompareAndSwap(last, now) {
		usage, err := r.files.GetDiskUsage(r.dir)
		// A file system that cannot tell says so when it is full.
		r.short.Store(err == nil && usage.AvailBytes < r.bytes)
	}
	if r.short.Load() {
		return fmt.Errorf("%w: less than %d MiB are free in %s", meta.ErrNoSpace, r.bytes>>20, r.dir)
	}
	return nil
}

// probeName is that of a file which is being written, and which Pebble does not know.
const probeName = "temporary.probe"

// probe returns the error of a file system on which nothing can be kept.
func probe(files vfs.FS, dir string) error {
	name := files.PathJoin(dir, probeName)
	err := writeSynced(files, name, make([]byte, 4<<10))
	if removeErr := files.Remove(name); err == nil {
		err = removeErr
	}
	if err != nil {
		return err
	}
	return syncDir(files, dir)
}
