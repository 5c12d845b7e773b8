package fsck

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"crossgrant/internal/blob"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// stored reads what is stored of a segment: it counts and sums what passes through it.
type stored struct {
	ctx  context.Context
	r    *run
	from io.ReadCloser
	n    int64
	sum  uint32
	md5  hash.Hash // nil: not needed
}

func (s *stored) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.n += int64(n)
	s.sum = crc32.Update(s.sum, castagnoli, p[:n])
	if s.md5 != nil {
		s.md5.Write(p[:n])
	}
	if n > 0 {
		if paceErr := s.r.opts.Pace(s.ctx, n); paceErr != nil {
			return n, paceErr
		}
	}
	return n, err
}

// Close closes what is read, once: it may have been decrypted to its end, which closed it.
func (s *stored) Close() error {
	if s.from == nil {
		return nil
	}
	err := s.from.Close()
	s.from = nil
	return err
}

// verifySegment reads the blob of a segment once. An error that wraps blob.ErrCorrupt or blob.ErrNotFound says that
// its bytes are others, or lost; any other that they cannot be read. k is nil if the bytes cannot be decrypted.
func (r *run) verifySegment(ctx context.Context, c *content, k *sse.Key, s *records.Segment) error {
	size := s.Size
	if len(s.Salt) > 0 {
		size = sse.StoredSize(s.Size, layersOf(c, k))
	}
	from, err := r.opts.Blobs.Open(ctx, blob.ID(s.Blob), 0, size)
	if err != nil {
		return err
	}
	in := &stored{ctx: ctx, r: r, from: from}
	if c.clear && s.Crc32C == nil {
		in.md5 = md5.New()
	}
	defer in.Close()
	if k != nil && len(s.Salt) > 0 {
		err = decrypt(k, s, in)
	} else {
		_, err = io.Copy(io.Discard, struct{ io.Reader }{in})
	}
	switch {
	case err != nil:
		return err
	case in.n != size:
		return fmt.Errorf("%d bytes are stored, not %d: %w", in.n, size, blob.ErrCorrupt)
	case s.Crc32C != nil && *s.Crc32C != in.sum:
		return fmt.Errorf("its stored bytes have the checksum %08x, not %08x: %w", in.sum, *s.Crc32C, blob.ErrCorrupt)
	case in.md5 != nil && !tagOf(c, in.md5.Sum(nil)):
		return fmt.Errorf("its MD5 is not the entity tag: %w", blob.ErrCorrupt)
	}
	return r.endsThere(ctx, s, size)
}

// endsThere verifies that a blob has no more bytes than its segment knows of.
func (r *run) endsThere(ctx context.Context, s *records.Segment, size int64) error {
	more, err := r.opts.Blobs.Open(ctx, blob.ID(s.Blob), size, 1)
	switch {
	case errors.Is(err, blob.ErrCorrupt):
		return nil
	case err != nil:
		return err
	}
	return errors.Join(fmt.Errorf("more than %d bytes are stored: %w", size, blob.ErrCorrupt), more.Close())
}

// layersOf returns how many times a content is encrypted, as its record or its key says.
func layersOf(c *content, k *sse.Key) int {
	if k != nil {
		return k.Layers()
	}
	return sse.Layers(c.encryption)
}

// decrypt reads all of a segment and authenticates it.
func decrypt(k *sse.Key, s *records.Segment, from io.ReadCloser) error {
	cipher, err := k.Run(s.Salt)
	if err != nil {
		return fmt.Errorf("%w: %w", blob.ErrCorrupt, err)
	}
	content := cipher.Reader(from, s.Size, 0, s.Size)
	_, err = io.Copy(io.Discard, content)
	return errors.Join(err, content.Close())
}

// tagOf reports whether sum, the MD5 of the only segment of a content in the clear that has no checksum, is that of
// its entity tag. What lies in the clear was written by the first programs; of what was uploaded in parts then, and
// of what has bytes in its record too, no such sum is kept, and it passes.
func tagOf(c *content, sum []byte) bool {
	switch m := c.record.(type) {
	case *records.Object:
		return m.Parts > 0 || len(m.Segments) > 1 || len(m.Inline) > 0 || bytes.Equal(m.Etag, sum)
	case *records.Part:
		return len(m.Segments) > 1 || len(m.Inline) > 0 || bytes.Equal(m.Etag, sum)
	}
	return true
}
