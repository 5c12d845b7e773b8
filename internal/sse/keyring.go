package sse

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

// The algorithms of server-side encryption, as S3 names them. A customer's key goes with AES256.
const (
	AES256 = "AES256"       // SSE-S3
	KMS    = "aws:kms"      // SSE-KMS
	DSSE   = "aws:kms:dsse" // DSSE-KMS
)

// Errors of Keyring.
var (
	// ErrCustomerKeyNeeded says that content is encrypted under a customer's key and none was given.
	ErrCustomerKeyNeeded = errors.New("sse: the key of the customer is needed")
	// ErrCustomerKeyWrong says that the customer's key that was given is another one, or is one too many.
	ErrCustomerKeyWrong = errors.New("sse: the key of the customer is not the one of this content")
)

// KMSKeys seal and open under KMS keys; package kms has them. Whether anyone may is not asked here.
type KMSKeys interface {
	// Encrypt seals a secret for a context under the current material of the key with this ARN. It
	// returns an *apierr.Error with KMS's code if the key is not there or not usable.
	Encrypt(ctx context.Context, keyARN string, secret, context []byte) (sealed []byte, err error)
	// Decrypt opens what Encrypt sealed for the same context, under whichever material. Errors are
	// those of Encrypt, and others if the secret does not open.
	Decrypt(ctx context.Context, keyARN string, sealed, context []byte) (secret []byte, err error)
}

// Keyring seals and opens the content keys of objects. It is safe for concurrent use.
type Keyring struct {
	// Master is the master key.
	Master *seal.Box
	// KMS may be nil: then what needs a KMS key fails.
	KMS KMSKeys
	// Rand is the source of content keys; nil means crypto/rand.
	Rand io.Reader
}

// Place is where an object lies. A sealed content key opens there and nowhere else.
type Place struct {
	Bucket keys.BucketID
	Key    string
}

// binding is what a content key is sealed for: its place, and what the record says of the encryption. No
// component but the last has a zero byte in it.
func binding(e *records.Encryption, p Place) []byte {
	const domain = "crossgrant content key"
	b := make([]byte, 0, len(domain)+len(e.Algorithm)+len(e.KmsKeyId)+len(e.Context)+4+len(p.Bucket)+len(p.Key))
	for _, text := range [...]string{domain, e.Algorithm, e.KmsKeyId, e.Context} {
		b = append(append(b, text...), 0)
	}
	return append(append(b, p.Bucket[:]...), p.Key...)
}

// Draw draws a content key for what e says, and seals it as Seal does.
func (r *Keyring) Draw(ctx context.Context, e *records.Encryption, customer *CustomerKey, p Place) (*Key, error) {
	random := r.Rand
	if random == nil {
		random = rand.Reader
	}
	k, err := NewKey(random, Layers(e))
	if err != nil {
		return nil, err
	}
	return k, r.Seal(ctx, e, customer, k, p)
}

// Layers returns how many times the content is encrypted of which e tells.
func Layers(e *records.Encryption) int {
	if e.GetAlgorithm() == DSSE {
		return 2
	}
	return 1
}

// Seal sets what e holds of k: the sealed key, and the MD5 of the customer's key if there is one. Algorithm,
// KMS key ID and context are the caller's to set before. customer is nil unless the content is encrypted
// under a customer's key; where e has the MD5 of one already, that is the key that has to come. k must have the layers that e demands. An *apierr.Error tells that the KMS key
// cannot be used.
func (r *Keyring) Seal(ctx context.Context, e *records.Encryption, customer *CustomerKey, k *Key, p Place) (err error) {
	if k.Layers() != Layers(e) {
		return fmt.Errorf("sse: %s needs another number of layers than %d", e.Algorithm, k.Layers())
	}
	if len(e.CustomerMd5) > 0 {
		if err := checkCustomer(e, customer); err != nil {
			return err
		}
	}
	bound := binding(e, p)
	e.CustomerMd5, e.SealedOuterKey = nil, nil
	secret := k.secrets[0][:]
	switch {
	case customer != nil && e.Algorithm == AES256:
		e.CustomerMd5 = customer.MD5()
		e.SealedKey, err = Wrap(customer.secret[:], secret, bound)
	case customer != nil:
		return fmt.Errorf("sse: %s does not go with a customer's key", e.Algorithm)
	case e.Algorithm == AES256:
		e.SealedKey, err = r.Master.Seal(secret, bound)
	case (e.Algorithm == KMS || e.Algorithm == DSSE) && r.KMS != nil:
		e.SealedKey, err = r.KMS.Encrypt(ctx, e.KmsKeyId, secret, bound)
		if err == nil && e.Algorithm == DSSE {
			e.SealedOuterKey, err = r.Master.Seal(k.secrets[1][:], bound)
		}
	default:
		return fmt.Errorf("sse: there is no algorithm %q", e.Algorithm)
	}
	return err
}

// Open returns the content key that e holds for this place. Errors: ErrCustomerKeyNeeded and
// ErrCustomerKeyWrong, an *apierr.Error of the KMS key, or one that wraps meta.ErrCorrupt if the key is not
// what was sealed for this place.
func (r *Keyring) Open(ctx context.Context, e *records.Encryption, customer *CustomerKey, p Place) (*Key, error) {
	if err := checkCustomer(e, customer); err != nil {
		return nil, err
	}
	bound := binding(e, p)
	k := &Key{secrets: make([][KeySize]byte, Layers(e))}
	if err := k.set(0, func() ([]byte, error) { return r.openInner(ctx, e, customer, bound) }); err != nil {
		return nil, err
	}
	if k.Layers() == 1 {
		return k, nil
	}
	return k, k.set(1, func() ([]byte, error) { return r.Master.Open(e.SealedOuterKey, bound) })
}

// checkCustomer compares the customer's key that was given with the one that is needed.
func checkCustomer(e *records.Encryption, customer *CustomerKey) error {
	switch {
	case len(e.CustomerMd5) == 0 && customer == nil:
		return nil
	case customer == nil:
		return ErrCustomerKeyNeeded
	case !customer.Is(e.CustomerMd5):
		return ErrCustomerKeyWrong
	}
	return nil
}

func (r *Keyring) openInner(ctx context.Context, e *records.Encryption, customer *CustomerKey, bound []byte) ([]byte, error) {
	switch {
	case customer != nil:
		return Unwrap(customer.secret[:], e.SealedKey, bound)
	case e.Algorithm == AES256:
		return r.Master.Open(e.SealedKey, bound)
	case (e.Algorithm == KMS || e.Algorithm == DSSE) && r.KMS != nil:
		return r.KMS.Decrypt(ctx, e.KmsKeyId, e.SealedKey, bound)
	case e.Algorithm == KMS || e.Algorithm == DSSE:
		return nil, errors.New("sse: there is no KMS")
	default:
		return nil, fmt.Errorf("sse: there is no algorithm %q: %w", e.Algorithm, meta.ErrCorrupt)
	}
}

// set sets one of the secrets of k to what open returns.
func (k *Key) set(i int, open func() ([]byte, error)) error {
	secret, err := open()
	if errors.Is(err, ErrKey) || errors.Is(err, seal.ErrOpen) || err == nil && len(secret) != KeySize {
		return fmt.Errorf("content key is not what was sealed here: %w", meta.ErrCorrupt)
	}
	if err != nil {
		return err
	}
	k.secrets[i] = [KeySize]byte(secret)
	return nil
}
