package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// ErrLifecycleChanged says that a bucket no longer has the lifecycle that was to be applied, or that its account is
// closed, so that it rests.
var ErrLifecycleChanged = errors.New("lifecycle was changed or removed")

// LifecycleBatch asks for what the lifecycle of a bucket wants of some of its versions.
type LifecycleBatch struct {
	Bucket     keys.BucketID
	BucketName string
	// Configured is that of the LifecycleProgress under which Judge was made.
	Configured int64
	Versions   []LifecycleVersion
	// Judge says what is due for a version; it may be called several times for each. Of the newer versions only
	// MostNewer are counted.
	Judge     func(v *lifecycle.Version, versioned bool) lifecycle.Action
	MostNewer int
}

// LifecycleVersion names one version.
type LifecycleVersion struct{ Key, Version string }

// ApplyLifecycle judges each version as it is now, and carries out what is due, in one transaction. It returns what
// was done to each; nothing is done to what is not there, to what object lock protects, and in a bucket with MFA
// delete. ErrLifecycleChanged, nothing being done, if the bucket has another lifecycle meanwhile; NoSuchBucket if it
// is another bucket.
//
// The permissions of nobody are asked for: the lifecycle is the bucket owner's. A delete marker belongs to the owner
// of the bucket.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
func (s *Service) ApplyLifecycle(ctx context.Context, b *LifecycleBatch) ([]lifecycle.Action, error) {
	done := make([]lifecycle.Action, len(b.Versions))
	var freed bool
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		freed = false
		clear(done)
		if err := b.checkConfigured(tx); err != nil {
			return err
		}
		for i, v := range b.Versions {
			h, err := readHead(tx, b.Bucket, b.BucketName, v.Key)
			if err != nil {
				return err
			}
			var one bool
			if done[i], one, err = s.applyLifecycle(tx, b, h, v.Version); err != nil {
				return err
			}
			freed = freed || one
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if freed {
		s.sweeper.wake()
	}
	return done, nil
}

// checkConfigured makes sure that the bucket still has the lifecycle of b, and that its account is open.
func (b *LifecycleBatch) checkConfigured(r meta.Reader) error {
	progress := new(records.LifecycleProgress)
	err := records.Get(r, keys.LifecycleBucket(b.BucketName), progress)
	if errors.Is(err, meta.ErrNotFound) || err == nil && progress.Configured != b.Configured {
		return ErrLifecycleChanged
	}
	if err != nil {
		return err
	}
	bucket, err := existingBucket(r, b.BucketName)
	if err != nil {
		return err
	}
	account := new(records.Account)
	if err := records.Get(r, keys.Account(ids.AccountID(bucket.Account)), account); err != nil {
		return fmt.Errorf("read owner of bucket %s: %w", b.BucketName, err)
	}
	if account.Closed != 0 {
		return ErrLifecycleChanged
	}
	return nil
}

// applyLifecycle does what is due for one version, and tells whether bytes were freed by it.
func (s *Service) applyLifecycle(tx meta.Tx, b *LifecycleBatch, h *head, version string) (lifecycle.Action, bool, error) {
	none := lifecycle.Action{}
	f, err := find(tx, h.id, h.key, version)
	if err != nil || f == nil || h.bucket.MfaDelete {
		return none, false, err
	}
	v := lifecycle.VersionOf(h.key, f.object, h.isCurrent(f), s.opts.Now())
	if err := h.count(tx, f, &v, b.MostNewer); err != nil {
		return none, false, err
	}
	a := b.Judge(&v, h.bucket.Versioning != "")
	switch a.Kind {
	case lifecycle.Remove:
		if Protected(f.object, s.opts.Now(), false) {
			return none, false, nil
		}
		freed, err := s.remove(tx, h, &Deletion{Origin: expiration}, f)
		return a, freed, err
	case lifecycle.Mark:
		_, freed, err := s.deleteKey(tx, h, &Deletion{
			Owner: ids.CanonicalUserID(h.bucket.CanonicalId), OwnerAccount: ids.AccountID(h.bucket.Account), Origin: expiration,
		})
		return a, freed, err
	case lifecycle.Transition:
		f.object.StorageClass = a.Class
		if err := putObject(tx, f.at, f.object); err != nil {
			return none, false, err
		}
		return a, false, s.changed(tx, h.bucket, h.key, f.object, Origin{Event: "LifecycleTransition"})
	}
	return none, false, nil
}

// expiration is the origin of what lifecycles delete.
var expiration = Origin{Event: "LifecycleExpiration:"}

// count tells v what no record tells.
func (h *head) count(r meta.Reader, f *found, v *lifecycle.Version, most int) (err error) {
	switch {
	case v.Current && v.DeleteMarker:
		v.Only, err = h.only(r)
	case !v.Current && most > 0:
		v.Newer, err = h.newer(r, f, most)
	}
	return err
}

// only reports whether the delete marker that is the current version is the only one.
func (h *head) only(r meta.Reader) (bool, error) {
	it := r.Scan(keys.VersionsOf(h.id, h.key))
	n := 0
	for n < 2 && it.Next() {
		n++
	}
	return n < 2, it.Close()
}

// newer counts the noncurrent versions that are newer than f, up to most, delete markers left out.
func (h *head) newer(r meta.Reader, f *found, most int) (n int, err error) {
	var records listDecoder
	it := r.Scan(keys.VersionsOf(h.id, h.key))
	for n < most && it.Next() && !bytes.Equal(it.Key(), f.at) {
		o, err := records.decode(it.Value())
		if err != nil {
			return 0, errors.Join(err, it.Close())
		}
		if !o.DeleteMarker {
			n++
		}
	}
	return n, it.Close()
}

// indexLifecycle says whether a bucket has a lifecycle, among those that the passes of lifecycles go over. With a
// lifecycle that is put the passes begin anew.
func (s *Service) indexLifecycle(tx meta.Tx, b *records.Bucket, has bool) error {
	key := keys.LifecycleBucket(b.Name)
	if !has {
		return tx.Delete(key)
	}
	return records.Put(tx, key, &records.LifecycleProgress{Bucket: b.Id, Configured: s.opts.Now().UnixNano()})
}
