package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// Open returns a reader of length bytes of src from offset; the range must lie in the object. The caller
// closes the reader. Errors of the object's key are those of sse.Keyring.
//
// The object may have been replaced or deleted, and its bytes with it, since its record was read. Then Open
// returns an error that wraps blob.ErrNotFound: the caller reads the record again, and with it
// conditions and permissions, once. There is no method that does both, because what a record says must
// be judged before its bytes are sent.
//
// A reader that was returned stays good: the sweeper spares the blobs that a reader of this Service has
// yet to open. A server that shares the store does not know of them; there a reader of an object that
// was uploaded in parts may fail half-way with an error that wraps blob.ErrNotFound. Bytes of different
// objects are never mixed.
func (s *Service) Open(ctx context.Context, src Source, offset, length int64) (io.ReadCloser, error) {
	pieces, err := piecesOf(src.Object, offset, length)
	if err != nil {
		return nil, err
	}
	k, err := s.openKey(ctx, src.Object.Encryption, src.Customer, src.place())
	if err != nil {
		return nil, err
	}
	switch {
	case len(pieces) == 0:
		return io.NopCloser(bytes.NewReader(nil)), nil
	case len(pieces) == 1:
		return s.openPiece(ctx, k, &pieces[0])
	}
	return s.openMany(ctx, k, pieces)
}

// piece is a range of a run of size bytes to read: of a blob, or inline if blob is empty.
type piece struct {
	blob           blob.ID
	inline         []byte
	salt           []byte // of the run; empty if it lies in the clear
	size           int64
	offset, length int64
}

// piecesOf returns the pieces of the range of o, in order, none of them empty.
func piecesOf(o *records.Object, offset, length int64) ([]piece, error) {
	if offset < 0 || length < 0 || offset > o.Size-length {
		return nil, fmt.Errorf("range of %d bytes from %d is not in an object of %d bytes", length, offset, o.Size)
	}
	var pieces []piece
	start := int64(0) // where the segment begins in the object
	end := offset + length
	for _, segment := range o.Segments {
		from, to := max(offset, start), min(end, start+segment.Size)
		if from < to && segment.Damaged != 0 {
			return nil, damaged(segment)
		}
		if from < to {
			pieces = append(pieces, piece{
				blob: blob.ID(segment.Blob), salt: segment.Salt, size: segment.Size, offset: from - start, length: to - from,
			})
		}
		start += segment.Size
	}
	inline := o.Size - start
	if inline < 0 || (inline > 0) != (len(o.Inline) > 0) || o.Encryption == nil && inline != int64(len(o.Inline)) {
		return nil, fmt.Errorf("object of %d bytes has %d in segments and %d stored inline: %w", o.Size, start, len(o.Inline), meta.ErrCorrupt)
	}
	if from := max(offset, start); from < end {
		pieces = append(pieces, piece{
			inline: o.Inline, salt: o.GetEncryption().GetInlineSalt(), size: inline, offset: from - start, length: end - from,
		})
	}
	return pieces, nil
}

// openPiece opens a piece of an object whose content key is k, nil if it lies in the clear.
func (s *Service) openPiece(ctx context.Context, k *sse.Key, p *piece) (io.ReadCloser, error) {
	if k == nil {
		return s.openStored(ctx, p, p.offset, p.length)
	}
	cipher, err := k.Run(p.salt)
	if err != nil {
		return nil, err
	}
	if p.blob == "" {
		return openInline(cipher, p)
	}
	from, count := cipher.Stored(p.size, p.offset, p.length)
	stored, err := s.openStored(ctx, p, from, count)
	if err != nil {
		return nil, err
	}
	r := cipher.Reader(stored, p.size, p.offset, p.length)
	// What is found to be corrupt now can still be answered with an error.
	if err := r.Verify(); err != nil {
		return nil, errors.Join(fmt.Errorf("read blob %s: %w", p.blob, err), r.Close())
	}
	return r, nil
}

// openStored opens count bytes from from of what is stored of the run of p.
func (s *Service) openStored(ctx context.Context, p *piece, from, count int64) (io.ReadCloser, error) {
	if p.blob == "" {
		return io.NopCloser(bytes.NewReader(p.inline[from:][:count])), nil
	}
	r, err := s.blobs.Open(ctx, p.blob, from, count)
	if err != nil {
		return nil, fmt.Errorf("open blob %s: %w", p.blob, err)
	}
	return r, nil
}

// openMany opens the first piece now and the others when their turn comes, so that an object of 10,000
// parts does not take 10,000 open files.
func (s *Service) openMany(ctx context.Context, k *sse.Key, pieces []piece) (io.ReadCloser, error) {
	r := &reader{ctx: ctx, s: s, key: k, pieces: pieces}
	for _, p := range pieces {
		if p.blob != "" {
			r.held = append(r.held, p.blob)
		}
	}
	s.sweeper.hold(r.held)
	if err := s.checkKept(ctx, r.held); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	if err := r.next(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// checkKept returns an error that wraps blob.ErrNotFound if one of ids, which are held, is garbage.
//
// An object's blobs become garbage together, so that if it was replaced before they were held, either
// one of them still is garbage, or the sweeper has deleted all of them and the first one cannot be
// opened. If it is replaced afterwards the sweeper sees that they are held.
//
// Where other servers delete garbage as well, none of them sees what is held here: what has become garbage is kept
// for as long as any reader may need it, and there is nothing to ask.
func (s *Service) checkKept(ctx context.Context, ids []blob.ID) error {
	if s.store.Shared() {
		return nil
	}
	garbage := make([][]byte, len(ids))
	for i, id := range ids {
		garbage[i] = keys.Garbage(string(id))
	}
	return s.store.View(ctx, func(r meta.Reader) error {
		values, err := r.GetMany(garbage)
		if err != nil {
			return err
		}
		for i, value := range values {
			if value != nil {
				return fmt.Errorf("blob %s is to be deleted: %w", ids[i], blob.ErrNotFound)
			}
		}
		return nil
	})
}

// reader reads pieces one after the other.
type reader struct {
	ctx     context.Context // of the request that reads
	s       *Service
	key     *sse.Key // nil if the object lies in the clear
	pieces  []piece  // those that were not opened
	held    []blob.ID
	current io.ReadCloser
	left    int64 // bytes of current that were not read
}

func (r *reader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for r.left == 0 {
		if len(r.pieces) == 0 {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n, err := r.current.Read(b[:min(int64(len(b)), r.left)])
	r.left -= int64(n)
	switch {
	case err == io.EOF && r.left > 0:
		err = fmt.Errorf("blob ends %d bytes too early: %w", r.left, blob.ErrCorrupt)
	case err == io.EOF:
		err = nil
	}
	return n, err
}

// WriteTo writes the rest of the pieces to w, each as its own reader does it best.
func (r *reader) WriteTo(w io.Writer) (written int64, err error) {
	for {
		if r.left > 0 {
			n, err := io.Copy(w, r.current)
			written += n
			r.left -= n
			if err == nil && r.left > 0 {
				err = fmt.Errorf("blob ends %d bytes too early: %w", r.left, blob.ErrCorrupt)
			}
			if err != nil {
				return written, err
			}
		}
		if len(r.pieces) == 0 {
			return written, nil
		}
		if err := r.next(); err != nil {
			return written, err
		}
	}
}

// next opens the next piece.
func (r *reader) next() error {
	if err := r.closeCurrent(); err != nil {
		return err
	}
	var err error
	if r.current, err = r.s.openPiece(r.ctx, r.key, &r.pieces[0]); err != nil {
		return err
	}
	r.left = r.pieces[0].length
	r.pieces = r.pieces[1:]
	return nil
}

func (r *reader) closeCurrent() error {
	if r.current == nil {
		return nil
	}
	err := r.current.Close()
	r.current = nil
	return err
}

// Close lets the sweeper have what was held. A second call does nothing.
func (r *reader) Close() error {
	r.s.sweeper.letGo(r.held)
	r.held, r.pieces, r.left = nil, nil, 0
	return r.closeCurrent()
}
