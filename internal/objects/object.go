package objects

import (
	"context"
	"errors"
	"io"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
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
	// Customer is the key under which the object is encrypted (SSE-C), where Object.Encryption says AES256;
	// nil elsewhere. Object.Encryption has algorithm, KMS key and context; nil means SSE-S3.
	Customer *sse.CustomerKey
	// Guard is asked before the object is written; nil allows everything.
	Guard Guard
	// Origin is told to Options.Changed; an empty Event means that nobody is told.
	Origin Origin

	key        *sse.Key            // of the content; nil for parts of an upload that is not encrypted
	encryption *records.Encryption // that key is sealed in
}

// Put stores body as an object and returns its record. Nothing is stored if it fails: IncompleteBody,
// EntityTooLarge, BadDigest, the body's own error, NoSuchBucket, the error of n.Guard. n.Object is not
// changed.
func (s *Service) Put(ctx context.Context, n NewObject, body io.Reader) (*records.Object, error) {
	if err := checkKey(n.Key); err != nil {
		return nil, err
	}
	if err := n.encrypt(ctx, s); err != nil {
		return nil, err
	}
	c, err := s.receive(ctx, &n, body)
	if err != nil {
		return nil, err
	}
	o := clone(n.Object)
	o.Size, o.Etag, o.Checksum = c.size, c.etag, c.checksum
	o.Parts, o.PartSizes, o.Upload = 0, nil, ""
	o.Inline, o.Segments, o.Encryption = c.inline, c.segments(), c.encryption(&n)
	o.Modified = s.opts.Now().UnixNano()
	if err := s.setApart(o); err != nil {
		c.discard()
		return nil, err
	}
	if err := s.keep(ctx, &n, o, c.claimant()); err != nil {
		c.discard()
		return nil, err
	}
	return o, nil
}

// keep makes o the current version of the key of n, as commit does, in a transaction of its own. If it fails the
// caller discards p.
func (s *Service) keep(ctx context.Context, n *NewObject, o *records.Object, p claimant) error {
	var freed bool
	err := s.store.Update(ctx, func(tx meta.Tx) (err error) {
		o.Retention = n.Object.GetRetention() // the transaction may have run before
		freed, err = s.commit(tx, n, o, p)
		return err
	})
	if err != nil {
		return err
	}
	if p != nil {
		p.settle()
	}
	if freed {
		s.sweeper.wake()
	}
	return nil
}

// judge asks the guard, if there is one.
func (n *NewObject) judge(existing *records.Object) error {
	if n.Guard == nil {
		return nil
	}
	return n.Guard(existing)
}

// commit is the transaction that makes o the current version of the key of n, and what p has, if it is not nil,
// blobs with a record. It tells whether bytes were freed.
func (s *Service) commit(tx meta.Tx, n *NewObject, o *records.Object, p claimant) (freed bool, err error) {
	h, err := readHead(tx, n.Bucket, n.BucketName, n.Key)
	if err != nil {
		return false, err
	}
	if err := n.judge(h.current); err != nil {
		return false, err
	}
	if p != nil {
		if err := p.claim(tx); err != nil {
			return false, err
		}
	}
	return s.write(tx, h, o, n.Origin)
}

// write makes o the current version of the key of h, with the retention that its bucket gives it, and tells
// the observer.
func (s *Service) write(tx meta.Tx, h *head, o *records.Object, origin Origin) (freed bool, err error) {
	if err := s.retain(h.bucket, o); err != nil {
		return false, err
	}
	if freed, err = s.add(tx, h, o); err != nil {
		return false, err
	}
	return freed, s.changed(tx, h.bucket, h.key, o, origin)
}

// releaseBlobs turns the blobs of segments, whose record the transaction removes, into garbage.
func releaseBlobs(tx meta.Tx, segments []*records.Segment) error {
	for _, segment := range segments {
		if err := errors.Join(tx.Delete(keys.Blob(segment.Blob)), tx.Put(keys.Garbage(segment.Blob), nil)); err != nil {
			return err
		}
	}
	return nil
}

// clone returns a copy of o, which may be nil, that the service may fill in.
func clone(o *records.Object) *records.Object {
	if o == nil {
		return new(records.Object)
	}
	return proto.CloneOf(o)
}
