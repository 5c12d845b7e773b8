package httpapi

import (
	"bytes"
	"context"
	"net/http"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/records"
)

// RejudgeBucket returns change for the transaction that commits it, on the record of b if it is still the
// bucket that the request was judged for, else NoSuchBucket. change also gets the bucket as it is now. If its
// settings, or those of its account, are no longer those that the request was judged by, check is asked again:
// otherwise whoever may change them could undo, with a request under way, that this right was taken away.
func (c *Call) RejudgeBucket(ctx context.Context, b *access.Bucket, check func(*access.Bucket) access.Check,
	change func(r *records.Bucket, now *access.Bucket) error) func(*records.Bucket, *records.Account) error {
	anew := c.Anew()
	return func(r *records.Bucket, owner *records.Account) error {
		if !bytes.Equal(r.Id, b.Record.Id) {
			return apierr.New(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist").
				With("BucketName", b.Record.Name)
		}
		anew()
		now, err := access.NewBucket(proto.CloneOf(r))
		if err != nil {
			return err
		}
		now = now.Under(b.AccountBlock(owner.PublicAccessBlock))
		if !proto.Equal(r, b.Record) || now.Block != b.Block {
			again := check(now)
			if err := c.Authorize(ctx, &again); err != nil {
				return err
			}
		}
		return change(r, now)
	}
}
