package objects

import (
	"context"
	"time"

	"crossgrant/internal/records"
)

// The modes of a retention.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
const (
	Governance = "GOVERNANCE"
	Compliance = "COMPLIANCE"
)

// retain gives a new version the default retention of its bucket, unless it has one of its own. InvalidRequest
// if it is to be locked and the bucket has no object lock: that was judged before by the bucket as it was
// then, and a bucket of this name may have been made anew.
func (s *Service) retain(b *records.Bucket, o *records.Object) error {
	lock := b.ObjectLock
	switch {
	case lock == nil && (o.Retention != nil || o.LegalHoldSet):
		return missingLockConfiguration()
	case lock.GetMode() == "" || o.Retention != nil:
		return nil
	}
	now := s.opts.Now().UTC()
	until := now.AddDate(int(lock.Years), 0, int(lock.Days))
	o.Retention = &records.Retention{Mode: lock.Mode, Until: until.UnixNano()}
	return nil
}

// Retained reports whether a retention is in effect.
func Retained(r *records.Retention, now time.Time) bool {
	return r != nil && r.Until > now.UnixNano()
}

// Protected reports whether object lock keeps a version from being removed; bypass removes the protection
// of governance mode.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html#object-lock-legal-holds
func Protected(o *records.Object, now time.Time, bypass bool) bool {
	if o.LegalHold {
		return true
	}
	return Retained(o.Retention, now) && (o.Retention.Mode != Governance || !bypass)
}

// SetRetention changes the retention of a version, the current one if version is "": AccessDenied if the one
// that is there must not be given up for it. A retention may be made longer; all
// else needs bypass and governance mode. nil removes the retention. guard is
// asked first. Other errors are those of UpdateObject.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
func (s *Service) SetRetention(ctx context.Context, b *records.Bucket, key, version string, r *records.Retention, bypass bool, guard Guard) error {
	return s.UpdateObject(ctx, b, key, version, Origin{}, func(o *records.Object) error {
		if err := guard(o); err != nil {
			return err
		}
		if Weakens(o.Retention, r, s.opts.Now()) && (o.Retention.Mode != Governance || !bypass) {
			return objectLocked()
		}
		o.Retention = r
		return nil
	})
}

// Weakens reports whether to replace a retention that is in effect by another one, nil for none, gives up
// some of its protection, or alters its mode, which is as much as to lift governance.
func Weakens(old, changed *records.Retention, now time.Time) bool {
	switch {
	case !Retained(old, now):
		return false
	case changed == nil, changed.Until < old.Until:
		return true
	}
	return old.Mode != changed.Mode
}

// SetLegalHold puts a version, the current one if version is "", under a legal hold or ends that. guard is
// asked first. Errors are those of UpdateObject.
func (s *Service) SetLegalHold(ctx context.Context, b *records.Bucket, key, version string, on bool, guard Guard) error {
	return s.UpdateObject(ctx, b, key, version, Origin{}, func(o *records.Object) error {
		if err := guard(o); err != nil {
			return err
		}
		o.LegalHold, o.LegalHoldSet = on, true
		return nil
	})
}
