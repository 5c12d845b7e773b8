package sse

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"crossgrant/internal/blob"
)

// batch is how many packages are read with one call, and given out with one. What is stored of them and their content
// fit the second-level cache of a core together.
const batch = 4

// readBuffers hold what a Reader reads and what comes of it.
var readBuffers = sync.Pool{New: func() any { return new(readBuffer) }}

type readBuffer struct {
	content [batch * PackageSize]byte
	stored  [batch * (PackageSize + maxOverhead)]byte
}

// Reader decrypts a range of a run. It is not safe for concurrent use.
type Reader struct {
	run   *Run
	from  io.ReadCloser
	span  span
	next  int64       // package
	left  int64       // bytes of the range that were not given out
	ready []byte      // decrypted bytes of the range that were not given out, in buf
	buf   *readBuffer // nil before the first package and after the end
	err   error       // the first one; what is ready comes before it, and nothing after it
}

// Reader returns a reader of length bytes from offset of a run of size bytes. from has the bytes that Stored
// tells of, and is closed with the reader. Whatever the reader gives out is what was written at that place:
// an error that wraps blob.ErrCorrupt comes in place of anything else.
func (r *Run) Reader(from io.ReadCloser, size, offset, length int64) *Reader {
	s := r.span(size, offset, length)
	return &Reader{run: r, from: from, span: s, next: s.first, left: length}
}

// Verify reads and verifies the first packages of the range, or those that are next, and returns the error that
// reading them would: so that it is known before anybody is told that the bytes will come.
func (r *Reader) Verify() error {
	if err := r.fill(); err != nil && err != io.EOF {
		return err
	}
	return r.err // of the packages that were read, one may be damaged that is not the first
}

func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := r.fill(); err != nil {
		return 0, err
	}
	n := copy(p, r.ready)
	r.taken(n)
	return n, nil
}

// WriteTo writes the rest of the range to w, several packages at a time.
func (r *Reader) WriteTo(w io.Writer) (written int64, err error) {
	for {
		if err := r.fill(); err == io.EOF {
			return written, nil
		} else if err != nil {
			return written, err
		}
		n, err := w.Write(r.ready)
		r.taken(n)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
}

func (r *Reader) taken(n int) {
	r.ready = r.ready[n:]
	r.left -= int64(n)
}

// fill decrypts the next packages if nothing is ready.
func (r *Reader) fill() error {
	switch {
	case len(r.ready) > 0:
		return nil
	case r.err != nil:
		return r.err
	case r.left == 0:
		return io.EOF
	}
	r.ready, r.err = r.decrypt()
	if len(r.ready) > 0 {
		return nil
	}
	return r.err
}

// decrypt returns what the next packages have of the range. Beside an error it returns what is intact before it.
func (r *Reader) decrypt() ([]byte, error) {
	if r.buf == nil {
		r.buf = readBuffers.Get().(*readBuffer)
	}
	first := r.next
	stored, failure := r.load()
	content := r.buf.content[:0]
	for len(stored) > 0 {
		n := min(int64(len(stored)), r.span.stride)
		more, err := r.run.open(content, stored[:n], r.next, r.next == r.span.count-1)
		if err != nil {
			failure = err
			break
		}
		content, stored = more, stored[n:]
		r.next++
	}
	if first == r.span.first {
		content = content[min(r.span.skip, int64(len(content))):]
	}
	return content[:min(int64(len(content)), r.left)], failure
}

// load reads what is stored of the next packages. Beside an error it returns the whole packages before it.
func (r *Reader) load() ([]byte, error) {
	end := min(r.next+batch, r.span.end)
	size := (end - r.next) * r.span.stride
	if end == r.span.count {
		size = r.run.StoredSize(r.span.size) - r.next*r.span.stride
	}
	n, err := io.ReadFull(r.from, r.buf.stored[:size])
	if err == nil {
		return r.buf.stored[:size], nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("run ends in package %d: %w", r.next+int64(n)/r.span.stride, blob.ErrCorrupt)
	}
	return r.buf.stored[:int64(n)/r.span.stride*r.span.stride], err
}

// Close closes what the reader reads from. A second call does nothing.
func (r *Reader) Close() error {
	if r.from == nil {
		return nil
	}
	if r.buf != nil {
		readBuffers.Put(r.buf)
	}
	from := r.from
	r.from, r.buf, r.ready, r.err = nil, nil, nil, errClosed
	return from.Close()
}

var errClosed = errors.New("sse: reader is closed")
