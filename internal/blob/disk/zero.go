package disk

import (
	"errors"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// puncher is a file that can give back the space of a range.
type puncher interface {
	PunchHole(offset, length int64) error
}

var zeros [64 << 10]byte

// Zero makes a range of a file, which is open for reading and writing, read as zeros, and gives its space back where the
// file system can do that. It is not durable before the next sync.
func Zero(f vfs.File, offset, length int64) error {
	if p, ok := f.(puncher); ok {
		if err := p.PunchHole(offset, length); !errors.Is(err, syscall.EOPNOTSUPP) && !errors.Is(err, syscall.ENOSYS) {
			return err
		}
	}
	for length > 0 {
		n, err := f.WriteAt(zeros[:min(length, int64(len(zeros)))], offset)
		if err != nil {
			return err
		}
		offset, length = offset+int64(n), length-int64(n)
	}
	return nil
}
