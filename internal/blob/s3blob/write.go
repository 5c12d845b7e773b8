package s3blob

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/blob"
)

// maxParts is how many parts a multipart upload has at most.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const maxParts = 10_000

// New begins a blob.
func (s *Store) New(ctx context.Context, size int64) (blob.Writer, error) {
	id := blob.NewID() // no blob has it
	if err := s.gate.Enter(ctx); err != nil {
		return nil, err
	}
	defer s.gate.Leave()
	return s.begin(ctx, id, s.names.stage(id), size), nil
}

// Create begins the blob id. That no object has the ID is looked up first; who draws IDs twice at the same time in two processes has
// one blob written over the other.
func (s *Store) Create(ctx context.Context, id blob.ID) (blob.Writer, error) {
	if err := s.gate.Enter(ctx, id); err != nil {
		return nil, err
	}
	defer s.gate.Leave()
	st, err := s.claim(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, id, st, -1), nil
}

// claim takes an ID that is not in use.
func (s *Store) claim(ctx context.Context, id blob.ID) (*stage, error) {
	st := s.names.stage(id)
	if st == nil {
		return nil, errExists(id)
	}
	err := s.free(ctx, id)
	if err != nil {
		s.names.unstage(id, st)
		return nil, err
	}
	return st, nil
}

// free makes sure that there is no object of an ID. One that is kept for readers only is deleted now.
func (s *Store) free(ctx context.Context, id blob.ID) error {
	u, err := s.names.reclaim(ctx, id)
	if err != nil {
		return err
	}
	if u != nil {
		err := s.remove(ctx, []blob.ID{id})
		s.names.doomed([]*use{u}, err == nil)
		return err
	}
	_, err = s.stat(ctx, id)
	switch {
	case err == nil:
		return errExists(id)
	case missing(err):
		return nil
	}
	return translate(ctx, about(id), err)
}

// writer collects the bytes of a blob in parts.
type writer struct {
	store *Store
	id    blob.ID
	stage *stage
	ctx   context.Context // of who writes; ends with the writer
	stop  context.CancelFunc
	begun time.Time
	// size is the number of bytes that there have to be, -1 for any, and written that of those that came.
	size, written int64
	part          int64   // bytes of each part but the last
	last          *buffer // what was not sent yet; nil if there is nothing
	upload        *upload // nil as long as there is but one part
	failed        error   // the first error of Write: a blob that lacks bytes is never committed
}

func (s *Store) begin(ctx context.Context, id blob.ID, st *stage, size int64) *writer {
	w := &writer{store: s, id: id, stage: st, size: size, part: s.partBytes(size), begun: time.Now()}
	w.ctx, w.stop = context.WithCancel(ctx)
	return w
}

// partBytes returns the bytes of each part, but the last, of a blob of so many, -1 if that is not known: the configured
// ones, or as much more as it takes for the parts to be alike, so that what encryption adds to a blob is not a part of its own, and
// for maxParts to hold the blob.
func (s *Store) partBytes(size int64) int64 {
	least := s.opts.PartBytes
	if size <= least {
		return least
	}
	parts := min(size/least, maxParts)
	return (size + parts - 1) / parts
}

func (w *writer) ID() blob.ID { return w.id }

// Write keeps bytes, and sends parts that are full. It waits for the service if too much is under way.
func (w *writer) Write(p []byte) (n int, err error) {
	if w.failed == nil && !w.store.names.alive(w.stage) {
		w.failed = errEnded(w.id)
	}
	if w.failed == nil && w.size >= 0 && int64(len(p)) > w.size-w.written {
		w.failed = blob.CheckSize(w.id, w.written+int64(len(p)), w.size)
	}
	for len(p) > 0 && w.failed == nil {
		// A part that is full is sent only when more comes: the last may be the only one.
		if w.last != nil && w.last.full() {
			if w.failed = w.send(); w.failed != nil {
				break
			}
		}
		if w.last == nil {
			if w.last, err = w.store.memory.take(w.ctx, w.left()); err != nil {
				w.failed = fmt.Errorf("%s: %w", about(w.id), err)
				break
			}
		}
		k := w.last.write(p)
		p, n = p[k:], n+k
		w.written += int64(k)
	}
	return n, w.failed
}

// left returns the bytes that the next part may have.
func (w *writer) left() int64 {
	if w.size < 0 {
		return w.part
	}
	return min(w.part, w.size-w.written)
}

// send begins to send what was kept as a part.
func (w *writer) send() error {
	if w.upload == nil {
		var err error
		if w.upload, err = w.store.beginUpload(w.ctx, w.id); err != nil {
			return err
		}
	}
	b := w.last
	w.last = nil
	return w.upload.send(w.ctx, b)
}

// Commit returns nil when the service has taken all bytes and put them together. If it fails the blob may come into being all the same,
// as its answer may be lost: it is deleted in the background, and what that misses SweepOrphans finds.
func (w *writer) Commit() error {
	defer w.Abort()
	if w.failed != nil {
		return w.failed
	}
	if err := blob.CheckSize(w.id, w.written, w.size); err != nil {
		return err
	}
	if !w.store.names.beginCommit(w.stage) {
		return errEnded(w.id)
	}
	err := w.commit()
	if err == nil {
		w.upload = nil // there is nothing to abort
	}
	w.store.names.endCommit(w.id, w.stage, err == nil)
	return err
}

func (w *writer) commit() error {
	// What is committed is named soon, and must not be taken for an orphan until then.
	if age := time.Since(w.begun); age > w.store.opts.OrphanAge/2 {
		return fmt.Errorf("%s: writing it has taken %v, which is more than the %v that it may take", about(w.id), age, w.store.opts.OrphanAge/2)
	}
	if w.upload == nil {
		return w.put()
	}
	if err := w.send(); err != nil {
		return err
	}
	return w.upload.complete(w.ctx, w.written)
}

// put writes the blob with one request.
func (w *writer) put() error {
	var data []byte
	if w.last != nil {
		data = w.last.data
	}
	sum := crcOf(data)
	out, err := w.store.client.PutObject(w.ctx, &s3.PutObjectInput{
		Bucket: w.store.bucket(), Key: w.store.key(w.id), Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))), ChecksumCRC32C: &sum,
	}, w.store.sending)
	if err != nil {
		return translate(w.ctx, about(w.id), err)
	}
	return checkSum(about(w.id), sum, out.ChecksumCRC32C)
}

// Abort removes what was written.
func (w *writer) Abort() {
	w.store.names.unstage(w.id, w.stage)
	w.end()
}

// end gives back what the writer holds. A second call does nothing.
func (w *writer) end() {
	w.stop()
	if u := w.upload; u != nil {
		w.upload = nil
		w.store.tidy("aborting an upload", u.abort)
	}
	if w.last != nil {
		w.last.drop()
		w.last = nil
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// crcOf returns the CRC-32C of data as S3 writes it.
func crcOf(data []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli)))
}

// checkSum compares what was sent with what the service says that it took; nil if it says nothing.
func checkSum(what, sent string, took *string) error {
	if took != nil && *took != sent {
		return fmt.Errorf("%s: %w: bytes with the CRC-32C %s were sent, and the service took %s", what, blob.ErrCorrupt, sent, *took)
	}
	return nil
}
