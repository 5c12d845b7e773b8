package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// legacyRegion is the region in which creating one's own bucket again succeeds.
const legacyRegion = "us-east-1"

// NewBucket is what CreateBucket stores. The service draws the bucket's ID and sets its creation time.
type NewBucket struct {
	Name      string
	Account   ids.AccountID
	Canonical ids.CanonicalUserID
	Region    string
	Ownership string // BucketOwnerEnforced, BucketOwnerPreferred or ObjectWriter
	ACL       []*records.Grant
	Policy    string                     // as it is kept, which is for the caller to have seen to; empty: none
	Block     *records.PublicAccessBlock // nil: none set
	Tags      []*records.Tag             // in order of their keys
	// Lock gives the bucket object lock, and with it versioning.
	Lock bool
	// Encryption is the default encryption; nil: SSE-S3.
	Encryption *records.DefaultEncryption
}

// BucketInfo is one row of ListBuckets.
type BucketInfo struct {
	Name    string
	Region  string
	Created time.Time // UTC
}

// CreateBucket creates a bucket: InvalidBucketName, TooManyBuckets, BucketAlreadyExists if another
// account has it, BucketAlreadyOwnedByYou if b.Account has it.
//
// In us-east-1, creating one's own bucket again succeeds and resets its ACL, and changes nothing else,
// as S3 does "for legacy compatibility". The reset leaves FULL_CONTROL for the owner whatever b.ACL
// says: otherwise it would be a way around the bucket's Block Public Access and object ownership, which
// b.ACL was not checked against.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
func (s *Service) CreateBucket(ctx context.Context, b NewBucket) error {
	if err := checkBucketName(b.Name); err != nil {
		return err
	}
	record := &records.Bucket{
		Name:              b.Name,
		Id:                make([]byte, len(keys.BucketID{})),
		Account:           string(b.Account),
		CanonicalId:       string(b.Canonical),
		Region:            b.Region,
		Created:           s.opts.Now().UnixNano(),
		Ownership:         b.Ownership,
		Acl:               b.ACL,
		Policy:            b.Policy,
		PublicAccessBlock: b.Block,
		Encryption:        b.Encryption,
		Tags:              b.Tags,
	}
	if b.Lock {
		record.Versioning, record.ObjectLock = VersioningEnabled, new(records.ObjectLock)
	}
	if err := s.draw(record.Id); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx meta.Tx) error {
		existing, err := readBucket(tx, b.Name)
		if err == nil {
			return recreate(tx, existing, b)
		}
		if !errors.Is(err, meta.ErrNotFound) {
			return err
		}
		if err := s.countBucket(tx, b.Account); err != nil {
			return err
		}
		if err := tx.Put(keys.BucketOf(b.Account, b.Name), nil); err != nil {
			return err
		}
		return records.Put(tx, keys.Bucket(b.Name), record)
	})
}

// recreate is CreateBucket where the bucket exists.
func recreate(tx meta.Tx, existing *records.Bucket, b NewBucket) error {
	switch {
	case existing.Account != string(b.Account):
		return bucketAlreadyExists(b.Name)
	case existing.Region != legacyRegion || b.Region != legacyRegion:
		return bucketAlreadyOwnedByYou(b.Name)
	}
	existing.Acl = []*records.Grant{{CanonicalId: existing.CanonicalId, Permission: "FULL_CONTROL"}}
	return records.Put(tx, keys.Bucket(b.Name), existing)
}

// countBucket counts a bucket that is about to be made, or refuses it.
func (s *Service) countBucket(tx meta.Tx, account ids.AccountID) error {
	quota, err := quotas.Value(tx, account, quotas.Buckets, s.opts.MaxBuckets)
	if err != nil {
		return err
	}
	room, err := quotas.Enter(tx, account, keys.BucketKind, quota)
	if err == nil && !room {
		err = tooManyBuckets()
	}
	return err
}

// ListBuckets returns the buckets of account in order of their names; nil if it has none.
func (s *Service) ListBuckets(ctx context.Context, account ids.AccountID) ([]BucketInfo, error) {
	var list []BucketInfo
	err := s.store.View(ctx, func(r meta.Reader) error {
		names, err := bucketKeys(r, account)
		if err != nil {
			return err
		}
		values, err := r.GetMany(names)
		if err != nil {
			return err
		}
		list = nil
		for i, value := range values {
			var b records.Bucket
			if value == nil {
				return fmt.Errorf("bucket %q of account %s has no record: %w", names[i], account, meta.ErrCorrupt)
			}
			if err := records.Unmarshal(value, &b); err != nil {
				return err
			}
			list = append(list, BucketInfo{Name: b.Name, Region: b.Region, Created: time.Unix(0, b.Created).UTC()})
		}
		return nil
	})
	return list, err
}

// bucketKeys returns the keys of the bucket records of account.
func bucketKeys(r meta.Reader, account ids.AccountID) ([][]byte, error) {
	var found [][]byte
	it := r.Scan(keys.BucketsOf(account))
	for it.Next() {
		name, err := keys.ParseBucketOf(it.Key())
		if err != nil {
			return nil, errors.Join(err, it.Close())
		}
		found = append(found, keys.Bucket(name))
	}
	return found, it.Close()
}

// UpdateBucket changes a bucket's record in one transaction: NoSuchBucket if it is not there. change also
// gets the record of the account that owns the bucket, which it must not change. It may be called several
// times, each time with fresh records; its error is returned as it is. It must not change the bucket's name,
// ID or account.
func (s *Service) UpdateBucket(ctx context.Context, name string, change func(b *records.Bucket, owner *records.Account) error) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		_, err := changeBucket(tx, name, change)
		return err
	})
}

// changeBucket lets change change the record of a bucket, keeps it and returns it.
func changeBucket(tx meta.Tx, name string, change func(b *records.Bucket, owner *records.Account) error) (*records.Bucket, error) {
	b, err := existingBucket(tx, name)
	if err != nil {
		return nil, err
	}
	owner := new(records.Account)
	if err := records.Get(tx, keys.Account(ids.AccountID(b.Account)), owner); err != nil {
		return nil, fmt.Errorf("read owner of bucket %s: %w", name, err)
	}
	if err := change(b, owner); err != nil {
		return nil, err
	}
	return b, records.Put(tx, keys.Bucket(name), b)
}

// PutSetting keeps a setting of a bucket that is not in its record, or removes it if value is nil.
// Before, change is called as by UpdateBucket: it judges the change anew, and may change the bucket's record
// with it.
func (s *Service) PutSetting(ctx context.Context, name string, kind keys.SettingKind, value proto.Message,
	change func(b *records.Bucket, owner *records.Account) error) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		b, err := changeBucket(tx, name, change)
		if err != nil {
			return err
		}
		if kind == keys.Lifecycle {
			if err := s.indexLifecycle(tx, b, value != nil); err != nil {
				return err
			}
		}
		key := keys.Setting(keys.BucketID(b.Id), kind)
		if value == nil {
			return tx.Delete(key)
		}
		return records.Put(tx, key, value)
	})
}

// DeleteBucket deletes an empty bucket: NoSuchBucket if the bucket is not the one with this ID, or
// BucketNotEmpty if it has objects, versions or delete markers. Uploads in progress do not keep a bucket from being deleted; they are
// aborted with it, in the same transaction.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html, which names uploads in
// progress as an obstacle for directory buckets only.
func (s *Service) DeleteBucket(ctx context.Context, id keys.BucketID, name string) error {
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		b, err := existingBucket(tx, name)
		if err != nil {
			return err
		}
		if keys.BucketID(b.Id) != id {
			return noSuchBucket(name)
		}
		if err := checkEmpty(tx, id, name); err != nil {
			return err
		}
		if err := dropUploads(tx, id); err != nil {
			return err
		}
		if err := dropSettings(tx, id); err != nil {
			return err
		}
		if err := s.indexLifecycle(tx, b, false); err != nil {
			return err
		}
		return removeBucket(tx, b)
	})
	if err == nil {
		s.sweeper.wake()
	}
	return err
}

// removeBucket removes the record of a bucket that has nothing left.
func removeBucket(tx meta.Tx, b *records.Bucket) error {
	account := ids.AccountID(b.Account)
	if err := quotas.Leave(tx, account, keys.BucketKind); err != nil {
		return err
	}
	if err := tx.Delete(keys.BucketOf(account, b.Name)); err != nil {
		return err
	}
	return tx.Delete(keys.Bucket(b.Name))
}

// checkEmpty returns BucketNotEmpty if the bucket has any version of an object.
func checkEmpty(r meta.Reader, id keys.BucketID, name string) error {
	current := func() (from, to []byte) { return keys.Objects(id, "") }
	others := func() (from, to []byte) { return keys.Versions(id) }
	for _, all := range []func() (from, to []byte){current, others} {
		it := r.Scan(all())
		occupied := it.Next()
		if err := it.Close(); err != nil {
			return err
		}
		if occupied {
			return bucketNotEmpty(name)
		}
	}
	return nil
}

// dropSettings removes the settings of a bucket that are not in its record.
func dropSettings(tx meta.Tx, id keys.BucketID) error {
	from, to := keys.Settings(id)
	found, err := meta.Keys(tx, from, to, meta.All)
	if err != nil {
		return err
	}
	return meta.DeleteAll(tx, found)
}

// readBucket returns the record of a bucket, or an error that wraps meta.ErrNotFound.
func readBucket(r meta.Reader, name string) (*records.Bucket, error) {
	var b records.Bucket
	if err := records.Get(r, keys.Bucket(name), &b); err != nil {
		return nil, err
	}
	if len(b.Id) != len(keys.BucketID{}) {
		return nil, fmt.Errorf("bucket %s has an id of %d bytes: %w", name, len(b.Id), meta.ErrCorrupt)
	}
	return &b, nil
}

// existingBucket returns the record of a bucket, or NoSuchBucket.
func existingBucket(r meta.Reader, name string) (*records.Bucket, error) {
	if !validBucketName(name) {
		return nil, noSuchBucket(name)
	}
	b, err := readBucket(r, name)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, noSuchBucket(name)
	}
	return b, err
}

// sameBucket returns the bucket of value, the record under a bucket's name or nil; NoSuchBucket unless it is
// the bucket with this ID: one that was deleted and created again is another one.
func sameBucket(value []byte, name string, id keys.BucketID) (*records.Bucket, error) {
	if value == nil {
		return nil, noSuchBucket(name)
	}
	b := new(records.Bucket)
	if err := records.Unmarshal(value, b); err != nil {
		return nil, err
	}
	if !bytes.Equal(b.Id, id[:]) {
		return nil, noSuchBucket(name)
	}
	return b, nil
}
