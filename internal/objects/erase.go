package objects

import (
	"bytes"
	"context"
	"errors"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// removeBatch is how many versions, uploads or parts one transaction of EraseAccount removes.
const removeBatch = 256

// AccountContents tells how many buckets an account has and, if exactly is set, what lies in them; every version is
// looked at for that. Bytes are those of the content of versions and parts.
func (s *Service) AccountContents(r meta.Reader, account ids.AccountID, exactly bool, tell func(what string, n int)) error {
	n, err := quotas.Count(r, account, keys.BucketKind)
	tell("Buckets", n)
	if err != nil || !exactly {
		return err
	}
	names, err := bucketKeys(r, account)
	if err != nil {
		return err
	}
	var total contents
	for _, name := range names {
		b := new(records.Bucket)
		if err := records.Get(r, name, b); err != nil {
			return err
		}
		if err := total.add(r, keys.BucketID(b.Id)); err != nil {
			return err
		}
	}
	tell("Objects", total.objects)
	tell("NoncurrentVersions", total.versions)
	tell("DeleteMarkers", total.markers)
	tell("Uploads", total.uploads)
	tell("Parts", total.parts)
	tell("Bytes", total.bytes)
	return nil
}

// contents counts what lies in buckets.
type contents struct{ objects, versions, markers, uploads, parts, bytes int }

// add counts what lies in one bucket.
func (c *contents) add(r meta.Reader, b keys.BucketID) error {
	count := func(o *records.Object) {
		c.bytes += int(o.Size)
		switch {
		case o.DeleteMarker:
			c.markers++
		case o.Superseded != 0:
			c.versions++
		default:
			c.objects++
		}
	}
	for _, scan := range []func() (from, to []byte){
		func() (from, to []byte) { return keys.Objects(b, "") },
		func() (from, to []byte) { return keys.Versions(b) },
	} {
		var d listDecoder
		it := r.Scan(scan())
		for it.Next() {
			o, err := d.decode(it.Value())
			if err != nil {
				return errors.Join(err, it.Close())
			}
			count(o)
		}
		if err := it.Close(); err != nil {
			return err
		}
	}
	return c.addUploads(r, b)
}

func (c *contents) addUploads(r meta.Reader, b keys.BucketID) error {
	it := r.Scan(keys.Uploads(b))
	for it.Next() {
		_, id, err := keys.ParseUpload(it.Key())
		if err != nil {
			return errors.Join(err, it.Close())
		}
		parts, err := readParts(r, id)
		if err != nil {
			return errors.Join(err, it.Close())
		}
		c.uploads++
		c.parts += len(parts)
		for _, p := range parts {
			c.bytes += int(p.Size)
		}
	}
	return it.Close()
}

// EraseAccount removes some of what lies in the buckets of an account that is being deleted, or an empty bucket, in
// one transaction, and returns how much: 0 if the account has no bucket left. Object lock holds nothing back: as on
// AWS, what compliance mode retains goes with the account and in no other way. Nobody is told.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html#object-lock-retention-modes
func (s *Service) EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error) {
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		removed = 0
		b, err := firstBucket(tx, account)
		if err != nil || b == nil {
			return err
		}
		if removed, err = clearBucket(tx, keys.BucketID(b.Id)); err != nil || removed > 0 {
			return err
		}
		removed = 1
		return errors.Join(dropSettings(tx, keys.BucketID(b.Id)), s.indexLifecycle(tx, b, false), removeBucket(tx, b))
	})
	if removed > 0 {
		s.sweeper.wake()
	}
	return removed, err
}

// firstBucket returns a bucket of an account; nil if it has none.
func firstBucket(r meta.Reader, account ids.AccountID) (*records.Bucket, error) {
	it := r.Scan(keys.BucketsOf(account))
	var name string
	var err error
	if it.Next() {
		name, err = keys.ParseBucketOf(it.Key())
	}
	if err := errors.Join(err, it.Close()); err != nil || name == "" {
		return nil, err
	}
	return readBucket(r, name)
}

// clearBucket removes up to removeBatch of what lies in a bucket, whose blobs become garbage.
func clearBucket(tx meta.Tx, b keys.BucketID) (removed int, err error) {
	if removed, err = clearUploads(tx, b); err != nil || removed >= removeBatch {
		return removed, err
	}
	for _, scan := range []func() (from, to []byte){
		func() (from, to []byte) { return keys.Objects(b, "") },
		func() (from, to []byte) { return keys.Versions(b) },
	} {
		from, to := scan()
		n, err := clearVersions(tx, from, to, removeBatch-removed)
		if removed += n; err != nil || removed >= removeBatch {
			return removed, err
		}
	}
	from, to := keys.NullVersions(b)
	n, err := clearRange(tx, from, to, removeBatch-removed, func([]byte) error { return nil })
	return removed + n, err
}

// clearVersions removes up to most versions of a range.
func clearVersions(tx meta.Tx, from, to []byte, most int) (removed int, err error) {
	return clearRange(tx, from, to, most, func(value []byte) error {
		o := new(records.Object)
		if err := records.Unmarshal(value, o); err != nil {
			return err
		}
		return release(tx, o)
	})
}

// clearRange removes up to most keys of a range. doomed is called with the value of each.
func clearRange(tx meta.Tx, from, to []byte, most int, doomed func(value []byte) error) (removed int, err error) {
	var found [][]byte
	it := tx.Scan(from, to)
	for err == nil && len(found) < most && it.Next() {
		found = append(found, bytes.Clone(it.Key()))
		err = doomed(it.Value())
	}
	if err := errors.Join(err, it.Close()); err != nil {
		return 0, err
	}
	return len(found), meta.DeleteAll(tx, found)
}

// clearUploads aborts uploads of a bucket until about removeBatch parts are removed: an upload goes as a whole.
func clearUploads(tx meta.Tx, b keys.BucketID) (removed int, err error) {
	for removed < removeBatch {
		it := tx.Scan(keys.Uploads(b))
		more := it.Next()
		var key, id string
		if more {
			key, id, err = keys.ParseUpload(it.Key())
		}
		if err := errors.Join(err, it.Close()); err != nil || !more {
			return removed, err
		}
		parts, err := readParts(tx, id)
		if err != nil {
			return removed, err
		}
		if err := dropUpload(tx, b, key, id); err != nil {
			return removed, err
		}
		removed += 1 + len(parts)
	}
	return removed, nil
}
