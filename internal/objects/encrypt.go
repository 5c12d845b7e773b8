package objects

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/keys"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// Source is an object whose bytes are to be read: its record, which Get returned, where it lies, and the key
// with which its writer had it encrypted, if that was a customer's own (SSE-C).
type Source struct {
	Bucket   keys.BucketID
	Key      string
	Object   *records.Object
	Customer *sse.CustomerKey
}

func (src *Source) place() sse.Place { return sse.Place{Bucket: src.Bucket, Key: src.Key} }

// openKey returns the content key of an object or an upload, or nil if its content lies in the clear, as what
// was written before there was encryption.
func (s *Service) openKey(ctx context.Context, e *records.Encryption, customer *sse.CustomerKey, p sse.Place) (*sse.Key, error) {
	if e != nil {
		return s.opts.Keys.Open(ctx, e, customer, p)
	}
	if customer != nil {
		return nil, sse.ErrCustomerKeyWrong
	}
	return nil, nil
}

// drawKey draws a content key for what e says, nil meaning SSE-S3, and returns it, and e as it is stored.
func (s *Service) drawKey(ctx context.Context, e *records.Encryption, customer *sse.CustomerKey, p sse.Place) (*sse.Key, *records.Encryption, error) {
	sealed := &records.Encryption{Algorithm: sse.AES256}
	if e != nil {
		sealed = proto.CloneOf(e)
	}
	k, err := s.opts.Keys.Draw(ctx, sealed, customer, p)
	if err != nil {
		return nil, nil, err
	}
	return k, sealed, nil
}

// encrypt draws the content key of the object that n describes.
func (n *NewObject) encrypt(ctx context.Context, s *Service) (err error) {
	n.key, n.encryption, err = s.drawKey(ctx, n.Object.GetEncryption(), n.Customer, n.place())
	return err
}

func (n *NewObject) place() sse.Place { return sse.Place{Bucket: n.Bucket, Key: n.Key} }

// run is a run of bytes that is being written: its cipher, and the salt that is kept beside it.
type run struct {
	cipher *sse.Run
	salt   []byte
}

// newRun begins a run under k, or returns nil if k is nil.
func (s *Service) newRun(k *sse.Key) (*run, error) {
	if k == nil {
		return nil, nil
	}
	salt := make([]byte, sse.SaltSize)
	if err := s.draw(salt); err != nil {
		return nil, err
	}
	cipher, err := k.Run(salt)
	if err != nil {
		return nil, err
	}
	return &run{cipher, salt}, nil
}

// etag returns the entity tag of content that has the MD5 sum: the MD5 itself where S3 encrypts with its own
// keys. Elsewhere it is not, as on S3, where it also differs between two uploads of the same bytes: here it
// is random, so that nobody who reads the metadata learns the MD5.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
func (s *Service) etag(e *records.Encryption, sum []byte) ([]byte, error) {
	if tagIsMD5(e) {
		return sum, nil
	}
	tag := make([]byte, md5.Size)
	return tag, s.draw(tag)
}

// tagIsMD5 reports whether the entity tag of content that is encrypted so is its MD5.
func tagIsMD5(e *records.Encryption) bool {
	return e == nil || e.Algorithm == sse.AES256 && len(e.CustomerMd5) == 0
}

// encryptionOf returns the encryption of the object whose last part is given: that of its upload, with the
// salt of the bytes that are inline.
func encryptionOf(u *records.Upload, last *records.Part) *records.Encryption {
	if u.Encryption == nil {
		return nil
	}
	e := proto.CloneOf(u.Encryption)
	e.InlineSalt = last.InlineSalt
	return e
}

// takeOver seals the content key of src for the object that n describes, which takes over the runs of src as
// they are, salts included. It returns nil if it cannot: because src lies in the clear, or in another number of
// layers.
func (s *Service) takeOver(ctx context.Context, n *NewObject, src *Source) (*records.Encryption, error) {
	from := src.Object.GetEncryption()
	to := n.Object.GetEncryption()
	if to == nil {
		to = &records.Encryption{Algorithm: sse.AES256}
	}
	if from == nil || sse.Layers(from) != sse.Layers(to) {
		return nil, nil
	}
	k, err := s.openKey(ctx, from, src.Customer, src.place())
	if err != nil {
		return nil, fmt.Errorf("open content key of the source: %w", err)
	}
	sealed := proto.CloneOf(to)
	if err := s.opts.Keys.Seal(ctx, sealed, n.Customer, k, n.place()); err != nil {
		return nil, err
	}
	sealed.InlineSalt = from.InlineSalt
	return sealed, nil
}

// ErrChanged says that an object was changed or replaced since its record was read.
var ErrChanged = errors.New("objects: the object was changed meanwhile")

// Reseal seals the content key of src, a version of a key of b, as to says, which is of as many layers as the
// object; nothing else of the record changes and no content is read. src is as Head returns it. ErrChanged if the
// record is no longer that of src.
func (s *Service) Reseal(ctx context.Context, b *records.Bucket, src Source, version string, to *records.Encryption) error {
	k, err := s.openKey(ctx, src.Object.Encryption, src.Customer, src.place())
	if err != nil {
		return err
	}
	if k == nil {
		return errors.New("objects: content in the clear has no key to seal")
	}
	sealed := proto.CloneOf(to)
	if err := s.opts.Keys.Seal(ctx, sealed, nil, k, src.place()); err != nil {
		return err
	}
	sealed.InlineSalt = src.Object.Encryption.InlineSalt
	return s.UpdateObject(ctx, b, src.Key, version, Origin{}, func(o *records.Object) error {
		if !proto.Equal(o, src.Object) {
			return ErrChanged
		}
		o.Encryption = sealed
		return nil
	})
}
