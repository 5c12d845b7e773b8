package s3blob

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/blob"
)

// SweepOrphans deletes what servers that ended have left: blobs older than Options.OrphanAge that nothing names, and unfinished uploads as
// old. All times are those of the service, so that no server's clock matters.
func (s *Store) SweepOrphans(ctx context.Context, named blob.Named) (swept blob.Swept, err error) {
	err = s.list(ctx, func(blobs []listed) error {
		if err := s.gate.Enter(ctx); err != nil {
			return err
		}
		defer s.gate.Leave()
		swept.Blobs += int64(len(blobs))
		return s.sweepPage(ctx, blobs, named, &swept)
	})
	if err != nil {
		return swept, err
	}
	return swept, s.sweepUploads(ctx, &swept)
}

// sweepPage deletes the orphans among blobs.
func (s *Store) sweepPage(ctx context.Context, blobs []listed, named blob.Named, swept *blob.Swept) error {
	var old []blob.ID
	sizes := map[blob.ID]int64{}
	for _, b := range blobs {
		if b.age >= s.opts.OrphanAge && !s.names.hidden(b.id) {
			old = append(old, b.id)
			sizes[b.id] = b.size
		}
	}
	if len(old) == 0 {
		return nil
	}
	answers, err := named(ctx, old)
	if err != nil {
		return err
	}
	var orphans []blob.ID
	for i, id := range old {
		if !answers[i] {
			orphans = append(orphans, id)
		}
	}
	mine, _, _ := s.names.doom(orphans) // what is read or deleted at present is for the next time
	if err := s.removeDoomed(ctx, mine); err != nil {
		return err
	}
	for _, u := range mine {
		swept.Orphans++
		swept.Bytes += sizes[u.id]
	}
	return nil
}

// sweepUploads aborts old uploads.
func (s *Store) sweepUploads(ctx context.Context, swept *blob.Swept) error {
	in := &s3.ListMultipartUploadsInput{Bucket: s.bucket(), Prefix: &s.at.Prefix}
	for {
		out, err := s.client.ListMultipartUploads(ctx, in)
		if err != nil {
			return translate(ctx, "list uploads", err)
		}
		now, err := clockOf(out.ResultMetadata)
		if err != nil {
			return fmt.Errorf("list uploads: %w", err)
		}
		for _, u := range out.Uploads {
			if err := s.sweepUpload(ctx, u.Key, u.UploadId, u.Initiated, now, swept); err != nil {
				return err
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			return nil
		}
		if aws.ToString(out.NextKeyMarker) == "" {
			return errors.New("list uploads: the service says that there are more, and not where to go on")
		}
		in.KeyMarker, in.UploadIdMarker = out.NextKeyMarker, out.NextUploadIdMarker
	}
}

// sweepUpload aborts an upload if it is one of a blob, and old.
func (s *Store) sweepUpload(ctx context.Context, key, name *string, began *time.Time, now time.Time, swept *blob.Swept) error {
	if _, ok := s.idOf(aws.ToString(key)); !ok || name == nil || began == nil || now.Sub(*began) < s.opts.OrphanAge {
		return nil
	}
	if err := s.abortUpload(ctx, key, name); err != nil {
		return err
	}
	swept.Uploads++
	return nil
}
