// Package signing keeps the key pairs that CloudTrail's digest files are signed with.
//
// A key pair signs for Options.Rotate from when it was made, and is valid for Options.Valid: longer, so that what was
// signed at the end of its time lies within, and a digest file that is delivered late. Then the next one is made, when it
// is asked for. None is ever removed: a digest file can be verified as long as there is one.
//
// AWS publishes no interval. In its example of ListPublicKeys, keys are valid for 30 days, and one begins 20 days after
// another: so it is here. The fingerprint of a public key is the MD5 of its DER form, as it is for the keys of that
// example.
//
// Sources:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
package signing

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

const (
	defaultRotate = 20 * 24 * time.Hour
	// overlap is how much longer a key pair is valid than it signs if nobody says.
	overlap = 10 * 24 * time.Hour
	// bits is the size of a key.
	bits = 2048
	// slack is how much earlier than a key pair the end of a digest file may be that it signed: such a file was to be
	// made while no server was running, or by one whose clock is behind.
	slack = 24 * time.Hour
)

// Options adjusts a Service.
type Options struct {
	// Rotate is how long a key pair signs; 0 means 20 days.
	Rotate time.Duration
	// Valid is how long a key pair is valid, at least Rotate; 0 means ten days longer than Rotate.
	Valid time.Duration
	// Generate makes a private key; nil means one of 2048 bits. Tests need few.
	Generate func() (*rsa.PrivateKey, error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service makes and finds key pairs. It is safe for concurrent use.
type Service struct {
	store *meta.Store
	box   *seal.Box
	opts  Options

	mu   sync.Mutex // protects last
	last *Key       // that was opened last, so that it need not be again; nil: none was
}

// New returns a Service that keeps key pairs in store, their private keys sealed by box.
func New(store *meta.Store, box *seal.Box, opts Options) *Service {
	if opts.Rotate == 0 {
		opts.Rotate = defaultRotate
	}
	if opts.Valid == 0 {
		opts.Valid = opts.Rotate + overlap
	}
	opts.Valid = max(opts.Valid, opts.Rotate)
	if opts.Generate == nil {
		opts.Generate = func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, bits) }
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Service{store: store, box: box, opts: opts}
}

// Current returns the key pair that signs now. It makes one if there is none or if the last one has signed for long
// enough; of servers that do so at once all use the one that was first.
func (s *Service) Current(ctx context.Context) (*Key, error) {
	now := s.opts.Now()
	var found *records.TrailKey
	err := s.store.View(ctx, func(r meta.Reader) (err error) {
		found, err = s.signs(r, now)
		return err
	})
	if err == nil && found == nil {
		found, err = s.rotate(ctx, now)
	}
	if err != nil {
		return nil, fmt.Errorf("find the key of digest files: %w", err)
	}
	return s.open(found)
}

// signs returns the youngest key pair if it signs at a time, else nil. One that begins later than clocks differ is
// passed over: it was made when the clock was wrong.
func (s *Service) signs(r meta.Reader, now time.Time) (youngest *records.TrailKey, err error) {
	err = each(r, func(k *records.TrailKey) {
		if k.Begins <= now.Add(slack).UnixNano() {
			youngest = k
		}
	})
	if err != nil || youngest == nil || !now.Before(time.Unix(0, youngest.Begins).Add(s.opts.Rotate)) {
		return nil, err
	}
	return youngest, nil
}

// rotate makes a key pair and keeps it, unless there is one by then that signs.
func (s *Service) rotate(ctx context.Context, now time.Time) (*records.TrailKey, error) {
	made, err := s.make(now)
	if err != nil {
		return nil, err
	}
	var used *records.TrailKey
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		used = nil
		there, err := s.signs(tx, now)
		if err != nil || there != nil {
			used = there
			return err
		}
		used = made
		// A key pair that began at the same time and does not sign is not there: Rotate is more than nothing.
		return records.Put(tx, keys.TrailKey(made.Begins), made)
	})
	return used, err
}

// make returns a new key pair.
func (s *Service) make(now time.Time) (*records.TrailKey, error) {
	private, err := s.opts.Generate()
	if err != nil {
		return nil, fmt.Errorf("make a key pair: %w", err)
	}
	public := x509.MarshalPKCS1PublicKey(&private.PublicKey)
	k := &records.TrailKey{Fingerprint: fingerprint(public), Public: public, Begins: now.UnixNano(), Ends: now.Add(s.opts.Valid).UnixNano()}
	k.SealedPrivate, err = s.box.Seal(x509.MarshalPKCS1PrivateKey(private), []byte(k.Fingerprint))
	return k, err
}

// fingerprint returns the one of a public key in PKCS #1, DER, as AWS makes it.
func fingerprint(public []byte) string {
	sum := md5.Sum(public)
	return hex.EncodeToString(sum[:])
}

// open returns a key pair whose private key is opened.
func (s *Service) open(k *records.TrailKey) (*Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && s.last.fingerprint == k.Fingerprint {
		return s.last, nil
	}
	text, err := s.box.Open(k.SealedPrivate, []byte(k.Fingerprint))
	if err != nil {
		return nil, fmt.Errorf("open the private key %s: %w", k.Fingerprint, err)
	}
	private, err := x509.ParsePKCS1PrivateKey(text)
	if err == nil && fingerprint(x509.MarshalPKCS1PublicKey(&private.PublicKey)) != k.Fingerprint {
		err = errors.New("it is another's")
	}
	if err != nil {
		return nil, fmt.Errorf("read the private key %s: %w: %w", k.Fingerprint, err, meta.ErrCorrupt)
	}
	s.last = &Key{private: private, fingerprint: k.Fingerprint}
	return s.last, nil
}

// each calls fn with every key pair, the oldest first.
func each(r meta.Reader, fn func(k *records.TrailKey)) error {
	it := r.Scan(keys.TrailKeys())
	for it.Next() {
		k := new(records.TrailKey)
		if err := records.Unmarshal(it.Value(), k); err != nil {
			return errors.Join(err, it.Close())
		}
		fn(k)
	}
	return it.Close()
}
