package objects

import (
	"context"
	"errors"
	"io"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// maxPartNumber is the highest number of a part.
const maxPartNumber = 10_000

// PartQuery asks for one page of an upload's parts.
type PartQuery struct {
	Upload string
	After  int // exclusive part number
	Max    int // 0 to 1000
}

// PutPart stores body as a part of an upload, instead of the part with the same number if there is one,
// and returns its record: NoSuchUpload, InvalidArgument for a number that is not within 1 to 10,000, and
// the errors of Put. Of n it uses bucket, key, length, digests, the customer's key; n.Object and n.Guard are
// not used.
//
// The checksum is of the algorithm that the upload was created with. InvalidRequest if n.Algorithm is
// another one, or is empty although the upload's checksum will be a composite of those of its parts.
func (s *Service) PutPart(ctx context.Context, n NewObject, upload string, number int, body io.Reader) (*records.Part, error) {
	u, err := s.uploadForPart(ctx, n, upload, number)
	if err != nil {
		return nil, err
	}
	algorithm := u.ChecksumAlgorithm
	if n.Algorithm != algorithm && (n.Algorithm != "" || u.ChecksumComposite) {
		return nil, checksumType(algorithm, n.Algorithm)
	}
	n.Algorithm = algorithm
	return s.putPart(ctx, n, u, number, body)
}

// CopyPart stores length bytes of src from offset as a part of an upload; else it is as PutPart.
// n.Length, n.ContentMD5 and n.Algorithm are ignored. InvalidRequest if length is more than one copy may
// be. The range must lie in src.
//
// An error that wraps blob.ErrNotFound means that src was replaced meanwhile: read it again.
func (s *Service) CopyPart(ctx context.Context, n NewObject, upload string, number int,
	src Source, offset, length int64) (*records.Part, error) {
	u, err := s.uploadForPart(ctx, n, upload, number)
	if err != nil {
		return nil, err
	}
	if length > s.opts.MaxObject {
		return nil, copySourceTooLarge(s.opts.MaxObject)
	}
	n.Length, n.ContentMD5, n.Algorithm = length, nil, u.ChecksumAlgorithm
	body, err := s.Open(ctx, src, offset, length)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return s.putPart(ctx, n, u, number, body)
}

// uploadForPart returns the upload that a part is for, before the part's body is read.
func (s *Service) uploadForPart(ctx context.Context, n NewObject, upload string, number int) (*records.Upload, error) {
	if number < 1 || number > maxPartNumber {
		return nil, invalidPartNumber(number)
	}
	return s.Upload(ctx, n.Bucket, n.Key, upload)
}

// putPart receives body, encrypted under the upload's key, and commits the part. The upload is read again in the transaction: a part of an
// upload that was aborted or completed meanwhile would never be found again.
func (s *Service) putPart(ctx context.Context, n NewObject, u *records.Upload, number int, body io.Reader) (*records.Part, error) {
	upload := u.Id
	var err error
	if n.key, err = s.openKey(ctx, u.Encryption, n.Customer, n.place()); err != nil {
		return nil, err
	}
	n.encryption = u.Encryption
	c, err := s.receive(ctx, &n, body)
	if err != nil {
		return nil, err
	}
	p := &records.Part{
		Number:   int32(number),
		Size:     c.size,
		Etag:     c.etag,
		Modified: s.opts.Now().UnixNano(),
		Segments: c.segments(),
		Inline:   c.inline,
		Checksum: c.checksum,

		InlineSalt: c.inlineSalt(),
	}
	var replaced records.Part
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		got, err := tx.GetMany([][]byte{keys.Upload(n.Bucket, n.Key, upload), keys.Part(upload, number)})
		if err != nil {
			return err
		}
		if got[0] == nil {
			return noSuchUpload(upload)
		}
		replaced.Reset()
		if got[1] != nil {
			if err := records.Unmarshal(got[1], &replaced); err != nil {
				return err
			}
		}
		if c.pending != nil {
			if err := c.pending.claim(tx); err != nil {
				return err
			}
		}
		if err := releaseBlobs(tx, replaced.Segments); err != nil {
			return err
		}
		return records.Put(tx, keys.Part(upload, number), p)
	})
	if err != nil {
		c.discard()
		return nil, err
	}
	if c.pending != nil {
		c.pending.settle()
	}
	if len(replaced.Segments) > 0 {
		s.sweeper.wake()
	}
	return p, nil
}

// Parts returns one page of an upload's parts in order of their numbers. It does not look whether there
// is such an upload (method Upload does): without one there are no parts. A page of no entries (q.Max is
// 0) is never truncated.
func (s *Service) Parts(ctx context.Context, q PartQuery) (parts []*records.Part, truncated bool, err error) {
	if q.Max <= 0 || q.After >= maxPartNumber || len(q.Upload) > maxUploadID {
		return nil, false, nil
	}
	err = s.store.View(ctx, func(r meta.Reader) error {
		_, to := keys.Parts(q.Upload)
		parts, err = scanParts(r, keys.Part(q.Upload, max(q.After, 0)+1), to, q.Max+1)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if len(parts) > q.Max {
		return parts[:q.Max], true, nil
	}
	return parts, false, nil
}

// readParts returns all parts of an upload, in order.
func readParts(r meta.Reader, upload string) ([]*records.Part, error) {
	from, to := keys.Parts(upload)
	return scanParts(r, from, to, maxPartNumber)
}

func scanParts(r meta.Reader, from, to []byte, limit int) ([]*records.Part, error) {
	var parts []*records.Part
	it := r.Scan(from, to)
	for len(parts) < limit && it.Next() {
		p := new(records.Part)
		if err := records.Unmarshal(it.Value(), p); err != nil {
			return nil, errors.Join(err, it.Close())
		}
		parts = append(parts, p)
	}
	return parts, it.Close()
}
