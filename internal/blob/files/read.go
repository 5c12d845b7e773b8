package files

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// Open returns a reader of a range of the blob. It reads with one call as much as is asked for.
func (s *Store) Open(ctx context.Context, id blob.ID, offset, length int64) (io.ReadCloser, error) {
	if err := s.gate.Enter(ctx, id); err != nil {
		return nil, err
	}
	defer s.gate.Leave()
	f, size, err := s.open(id)
	if err != nil {
		return nil, err
	}
	if err := disk.CheckRange(id, size, offset, length); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return newReader(f, id, offset, length), nil
}

// OpenWhole returns a reader of the blob, and its size.
func (s *Store) OpenWhole(ctx context.Context, id blob.ID) (io.ReadCloser, int64, error) {
	if err := s.gate.Enter(ctx, id); err != nil {
		return nil, 0, err
	}
	defer s.gate.Leave()
	f, size, err := s.open(id)
	if err != nil {
		return nil, 0, err
	}
	return newReader(f, id, 0, size), size, nil
}

// open opens the file of a blob, and returns its size.
func (s *Store) open(id blob.ID) (vfs.File, int64, error) {
	var f vfs.File
	err := s.find(id, func(name string) (err error) {
		f, err = s.fs.Open(name)
		return err
	})
	if err != nil {
		return nil, 0, disk.Translate(id, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(disk.Translate(id, err), f.Close())
	}
	return f, info.Size(), nil
}

// reader reads a range of a file that it has for itself.
type reader struct {
	disk.Section
	file vfs.File
}

func newReader(f vfs.File, id blob.ID, from, length int64) *reader {
	return &reader{disk.Section{File: f, ID: id, Next: from, Left: length}, f}
}

// copyBuffers are for what is written from a file to something else than a file or a connection.
var copyBuffers = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// WriteTo copies the rest of the range to w; to a TCP connection the kernel does it, from file to socket.
func (r *reader) WriteTo(w io.Writer) (int64, error) {
	if done, n, err := r.send(w); done {
		return n, err
	}
	buf := copyBuffers.Get().(*[256 << 10]byte)
	defer copyBuffers.Put(buf)
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, buf[:])
}

// send gives the file itself to w, if it is one of the operating system and w knows what to do with it.
func (r *reader) send(w io.Writer) (done bool, n int64, err error) {
	f, ok := r.file.(interface{ OS() *os.File })
	to, can := w.(io.ReaderFrom)
	if !ok || !can {
		return false, 0, nil
	}
	if _, err := f.OS().Seek(r.Next, io.SeekStart); err != nil {
		return true, 0, disk.Translate(r.ID, err)
	}
	n, err = to.ReadFrom(&io.LimitedReader{R: f.OS(), N: r.Left})
	r.Next += n
	r.Left -= n
	if err == nil && r.Left > 0 {
		err = r.Short()
	}
	return true, n, err
}

func (r *reader) Close() error { return r.file.Close() }
