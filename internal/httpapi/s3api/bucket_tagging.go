package s3api

import (
	"context"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/records"
)

// The tags of a bucket count for decisions only while attribute-based access control is enabled for it, and the
// operations of this file then no longer change them: see abac.go.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html

func decodeBucketTagging(body []byte) (*[]*records.Tag, error) {
	tags, err := bucketTags.decode(body)
	return &tags, err
}

// putBucketTagging is PutBucketTagging.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
func (s *Service) putBucketTagging() httpapi.Operation {
	return setting(s, "PutBucketTagging", "s3:PutBucketTagging", noAnonymousConfiguration, decodeBucketTagging,
		func(r *records.Bucket, tags *[]*records.Tag) error {
			if err := tagsByControl(r); err != nil {
				return err
			}
			r.Tags = *tags
			return nil
		}, http.StatusNoContent)
}

// deleteBucketTagging is DeleteBucketTagging. A bucket without tags has none afterwards.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html
func (s *Service) deleteBucketTagging() httpapi.Operation {
	return setting(s, "DeleteBucketTagging", "s3:PutBucketTagging", noAnonymousConfiguration, nil,
		func(r *records.Bucket, _ *[]*records.Tag) error {
			if err := tagsByControl(r); err != nil {
				return err
			}
			r.Tags = nil
			return nil
		}, http.StatusNoContent)
}

// getBucketTagging is GetBucketTagging. An empty set of tags is as none.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html
func (s *Service) getBucketTagging() httpapi.Operation {
	return s.onlyBucket("GetBucketTagging", "s3:GetBucketTagging", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		if len(b.Record.Tags) == 0 {
			return nil, apierr.New(http.StatusNotFound, "NoSuchTagSet", "The TagSet does not exist").With("BucketName", b.Record.Name)
		}
		return document(renderTags(b.Record.Tags)), nil
	})
}
