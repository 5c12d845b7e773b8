package sse

import (
	"errors"
	"fmt"
	"io"

	"crossgrant/internal/blob"
)

// reader decrypts a range of a run.
type reader struct {
	run   *Run
	from  io.ReadCloser
	span  span
	next  int64   // package
	left  int64   // bytes of the range that were not given out
	ready []byte  // decrypted bytes of the range that were not given out, in buf
	buf   *buffer // nil before the first package and after the end
	err   error   // the first one; nothing is given out after it
}

// Reader returns a reader of length bytes from offset of a run of size bytes. from has the bytes that Stored
// tells of, and is closed with the reader. Whatever the reader gives out is what was written at that place:
// an error that wraps blob.ErrCorrupt comes in place of anything else. It is not safe for concurrent use.
func (r *Run) Reader(from io.ReadCloser, size, offset, length int64) io.ReadCloser {
	s := r.span(size, offset, length)
	return &reader{run: r, from: from, span: s, next: s.first, left: length}
}

func (r *reader) Read(p []byte) (int, error) {
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

// WriteTo writes the rest of the range to w, a package at a time.
func (r *reader) WriteTo(w io.Writer) (written int64, err error) {
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

func (r *reader) taken(n int) {
	r.ready = r.ready[n:]
	r.left -= int64(n)
}

// fill decrypts the next package if nothing is ready.
func (r *reader) fill() error {
	switch {
	case r.err != nil:
		return r.err
	case len(r.ready) > 0:
		return nil
	case r.left == 0:
		return io.EOF
	}
	r.ready, r.err = r.decrypt()
	return r.err
}

// decrypt returns what the next package has of the range.
func (r *reader) decrypt() ([]byte, error) {
	if r.buf == nil {
		r.buf = buffers.Get().(*buffer)
	}
	last := r.next == r.span.count-1
	stored := r.buf.stored[:r.span.stride]
	if last {
		stored = stored[:r.run.StoredSize(r.span.size-r.next*PackageSize)]
	}
	if _, err := io.ReadFull(r.from, stored); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("run ends in package %d: %w", r.next, blob.ErrCorrupt)
		}
		return nil, err
	}
	content, err := r.run.open(stored[:0], stored, r.next, last)
	if err != nil {
		return nil, err
	}
	if r.next == r.span.first {
		content = content[r.span.skip:]
	}
	r.next++
	return content[:min(int64(len(content)), r.left)], nil
}

// Close closes what the reader reads from. A second call does nothing.
func (r *reader) Close() error {
	if r.from == nil {
		return nil
	}
	if r.buf != nil {
		buffers.Put(r.buf)
	}
	from := r.from
	r.from, r.buf, r.ready, r.err = nil, nil, nil, errClosed
	return from.Close()
}

var errClosed = errors.New("sse: reader is closed")
