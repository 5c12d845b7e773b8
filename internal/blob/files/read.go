package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// Open returns a reader of a range of the blob. It reads with one call as much as is asked for.
func (s *Store) Open(ctx context.Context, id blob.ID, offset, length int64) (io.ReadCloser, error) {
	if err := s.begin(ctx, id); err != nil {
		return nil, err
	}
	defer s.calls.RUnlock()
	f, size, err := s.open(id)
	if err != nil {
		return nil, err
	}
	if offset < 0 || length < 0 || offset > size-length {
		err = fmt.Errorf("blob %s has %d bytes, not %d from %d: %w", id, size, length, offset, blob.ErrCorrupt)
		return nil, errors.Join(err, f.Close())
	}
	return &reader{file: f, id: id, next: offset, left: length}, nil
}

// OpenWhole returns a reader of the blob, and its size.
func (s *Store) OpenWhole(ctx context.Context, id blob.ID) (io.ReadCloser, int64, error) {
	if err := s.begin(ctx, id); err != nil {
		return nil, 0, err
	}
	defer s.calls.RUnlock()
	f, size, err := s.open(id)
	if err != nil {
		return nil, 0, err
	}
	return &reader{file: f, id: id, left: size}, size, nil
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

// reader reads a range of a file. A file that ends before the range does is corrupt.
type reader struct {
	file vfs.File
	id   blob.ID
	next int64 // offset in the file
	left int64 // bytes of the range that were not read
}

func (r *reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), r.left)]
	n, err := r.file.ReadAt(p, r.next)
	r.next += int64(n)
	r.left -= int64(n)
	switch {
	case n == len(p):
		return n, nil // what may go wrong behind the range is of no consequence
	case err == io.EOF:
		return n, r.short()
	default:
		return n, disk.Translate(r.id, err)
	}
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
	if _, err := f.OS().Seek(r.next, io.SeekStart); err != nil {
		return true, 0, disk.Translate(r.id, err)
	}
	n, err = to.ReadFrom(&io.LimitedReader{R: f.OS(), N: r.left})
	r.next += n
	r.left -= n
	if err == nil && r.left > 0 {
		err = r.short()
	}
	return true, n, err
}

func (r *reader) short() error {
	return fmt.Errorf("blob %s ends %d bytes early: %w", r.id, r.left, blob.ErrCorrupt)
}

func (r *reader) Close() error { return r.file.Close() }
