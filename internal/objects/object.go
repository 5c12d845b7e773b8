package objects

import (
	"context"
	"errors"
	"io"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Guard is asked inside the transaction that commits a change, with the object that the change
// replaces or removes (nil if there is none). An error refuses the change and is returned as it is.
// It may be called several times and must have no effect.
type Guard func(existing *records.Object) error

// NewObject is what a write stores beside the bytes. The service sets size, times, ETag, checksum,
// segments and inline content of Object; the caller sets the rest.
type NewObject struct {
	Bucket keys.BucketID
	// BucketName is verified inside the committing transaction: the bucket must still be the same one.
	BucketName string
	Key        string
	Object     *records.Object
	// Length is the number of bytes that the body must have, or -1 if it is not known before.
	Length int64
	// ContentMD5 is compared with the body's MD5 if not nil (16 bytes).
	ContentMD5 []byte
	// Algorithm is the additional checksum to compute ("CRC32", …); empty for none.
	Algorithm string
	// Expected returns the checksum that the body must have, or nil for none. It is called once the
	// body has been read to its end, because it may come in a trailer. A nil Expected expects nothing.
	Expected func() ([]byte, error)
	// Guard is asked before the object is written; nil allows everything.
	Guard Guard
}

// Get returns the object's record with its inline content, or NoSuchKey.
func (s *Service) Get(ctx context.Context, b keys.BucketID, key string) (*records.Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	var o *records.Object
	err := s.store.View(ctx, func(r meta.Reader) (err error) {
		o, err = readObject(r, b, key)
		return err
	})
	return o, err
}

// Put stores body as an object and returns its record. Nothing is stored if it fails: IncompleteBody,
// EntityTooLarge, BadDigest, the body's own error, NoSuchBucket, the error of n.Guard. n.Object is not
// changed.
func (s *Service) Put(ctx context.Context, n NewObject, body io.Reader) (*records.Object, error) {
	if err := checkKey(n.Key); err != nil {
		return nil, err
	}
	c, err := s.receive(ctx, &n, body)
	if err != nil {
		return nil, err
	}
	o := clone(n.Object)
	o.Size, o.Etag, o.Checksum = c.size, c.md5, c.checksum
	o.Parts, o.PartSizes = 0, nil
	o.Inline, o.Segments = c.inline, c.segments()
	o.Modified = s.opts.Now().UnixNano()
	var existing *records.Object
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		var err error
		if existing, err = replace(tx, &n, c.pending); err != nil {
			return err
		}
		return records.Put(tx, keys.Object(n.Bucket, n.Key), o)
	})
	if err != nil {
		c.discard()
		return nil, err
	}
	s.sweepAfter(existing.GetSegments())
	return o, nil
}

// Copy stores the bytes of src as a new object, as Put does: MD5 and size are those of the bytes, even
// if src was uploaded in parts. n.Length and n.ContentMD5 are ignored. If n.Algorithm is empty it is
// that of src's checksum, as S3 keeps it. InvalidRequest if src is larger than one copy may be.
//
// An error that wraps blob.ErrNotFound means that src was replaced meanwhile: read it again.
func (s *Service) Copy(ctx context.Context, n NewObject, src *records.Object) (*records.Object, error) {
	if src.Size > s.opts.MaxObject {
		return nil, copySourceTooLarge(s.opts.MaxObject)
	}
	if n.Algorithm == "" {
		n.Algorithm = src.GetChecksum().GetAlgorithm()
	}
	n.Length, n.ContentMD5 = src.Size, nil
	body, err := s.Open(ctx, src, 0, src.Size)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return s.Put(ctx, n, body)
}

// UpdateObject changes the record of an existing object, such as its ACL: NoSuchKey if it is not there.
// change may be called several times, each time with a fresh record; its error is returned as it is. It
// must not change size, inline content or segments.
func (s *Service) UpdateObject(ctx context.Context, b keys.BucketID, key string, change func(*records.Object) error) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx meta.Tx) error {
		o, err := readObject(tx, b, key)
		if err != nil {
			return err
		}
		if err := change(o); err != nil {
			return err
		}
		return records.Put(tx, keys.Object(b, key), o)
	})
}

// Delete removes the object; existed is false if there was none. guard, which may be nil, is asked in
// both cases. NoSuchBucket if the bucket is not the one with this ID.
func (s *Service) Delete(ctx context.Context, b keys.BucketID, bucketName, key string, guard Guard) (existed bool, err error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	n := NewObject{Bucket: b, BucketName: bucketName, Key: key, Guard: guard}
	var existing *records.Object
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		var err error
		if existing, err = replace(tx, &n, nil); err != nil || existing == nil {
			return err
		}
		return tx.Delete(keys.Object(b, key))
	})
	if err != nil {
		return false, err
	}
	s.sweepAfter(existing.GetSegments())
	return existing != nil, nil
}

// replace is the first half of every transaction that writes or removes the object of n: in one read it
// makes sure that the bucket is still the same one, asks the guard, turns the blobs of the object that
// was there into garbage, and claims p, the blob of the object that will be there (nil if it has none).
// It returns the object that was there, or nil.
func replace(tx meta.Tx, n *NewObject, p *pending) (existing *records.Object, err error) {
	want := [][]byte{keys.Bucket(n.BucketName), keys.Object(n.Bucket, n.Key)}
	if p != nil {
		want = append(want, p.key())
	}
	got, err := tx.GetMany(want)
	if err != nil {
		return nil, err
	}
	if err := checkSameBucket(got[0], n.BucketName, n.Bucket); err != nil {
		return nil, err
	}
	if got[1] != nil {
		existing = new(records.Object)
		if err := records.Unmarshal(got[1], existing); err != nil {
			return nil, err
		}
	}
	if n.Guard != nil {
		if err := n.Guard(existing); err != nil {
			return nil, err
		}
	}
	if p != nil {
		if err := p.claim(tx, got[2]); err != nil {
			return nil, err
		}
	}
	return existing, release(tx, existing.GetSegments())
}

// release turns the blobs of segments, whose record the transaction removes, into garbage.
func release(tx meta.Tx, segments []*records.Segment) error {
	for _, segment := range segments {
		if err := tx.Put(keys.Garbage(segment.Blob), nil); err != nil {
			return err
		}
	}
	return nil
}

// sweepAfter wakes the sweeper if a change turned segments into garbage.
func (s *Service) sweepAfter(segments []*records.Segment) {
	if len(segments) > 0 {
		s.sweeper.wake()
	}
}

// readObject returns the record of an object, or NoSuchKey.
func readObject(r meta.Reader, b keys.BucketID, key string) (*records.Object, error) {
	var o records.Object
	err := records.Get(r, keys.Object(b, key), &o)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, noSuchKey(key)
	}
	if err != nil {
		return nil, err
	}
	return &o, nil
}

// clone returns a copy of o, which may be nil, that the service may fill in.
func clone(o *records.Object) *records.Object {
	if o == nil {
		return new(records.Object)
	}
	return proto.CloneOf(o)
}
