package accesslog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// errThere says that a log object was delivered before.
var errThere = errors.New("the log object is there")

// refusal is why a log object is not delivered.
type refusal struct{ reason string }

func (r *refusal) Error() string { return r.reason }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// Deliver reads all that the journal has, makes log objects of it, and delivers those and all that wait. It is not to
// be called while another call of it is under way, or after Start.
func (s *Service) Deliver(ctx context.Context) error {
	if !s.rolled {
		if err := s.roll(ctx); err != nil {
			return err
		}
		s.rolled = true
	}
	for more := true; more; {
		var err error
		if more, err = s.read(ctx); err == nil {
			err = s.commit(ctx)
		}
		if err != nil {
			return err
		}
	}
	return s.deliverAll(ctx)
}

// deliverAll delivers all log objects that wait.
func (s *Service) deliverAll(ctx context.Context) error {
	waiting, err := s.waiting(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, of := range waiting {
		for i, key := range of {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := s.deliverOne(ctx, key, len(of)-i > maxObjects); err != nil {
				failed = err
			}
		}
	}
	return failed
}

// waiting returns the keys of the log objects that wait, by bucket, the oldest first.
func (s *Service) waiting(ctx context.Context) (all [][][]byte, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		all = nil
		var last keys.BucketID
		it := r.Scan(keys.AllLogObjects())
		for it.Next() {
			id, _, err := keys.ParseLog(it.Key())
			if err != nil {
				it.Close()
				return err
			}
			if len(all) == 0 || id != last {
				all, last = append(all, nil), id
			}
			all[len(all)-1] = append(all[len(all)-1], bytes.Clone(it.Key()))
		}
		return it.Close()
	})
	return all, err
}

// deliverOne delivers a log object and forgets it. One that is refused is kept for the next time, unless it
// is old or there are too many.
func (s *Service) deliverOne(ctx context.Context, key []byte, tooMany bool) error {
	o := new(records.LogObject)
	err := s.store.View(ctx, func(r meta.Reader) error { return records.Get(r, key, o) })
	if errors.Is(err, meta.ErrNotFound) {
		return nil // another server has delivered it
	}
	if err != nil {
		return fmt.Errorf("read log object: %w", err)
	}
	about := []any{"bucket", o.Bucket, "target_bucket", o.Logging.Bucket, "key", o.Key}
	err = s.write(ctx, o)
	switch {
	case err == nil:
		s.opts.Meter.LogDelivered(int(o.Lines))
		return s.forget(ctx, key)
	case errors.Is(err, errThere):
		return s.forget(ctx, key)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	s.opts.Meter.LogRefused()
	s.opts.Log.Warn("access log not delivered", append(about, "lines", o.Lines, "reason", err.Error())...)
	if !tooMany && s.opts.Now().Sub(time.Unix(0, o.Created)) <= s.opts.MaxAge {
		return nil
	}
	s.drop(int(o.Lines), "the delivery is refused", about...)
	return s.forget(ctx, key)
}

// forget removes a log object from those that wait.
func (s *Service) forget(ctx context.Context, key []byte) error {
	return s.store.Update(context.WithoutCancel(ctx), func(tx meta.Tx) error { return tx.Delete(key) })
}

// write writes a log object into its bucket, if that lets the log delivery service.
func (s *Service) write(ctx context.Context, o *records.LogObject) error {
	b, err := s.access.Bucket(ctx, o.Logging.Bucket)
	if err != nil {
		return err
	}
	if err := s.permit(ctx, o, b); err != nil {
		return err
	}
	body := []byte(o.Text)
	n := objects.NewObject{
		Bucket: b.ID, BucketName: b.Record.Name, Key: o.Key, Object: newRecord(o, b), Length: int64(len(body)), Algorithm: "CRC64NVME",
		// Keys of log objects have a part that is drawn: what is there was written by an earlier delivery
		// that could not be forgotten.
		Guard: func(existing *records.Object) error {
			if existing != nil {
				return errThere
			}
			return nil
		},
		Origin: objects.Origin{Event: "ObjectCreated:Put", PrincipalID: authz.LogDelivery, SourceIP: "s3.amazonaws.com"},
	}
	_, err = s.objects.Put(ctx, n, bytes.NewReader(body))
	return err
}

// permit returns nil if a log object may be written into a bucket, or why not. Logs stay within an account;
// buckets that the service cannot write to are those that S3 lists.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting-server-access-logging.html
func (s *Service) permit(ctx context.Context, o *records.LogObject, b *access.Bucket) error {
	encryption := b.Record.Encryption.GetAlgorithm()
	switch {
	case string(b.Owner) != o.Account:
		return refuse("the target bucket belongs to another account")
	case b.Record.ObjectLock.GetMode() != "":
		return refuse("the target bucket has a default retention")
	case b.Block.BlockPublicAcls && access.ACL("", o.Logging.Grants).Public():
		return refuse("the target bucket blocks the public ACL that TargetGrants ask for")
	case strings.HasPrefix(encryption, "aws:kms"):
		return refuse("the target bucket has default encryption with %s", encryption)
	}
	k, err := s.access.ServiceContext(ctx, s.caller, arn.Bucket(o.Bucket), ids.AccountID(o.Account), s.opts.Now(), s.opts.Region)
	if err != nil {
		return err
	}
	check := access.Check{
		Action: "s3:PutObject", Resource: arn.Object(b.Record.Name, o.Key).String(), Owner: b.Owner, Bucket: b,
		Keys: func(k *policy.Context) { putKeys(k, b) },
	}
	d, err := s.access.Authorize(ctx, s.caller, &check, &k)
	if err != nil {
		return err
	}
	if !d.Allowed() {
		return refuse("%s: s3:PutObject is denied to %s by the %s %s", apierr.AccessDenied("").Code, authz.LogDelivery, d.By.Layer, d.By.Source())
	}
	return nil
}

// putKeys adds the condition keys that s3:PutObject has. Where ACLs are on, the service grants FULL_CONTROL to
// its own account and to the bucket's owner, with a header as observed on S3.
func putKeys(k *policy.Context, b *access.Bucket) {
	k.Set("s3:ObjectCreationOperation", "true")
	if !b.Enforced {
		k.Set("s3:x-amz-grant-full-control", fmt.Sprintf(`id="%s", id="%s"`, authz.LogDeliveryCanonicalID, b.Canonical))
	}
}

// newRecord returns the record of a log object: owned by the delivery service's account, with FULL_CONTROL for
// the bucket's owner and what the logging of the source grants; or by the bucket's owner where ACLs are off.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html#grant-log-delivery-permissions-general
func newRecord(o *records.LogObject, b *access.Bucket) *records.Object {
	r := b.ServiceObject(authz.LogDeliveryCanonicalID, "", "text/plain")
	if !b.Enforced {
		r.Acl = append(r.Acl, o.Logging.Grants...)
	}
	return r
}
