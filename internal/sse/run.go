package sse

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"sync"

	"crossgrant/internal/blob"
)

// PackageSize is the number of bytes of content in each package of a run but the last.
const PackageSize = 64 << 10

// Run is the cipher of one run of bytes. It is safe for concurrent use.
type Run struct{ aead cipher.AEAD }

// StoredSize returns how many bytes are stored of a run of size bytes.
func (r *Run) StoredSize(size int64) int64 { return size + packages(size)*int64(r.aead.Overhead()) }

// IsStoredSize reports whether a run of size bytes of content may be stored as stored bytes, in one layer of
// encryption or in two.
func IsStoredSize(stored, size int64) bool {
	return stored == StoredSize(size, 1) || stored == StoredSize(size, 2)
}

// packages returns the number of packages of a run of size bytes.
func packages(size int64) int64 { return (size + PackageSize - 1) / PackageSize }

// nonce returns the nonce of a package.
func nonce(index int64, last bool) (n [12]byte) {
	binary.BigEndian.PutUint32(n[7:], uint32(index))
	if last {
		n[11] = 1
	}
	return n
}

// seal appends a package to dst. content and the bytes behind dst must not overlap.
func (r *Run) seal(dst, content []byte, index int64, last bool) []byte {
	n := nonce(index, last)
	return r.aead.Seal(dst, n[:], content, nil)
}

// open appends the content of a package to dst, which may be sealed[:0].
func (r *Run) open(dst, sealed []byte, index int64, last bool) ([]byte, error) {
	n := nonce(index, last)
	content, err := r.aead.Open(dst, n[:], sealed, nil)
	if err != nil {
		return nil, fmt.Errorf("package %d of a run is not what was written: %w", index, blob.ErrCorrupt)
	}
	return content, nil
}

// Seal returns what is stored of the run content; nil of an empty one.
func (r *Run) Seal(content []byte) []byte {
	if len(content) == 0 {
		return nil
	}
	sealed := make([]byte, 0, r.StoredSize(int64(len(content))))
	for i := int64(0); len(content) > 0; i++ {
		n := min(len(content), PackageSize)
		sealed = r.seal(sealed, content[:n], i, n == len(content))
		content = content[n:]
	}
	return sealed
}

// Open returns length bytes from offset of the run of size bytes that is stored as sealed. Only the
// packages of the range are looked at. An error wraps blob.ErrCorrupt.
func (r *Run) Open(sealed []byte, size, offset, length int64) ([]byte, error) {
	return r.OpenTo(nil, sealed, size, offset, length)
}

// OpenTo is Open into room, whose bytes are overwritten, as far as it has the capacity for the packages.
func (r *Run) OpenTo(room, sealed []byte, size, offset, length int64) ([]byte, error) {
	if int64(len(sealed)) != r.StoredSize(size) {
		return nil, fmt.Errorf("run of %d bytes is stored as %d bytes: %w", size, len(sealed), blob.ErrCorrupt)
	}
	s := r.span(size, offset, length)
	content := room[:0]
	if int64(cap(room)) < s.contentSize() {
		content = make([]byte, 0, s.contentSize())
	}
	for i := s.first; i < s.end; i++ {
		var err error
		at := i * s.stride
		if content, err = r.open(content, sealed[at:min(at+s.stride, int64(len(sealed)))], i, i == s.count-1); err != nil {
			return nil, err
		}
	}
	return content[s.skip:][:length], nil
}

// span is the packages that a range of a run lies in.
type span struct {
	size       int64 // of the run
	count      int64 // packages of the run
	stride     int64 // stored size of a package that is not the last
	first, end int64 // half-open
	skip       int64 // bytes of the first package before the range
}

// span returns where the range lies, which must be one of the run.
func (r *Run) span(size, offset, length int64) span {
	s := span{size: size, count: packages(size), stride: PackageSize + int64(r.aead.Overhead())}
	if length > 0 {
		s.first, s.end, s.skip = offset/PackageSize, packages(offset+length), offset%PackageSize
	}
	return s
}

// contentSize is the number of bytes in the packages.
func (s span) contentSize() int64 { return min(s.end*PackageSize, s.size) - s.first*PackageSize }

// Stored returns which bytes of what is stored of a run of size bytes have to be read for a range of it:
// count bytes from from. They are what Reader reads.
func (r *Run) Stored(size, offset, length int64) (from, count int64) {
	s := r.span(size, offset, length)
	from = s.first * s.stride
	return from, min(s.end*s.stride, r.StoredSize(size)) - from
}

// writeSize is how many bytes a Writer writes at once: so many that a system call is worth it, and whole pages, so that
// the system need not put pages of a file together from two writes.
const writeSize = 128 << 10

// buffers are those of Writers.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

// buffer has room for one package that may be the last, and for what is stored: less than what is written at once, and a
// package more.
type buffer struct {
	content [PackageSize]byte
	stored  [writeSize + PackageSize + maxOverhead]byte
}

// maxOverhead is that of two layers.
const maxOverhead = 32

// Writer encrypts a run. It is not safe for concurrent use. Exactly one of Close and Abandon ends it.
type Writer struct {
	run    *Run
	to     io.Writer
	buf    *buffer
	held   int   // bytes in buf.content
	stored int   // bytes in buf.stored
	index  int64 // of the package that is next
	err    error // the first one; nothing is written after it
}

// Writer returns a Writer that writes to to what is to be stored.
func (r *Run) Writer(to io.Writer) *Writer {
	return &Writer{run: r, to: to, buf: buffers.Get().(*buffer)}
}

// Write encrypts what is in p, but for the last package, which may turn out to be the last of the run.
func (w *Writer) Write(p []byte) (int, error) {
	written := 0
	for w.err == nil && written < len(p) {
		rest := p[written:]
		switch {
		case w.held == PackageSize:
			w.add(w.buf.content[:], false)
			w.held = 0
		case w.held == 0 && len(rest) > PackageSize:
			w.add(rest[:PackageSize], false)
			written += PackageSize
		default:
			n := copy(w.buf.content[w.held:], rest)
			w.held += n
			written += n
		}
	}
	if w.err != nil {
		return 0, w.err
	}
	return written, nil
}

// add encrypts a package, and writes what is enough to be written.
func (w *Writer) add(content []byte, last bool) {
	if w.index > math.MaxUint32 {
		w.err = fmt.Errorf("sse: run of more than %d packages", uint32(math.MaxUint32))
		return
	}
	w.stored = len(w.run.seal(w.buf.stored[:w.stored], content, w.index, last))
	w.index++
	if w.stored >= writeSize {
		w.flush(writeSize)
	}
}

// flush writes the first n bytes of what is stored.
func (w *Writer) flush(n int) {
	if _, w.err = w.to.Write(w.buf.stored[:n]); w.err == nil {
		w.stored = copy(w.buf.stored[:], w.buf.stored[n:w.stored])
	}
}

// Close writes the last package. It does not close what the Writer writes to.
func (w *Writer) Close() error {
	if w.err == nil && w.held > 0 {
		w.add(w.buf.content[:w.held], true)
	}
	if w.err == nil && w.stored > 0 {
		w.flush(w.stored)
	}
	w.Abandon()
	return w.err
}

// Abandon ends a Writer whose run will not be used. After Close it does nothing.
func (w *Writer) Abandon() {
	if w.buf != nil {
		buffers.Put(w.buf)
		w.buf = nil
	}
}

// StoredSize returns how many bytes are stored of a run of size bytes whose content is encrypted in this many layers.
func StoredSize(size int64, layers int) int64 { return size + packages(size)*16*int64(layers) }
