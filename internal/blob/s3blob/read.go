package s3blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/background"
	"crossgrant/internal/blob"
)

// Open returns a reader of a range, which lasts as long as ctx.
func (s *Store) Open(ctx context.Context, id blob.ID, offset, length int64) (io.ReadCloser, error) {
	if err := s.gate.Enter(ctx, id); err != nil {
		return nil, err
	}
	defer s.gate.Leave()
	if offset < 0 || length < 0 {
		return nil, fmt.Errorf("%s: %d bytes from %d is no range", about(id), length, offset)
	}
	u := s.names.read(id)
	if u == nil {
		return nil, fmt.Errorf("%s: %w", about(id), blob.ErrNotFound)
	}
	r := &reader{store: s, use: u, ctx: ctx, at: offset, end: offset + length}
	var err error
	if length == 0 || offset > math.MaxInt64-length {
		err = s.checkRange(ctx, id, offset, length)
		r.body, r.end = io.NopCloser(bytes.NewReader(nil)), r.at
	} else {
		err = r.open()
	}
	if err != nil {
		s.names.release(u)
		return nil, err
	}
	return r, nil
}

// OpenWhole returns a reader of the blob, which lasts as long as ctx, and its size.
func (s *Store) OpenWhole(ctx context.Context, id blob.ID) (io.ReadCloser, int64, error) {
	if err := s.gate.Enter(ctx, id); err != nil {
		return nil, 0, err
	}
	defer s.gate.Leave()
	u := s.names.read(id)
	if u == nil {
		return nil, 0, fmt.Errorf("%s: %w", about(id), blob.ErrNotFound)
	}
	r := &reader{store: s, use: u, ctx: ctx}
	out, err := s.client.GetObject(withKind(ctx, reading), &s3.GetObjectInput{Bucket: s.bucket(), Key: s.key(id)})
	if err == nil && out.ContentLength == nil {
		err = errors.Join(errors.New("the service does not say how long it is"), out.Body.Close())
	}
	if err != nil {
		s.names.release(u)
		return nil, 0, translate(ctx, about(id), err)
	}
	r.body, r.end, r.tag = out.Body, *out.ContentLength, aws.ToString(out.ETag)
	return r, r.end, nil
}

// stat returns the size of a blob. It asks for the first byte: the answer to that says whether it is the blob or the bucket that is
// missing, which one without a body does not.
func (s *Store) stat(ctx context.Context, id blob.ID) (int64, error) {
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: s.bucket(), Key: s.key(id), Range: aws.String("bytes=0-0")})
	if code, _ := codeOf(err); code == "InvalidRange" {
		return 0, nil // it has no first byte
	}
	if err != nil {
		return 0, err
	}
	defer out.Body.Close()
	if out.ContentRange == nil && aws.ToInt64(out.ContentLength) == 0 {
		return 0, nil
	}
	from, to, size, err := parseRange(aws.ToString(out.ContentRange))
	if err == nil && (from != 0 || to != 0 || size < 1) {
		err = fmt.Errorf("the service answers the first byte with %q", *out.ContentRange)
	}
	return size, err
}

// checkRange returns an error unless the range lies in the blob.
func (s *Store) checkRange(ctx context.Context, id blob.ID, offset, length int64) error {
	size, err := s.stat(ctx, id)
	if err != nil {
		return translate(ctx, about(id), err)
	}
	if offset > size || length > size-offset {
		return fmt.Errorf("%s: %w: %d bytes from %d of %d", about(id), blob.ErrCorrupt, length, offset, size)
	}
	return nil
}

// parseRange reads the header Content-Range of an answer: the first and the last byte, and how many there are in all.
func parseRange(text string) (from, to, size int64, err error) {
	if n, err := fmt.Sscanf(text, "bytes %d-%d/%d", &from, &to, &size); n != 3 || err != nil {
		return 0, 0, 0, fmt.Errorf("%w: the service answers a range with the Content-Range %.60q", blob.ErrCorrupt, text)
	}
	return from, to, size, nil
}

// reader reads the bytes from at to end of an object. An answer that breaks off is resumed.
type reader struct {
	store   *Store
	use     *use            // nil after Close
	ctx     context.Context // of who reads
	at, end int64
	tag     string        // entity tag of the object
	body    io.ReadCloser // of an answer that begins at at; nil if it broke off
	// failures counts answers that broke off before a resumed one had given enough bytes, brokeAt is where the last did.
	failures int
	brokeAt  int64
}

// enough is how many bytes an answer has to give for the failures before it to be forgotten.
const enough = 1 << 20

// open asks for the rest, of the same object if it was asked before.
func (r *reader) open() error {
	in := &s3.GetObjectInput{Bucket: r.store.bucket(), Key: r.store.key(r.use.id), Range: aws.String(fmt.Sprintf("bytes=%d-%d", r.at, r.end-1))}
	if r.tag != "" {
		in.IfMatch = &r.tag
	}
	what := about(r.use.id)
	out, err := r.store.client.GetObject(withKind(r.ctx, reading), in)
	switch code, status := codeOf(err); {
	case err == nil:
	case code == "InvalidRange":
		return fmt.Errorf("%s: %w: there are no bytes from %d: %w", what, blob.ErrCorrupt, r.at, err)
	case status == 412:
		return fmt.Errorf("%s: %w: it was deleted and written anew while it was read: %w", what, blob.ErrNotFound, err)
	default:
		return translate(r.ctx, what, err)
	}
	if err := r.check(out); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", what, err), out.Body.Close())
	}
	r.body, r.tag = out.Body, aws.ToString(out.ETag)
	return nil
}

// check makes sure that an answer is the range that was asked for. It may be the whole object, if that was what was asked for.
func (r *reader) check(out *s3.GetObjectOutput) error {
	length := aws.ToInt64(out.ContentLength)
	if out.ContentRange != nil {
		from, to, size, err := parseRange(*out.ContentRange)
		switch {
		case err != nil:
			return err
		case from != r.at || to != r.end-1 || size < r.end:
			return fmt.Errorf("%w: bytes %d to %d were asked for, and the service answers %q", blob.ErrCorrupt, r.at, r.end-1, *out.ContentRange)
		}
	}
	if length != r.end-r.at || out.ContentRange == nil && r.at != 0 {
		return fmt.Errorf("%w: %d bytes from %d were asked for, and the service answers %d", blob.ErrCorrupt, r.end-r.at, r.at, length)
	}
	return nil
}

func (r *reader) Read(p []byte) (int, error) {
	if r.use == nil {
		return 0, errors.New("read of a blob after Close")
	}
	if len(p) == 0 {
		return 0, nil
	}
	for r.at < r.end {
		if r.body == nil {
			if err := r.open(); err != nil {
				return 0, err
			}
		}
		n, err := r.body.Read(p[:min(int64(len(p)), r.end-r.at)])
		r.at += int64(n)
		if err != nil && r.at < r.end {
			if err := r.broke(err); err != nil {
				return n, err
			}
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, io.EOF
}

// broke ends an answer that broke off, and waits until the rest may be asked for, longer each time. It returns an error if that was
// tried often enough.
func (r *reader) broke(err error) error {
	_ = r.body.Close()
	r.body = nil
	if r.at-r.brokeAt >= enough {
		r.failures = 0
	}
	r.brokeAt = r.at
	r.failures++
	if r.failures >= r.store.opts.Attempts || r.tag == "" {
		return translate(r.ctx, about(r.use.id), fmt.Errorf("the answer broke off %d bytes before its end: %w", r.end-r.at, err))
	}
	if !background.Sleep(r.ctx, r.store.opts.pause(r.failures)) {
		return fmt.Errorf("%s: %w", about(r.use.id), r.ctx.Err())
	}
	return nil
}

// Close lets the blob go. A second call does nothing.
func (r *reader) Close() error {
	if r.use == nil {
		return nil
	}
	var err error
	if r.body != nil {
		err = r.body.Close()
	}
	r.store.names.release(r.use)
	r.use = nil
	return err
}
