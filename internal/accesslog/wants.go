package accesslog

import (
	"context"
	"errors"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/audit"
	"crossgrant/internal/meta"
)

// Wants reports whether a record may leave a line: it is of a request to a bucket with logging, or of a copy from one.
// It is asked of every request, and costs no more than to look a bucket up in the cache.
func (s *Service) Wants(r *audit.Record) bool {
	ctx := access.Remembered()
	return ofBuckets(r) && (s.mayLog(ctx, r.Bucket) || r.Source != nil && s.mayLog(ctx, r.Source.Bucket))
}

// ofBuckets reports whether a record is of a service whose requests to buckets are logged.
func ofBuckets(r *audit.Record) bool { return r.Service == "s3" || r.Service == website }

// mayLog reports whether requests to the bucket of that name are logged. If that cannot be told now, they may be.
func (s *Service) mayLog(ctx context.Context, name string) bool {
	b, err := s.logged(ctx, name)
	return b != nil || err != nil
}

// logged returns the bucket of that name if requests to it are logged, or nil. Nothing is logged of a bucket that is
// gone: its last lines are lost, as S3's delivery, too, is best effort. Nor of one whose account is closed, or which
// cannot be read. An error passes.
func (s *Service) logged(ctx context.Context, name string) (*access.Bucket, error) {
	if name == "" {
		return nil, nil
	}
	b, err := s.access.Bucket(ctx, name)
	switch {
	case err != nil:
		return nil, passing(err)
	case b.Record.Logging == nil:
		return nil, nil
	}
	return b, nil
}

// passing returns the error of looking a bucket up, if it passes; nil if it says something of the bucket.
func passing(err error) error {
	if refused := (*apierr.Error)(nil); errors.As(err, &refused) || errors.Is(err, meta.ErrCorrupt) {
		return nil
	}
	return err
}

// loggedFor returns the bucket that a record names if the record is to leave a line in its log, or nil.
func (s *Service) loggedFor(ctx context.Context, r *audit.Record, name string) (*access.Bucket, error) {
	b, err := s.logged(ctx, name)
	if b == nil || !about(r, b) {
		return nil, err
	}
	return b, nil
}

// about reports whether a record is about a bucket and not about an earlier one of its name, whose owner may have been
// somebody else: the owner of the bucket is that of the resource, or the request came after the bucket was made.
func about(r *audit.Record, b *access.Bucket) bool {
	return r.ResourceOwner == b.Owner || !r.Time.Before(time.Unix(0, b.Record.Created))
}
