package objects

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"crossgrant/internal/sse"
)

// Buffers of small bodies
//
// A body is read through a pair of chunks (body.go), which is far more than a small object needs: a thousand
// uploads of 4 KiB at once would take 256 MiB, and each one would touch memory that no cache of the processor has
// seen for long. A body that has to have less than some size, because its sender said so, is read into
// one chunk that is a little larger: what fits is all of it, and what does not is refused before it is read.

// smallSizes are the sizes of the chunks of small bodies in bytes. A body has fewer bytes than its chunk.
var smallSizes = [...]int{8 << 10, 32 << 10, minChunk}

// smallChunks are pools of *chunkPair with one chunk, by smallSizes.
type smallChunks [len(smallSizes)]sync.Pool

// takeChunks returns the chunks for a body of so many bytes, -1 if that is not known, and the pool that they are to
// be given back to.
func (s *Service) takeChunks(length int64) (*chunkPair, *sync.Pool) {
	if 0 <= length && length <= s.opts.InlineLimit {
		for i, size := range smallSizes {
			if length >= int64(size) {
				continue
			}
			pool := &s.small[i]
			if chunks, ok := pool.Get().(*chunkPair); ok {
				return chunks, pool
			}
			return &chunkPair{make([]byte, size)}, pool
		}
	}
	return s.chunks.Get().(*chunkPair), &s.chunks
}

// plainBuffers hold the content of small objects while it is read, *[]byte of smallPlain bytes.
var plainBuffers = sync.Pool{New: func() any {
	b := make([]byte, smallPlain)
	return &b
}}

// smallPlain is the size in bytes up to which content that was opened is kept in a buffer that is used again.
const smallPlain = 16 << 10

// openInline returns a reader of inline content, which is intact if there is no error.
func openInline(cipher *sse.Run, p *piece) (io.ReadCloser, error) {
	r := new(plainReader)
	var room []byte
	if p.size <= smallPlain {
		r.buffer = plainBuffers.Get().(*[]byte)
		room = (*r.buffer)[:0]
	}
	content, err := cipher.OpenTo(room, p.inline, p.size, p.offset, p.length)
	if err != nil {
		_ = r.Close()
		return nil, fmt.Errorf("open inline content: %w", err)
	}
	r.Reset(content)
	return r, nil
}

// plainReader reads content from a buffer that Close gives back.
type plainReader struct {
	bytes.Reader
	buffer *[]byte // nil if it is not to be used again
}

var _ io.WriterTo = (*plainReader)(nil)

// Close gives the buffer back; nothing is left to be read then.
func (r *plainReader) Close() error {
	r.Reset(nil)
	if r.buffer != nil {
		plainBuffers.Put(r.buffer)
		r.buffer = nil
	}
	return nil
}
