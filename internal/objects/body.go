package objects

import (
	"bytes"
	"context"
	"hash"
	"io"
	"sync"

	"crossgrant/internal/checksum"
	"crossgrant/internal/md5lanes"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// minChunk is the smallest size of a chunk in bytes: large enough for a write to be worth a system
// call, small enough for a thousand bodies at once.
const minChunk = 128 << 10

// chunkPair is what one body is read through: while one chunk is hashed and written, the next is read
// into the other.
type chunkPair [2][]byte

// newChunkPair returns chunks that hold more than inlineLimit bytes, so that the first chunk decides
// whether a body is inline.
func newChunkPair(inlineLimit int64) *chunkPair {
	size := max(minChunk, int(inlineLimit)+1)
	return &chunkPair{make([]byte, size), make([]byte, size)}
}

// content is a body that was read to its end and found to be what its sender said.
type content struct {
	size     int64
	etag     []byte
	checksum *records.Checksum // nil if no algorithm was asked for
	run      *run              // nil if the bytes are kept in the clear
	inline   []byte            // the bytes as they are kept, if pending is nil
	pending  *pending          // a committed blob that waits for its record
	writer   *sse.Writer       // encrypts into pending until all bytes have come; nil if run is
}

// segments returns where the bytes are that are not inline.
func (c *content) segments() []*records.Segment {
	if c.pending == nil {
		return nil
	}
	return []*records.Segment{{Blob: string(c.pending.id()), Size: c.size, Salt: c.salt(), Crc32C: &c.pending.sum}}
}

// claimant returns the blob that waits for its record, or nil.
func (c *content) claimant() claimant {
	if c.pending == nil {
		return nil
	}
	return c.pending
}

// salt returns that of the run, or nil.
func (c *content) salt() []byte {
	if c.run == nil {
		return nil
	}
	return c.run.salt
}

// inlineSalt returns the salt of the inline bytes, or nil if there are none.
func (c *content) inlineSalt() []byte {
	if len(c.inline) == 0 {
		return nil
	}
	return c.salt()
}

// encryption returns what the record of n's object says of the content.
func (c *content) encryption(n *NewObject) *records.Encryption {
	if n.encryption != nil {
		n.encryption.InlineSalt = c.inlineSalt()
	}
	return n.encryption
}

// discard gives up what the content holds in the blob store.
func (c *content) discard() {
	if c.writer != nil {
		c.writer.Abandon()
	}
	if c.pending != nil {
		c.pending.discard()
	}
}

// receive reads body to its end, with bounded memory, and keeps its bytes, encrypted under n.key, inline or in
// a blob that is durable when it returns. It verifies length, MD5 and checksum of n in the same pass: IncompleteBody,
// EntityTooLarge, BadDigest. An error of body is returned as it is. If it fails nothing is kept.
func (s *Service) receive(ctx context.Context, n *NewObject, body io.Reader) (*content, error) {
	if n.Length > s.opts.MaxObject {
		return nil, entityTooLarge(n.Length, s.opts.MaxObject)
	}
	sums, err := s.newDigests(n.Algorithm, tagIsMD5(n.encryption) || n.ContentMD5 != nil)
	if err != nil {
		return nil, err
	}
	c, err := s.transfer(ctx, n, body, sums)
	if err != nil {
		return nil, err
	}
	if err := s.settle(n, c, sums); err != nil {
		c.discard()
		return nil, err
	}
	return c, nil
}

// settle verifies c and makes it durable.
func (s *Service) settle(n *NewObject, c *content, sums *digests) error {
	if n.Length >= 0 && c.size != n.Length {
		return incompleteBody()
	}
	sum, checksum, err := sums.verify(n)
	if err != nil {
		return err
	}
	c.checksum = checksum
	if c.etag, err = s.etag(n.encryption, sum); err != nil {
		return err
	}
	if c.pending == nil {
		return nil
	}
	return c.pending.commit()
}

// transfer moves body to where it is kept, and through sums. The content that it returns is not
// verified and its blob not committed.
func (s *Service) transfer(ctx context.Context, n *NewObject, body io.Reader, sums *digests) (*content, error) {
	chunks, pool := s.takeChunks(n.Length)
	defer pool.Put(chunks)
	defer sums.wait() // before the chunks are used for another body

	var err error
	c := &content{}
	if c.run, err = s.newRun(n.key); err != nil {
		return nil, err
	}
	for i := 0; ; i ^= 1 {
		count, readErr := fill(body, chunks[i])
		chunk := chunks[i][:count]
		c.size += int64(count)
		err = s.checkProgress(n, c.size)
		if err == nil && readErr != nil && readErr != io.EOF {
			err = readErr
		}
		if err != nil {
			c.discard()
			return nil, err
		}
		sums.wait()
		sums.begin(chunk)
		if c.pending == nil && readErr == io.EOF && c.size <= s.opts.InlineLimit {
			c.keep(chunk)
			return c, nil
		}
		if count > 0 {
			if err := s.spill(ctx, c, n.Length, chunk); err != nil {
				c.discard()
				return nil, err
			}
		}
		if readErr == io.EOF {
			if err := c.end(); err != nil {
				c.discard()
				return nil, err
			}
			return c, nil
		}
	}
}

// keep keeps chunk, which is all there is, inline.
func (c *content) keep(chunk []byte) {
	if c.run == nil {
		c.inline = bytes.Clone(chunk)
	} else {
		c.inline = c.run.cipher.Seal(chunk)
	}
}

// spill writes chunk to the blob of c, which it begins if need be. length is how long the body is, -1 if that is not
// known.
func (s *Service) spill(ctx context.Context, c *content, length int64, chunk []byte) (err error) {
	if c.pending == nil {
		if c.pending, err = s.begin(ctx, c.storedSize(length)); err != nil {
			return err
		}
		if c.run != nil {
			c.writer = c.run.cipher.Writer(c.pending)
		}
	}
	if c.writer != nil {
		_, err = c.writer.Write(chunk)
	} else {
		_, err = c.pending.Write(chunk)
	}
	return err
}

// storedSize returns how many bytes a body of this length, -1 if it is not known, is stored as.
func (c *content) storedSize(length int64) int64 {
	if c.run == nil || length < 0 {
		return length
	}
	return c.run.cipher.StoredSize(length)
}

// end writes what the cipher held back of the blob.
func (c *content) end() error {
	if c.writer == nil {
		return nil
	}
	return c.writer.Close()
}

// checkProgress refuses a body of which size bytes have come, as soon as it is longer than it may be.
func (s *Service) checkProgress(n *NewObject, size int64) error {
	switch {
	case n.Length >= 0 && size > n.Length:
		return incompleteBody()
	case size > s.opts.MaxObject:
		return entityTooLarge(size, s.opts.MaxObject)
	}
	return nil
}

// fill reads until chunk is full or r ends. Unlike io.ReadFull it returns the error of r as it is: an
// io.ErrUnexpectedEOF of r is a connection that broke, which must not be taken for the end of the body.
func fill(r io.Reader, chunk []byte) (n int, err error) {
	for idle := 0; n < len(chunk); {
		k, err := r.Read(chunk[n:])
		n += k
		if err != nil {
			return n, err
		}
		if k > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// digests computes MD5 and an additional checksum of a body, beside the I/O.
type digests struct {
	pool      *md5lanes.Pool
	algorithm checksum.Algorithm // empty for none
	md5       *md5lanes.Digest   // nil: nobody needs it
	extra     hash.Hash          // nil for none
	running   sync.WaitGroup
}

// newDigests returns the digests of a body; with MD5, which costs more than all else that is done with it, only if
// that is needed.
func (s *Service) newDigests(algorithm string, withMD5 bool) (*digests, error) {
	d := &digests{pool: &s.md5}
	if withMD5 {
		d.md5 = md5lanes.New()
	}
	if algorithm == "" {
		return d, nil
	}
	var err error
	if d.algorithm, err = checksum.Parse(algorithm); err != nil {
		return nil, err
	}
	d.extra = d.algorithm.New()
	return d, nil
}

// backgroundChunk is the size in bytes from which hashing is worth a goroutine.
const backgroundChunk = 16 << 10

// begin hashes chunk, which must not change before wait. The previous chunk must be done.
func (d *digests) begin(chunk []byte) {
	if len(chunk) < backgroundChunk {
		if d.md5 != nil {
			d.md5.Write(chunk)
		}
		d.addExtra(chunk)
		return
	}
	if d.md5 != nil {
		d.running.Add(1)
		d.pool.Add(d.md5, chunk, &d.running)
	}
	if d.extra != nil {
		d.running.Go(func() { d.addExtra(chunk) })
	}
}

func (d *digests) addExtra(chunk []byte) {
	if d.extra != nil {
		d.extra.Write(chunk) // never fails, by its contract
	}
}

// wait waits until what begin began is done.
func (d *digests) wait() { d.running.Wait() }

// verify returns the digests of the whole body, the MD5 being nil if it was not needed, or BadDigest if one is not
// what n says it must be.
func (d *digests) verify(n *NewObject) (sum []byte, extra *records.Checksum, err error) {
	d.wait()
	if d.md5 != nil {
		sum = d.md5.Sum()
	}
	if n.ContentMD5 != nil && !bytes.Equal(sum, n.ContentMD5) {
		return nil, nil, badMD5(sum, n.ContentMD5)
	}
	if d.extra == nil {
		return sum, nil, nil
	}
	extra = &records.Checksum{Algorithm: string(d.algorithm), Value: d.extra.Sum(nil)}
	if n.Expected == nil {
		return sum, extra, nil
	}
	want, err := n.Expected()
	if err != nil {
		return nil, nil, err
	}
	if want != nil && !bytes.Equal(want, extra.Value) {
		return nil, nil, badChecksum(string(d.algorithm))
	}
	return sum, extra, nil
}
