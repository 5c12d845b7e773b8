package s3blob

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"crossgrant/internal/blob"
)

// listed is a blob that the service lists.
type listed struct {
	id   blob.ID
	size int64
	age  time.Duration // by the clock of the service
}

// list calls page with the blobs that there are, by the thousand, until it returns an error, which list returns.
func (s *Store) list(ctx context.Context, page func(blobs []listed) error) error {
	for shard := range 256 {
		if err := s.listShard(ctx, fmt.Sprintf("%02x", shard), page); err != nil {
			return err
		}
	}
	return nil
}

// listShard is list of the blobs whose IDs begin with two digits. What has another name than a blob is none.
func (s *Store) listShard(ctx context.Context, digits string, page func(blobs []listed) error) error {
	prefix := s.shard(digits)
	in := &s3.ListObjectsV2Input{Bucket: s.bucket(), Prefix: &prefix}
	for {
		out, err := s.client.ListObjectsV2(ctx, in)
		if err != nil {
			return translate(ctx, "list blobs", err)
		}
		now, err := clockOf(out.ResultMetadata)
		if err != nil {
			return fmt.Errorf("list blobs: %w", err)
		}
		var blobs []listed
		for _, o := range out.Contents {
			id, ok := s.idOf(aws.ToString(o.Key))
			if ok && o.LastModified != nil && o.Size != nil {
				blobs = append(blobs, listed{id, *o.Size, now.Sub(*o.LastModified)})
			}
		}
		if err := page(blobs); err != nil {
			return err
		}
		if !aws.ToBool(out.IsTruncated) {
			return nil
		}
		if aws.ToString(out.NextContinuationToken) == "" {
			return errors.New("list blobs: the service says that there are more, and not where to go on")
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// clockOf returns the time of the service at an answer.
func clockOf(answer middleware.Metadata) (time.Time, error) {
	now, ok := awsmiddleware.GetServerTime(answer)
	if !ok || now.IsZero() {
		return now, errors.New("the service does not say what time it is (header Date)")
	}
	return now, nil
}

// idOf returns the ID of the blob whose object has this name.
func (s *Store) idOf(key string) (blob.ID, bool) {
	rest, ok := strings.CutPrefix(key, s.at.Prefix)
	if !ok || len(rest) < 3 {
		return "", false
	}
	id := blob.ID(rest[3:])
	return id, id.Check() == nil && *s.key(id) == key
}

// Walk tells of the blobs that are older than Options.OrphanAge by the clock of the service, and of younger ones that are named: the
// others may be those that a server is about to have named. What this process knows to be not settled, or gone, it leaves out.
func (s *Store) Walk(ctx context.Context, fn func(id blob.ID, size int64) error) error {
	if err := s.gate.Enter(ctx); err != nil {
		return err
	}
	s.gate.Leave() // fn may use the store, and this call can take hours
	return s.list(ctx, func(blobs []listed) error {
		if err := s.gate.Enter(ctx); err != nil {
			return err
		}
		s.gate.Leave()
		settled, err := s.settled(ctx, blobs)
		if err != nil {
			return err
		}
		for _, b := range settled {
			if err := errors.Join(ctx.Err(), fn(b.id, b.size)); err != nil {
				return err
			}
		}
		return nil
	})
}

// settled returns those of blobs that Walk tells of.
func (s *Store) settled(ctx context.Context, blobs []listed) (settled []listed, err error) {
	var young []blob.ID
	for _, b := range blobs {
		if b.age < s.opts.OrphanAge {
			young = append(young, b.id)
		}
	}
	named := map[blob.ID]bool{}
	if ask := s.named.Load(); ask != nil && len(young) > 0 {
		answers, err := (*ask)(ctx, young)
		if err != nil {
			return nil, err
		}
		for i, id := range young {
			named[id] = answers[i]
		}
	}
	for _, b := range blobs {
		if (b.age >= s.opts.OrphanAge || named[b.id]) && !s.names.hidden(b.id) {
			settled = append(settled, b)
		}
	}
	return settled, nil
}
