package s3blob

import (
	"context"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/blob"
)

// maxCopy is the size in bytes of the largest object that the service copies with one request.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
const maxCopy = 5 << 30

// Link has the service copy the object: bytes move there, and not through this server. Of a blob that is larger than one copy may be,
// and where the service does not copy, the error is blob.ErrNoLink.
func (s *Store) Link(ctx context.Context, from, to blob.ID) error {
	if err := s.gate.Enter(ctx, from, to); err != nil {
		return err
	}
	defer s.gate.Leave()
	if s.noCopy.Load() {
		return blob.ErrNoLink
	}
	u := s.names.read(from)
	if u == nil {
		return fmt.Errorf("%s: %w", about(from), blob.ErrNotFound)
	}
	defer s.names.release(u)
	size, err := s.stat(ctx, from)
	switch {
	case err != nil:
		return translate(ctx, about(from), err)
	case size > maxCopy:
		return fmt.Errorf("%s has %d bytes: %w", about(from), size, blob.ErrNoLink)
	}
	st, err := s.claim(ctx, to)
	if err != nil {
		return err
	}
	if !s.names.beginCommit(st) {
		return errEnded(to)
	}
	err = s.copy(ctx, from, to)
	if err == nil {
		err = s.checkCopy(ctx, to, size)
	}
	s.names.endCommit(to, st, err == nil)
	return err
}

func (s *Store) copy(ctx context.Context, from, to blob.ID) error {
	_, err := s.client.CopyObject(withKind(ctx, slow), &s3.CopyObjectInput{
		Bucket: s.bucket(), Key: s.key(to), CopySource: aws.String(url.PathEscape(s.at.Bucket) + "/" + *s.key(from)),
	})
	if notBuilt(err) {
		s.noCopy.Store(true)
		return fmt.Errorf("%s: %w: %w", about(from), blob.ErrNoLink, err)
	}
	return translate(ctx, about(from), err)
}

// checkCopy makes sure that a copy has as many bytes as its source.
func (s *Store) checkCopy(ctx context.Context, id blob.ID, size int64) error {
	got, err := s.stat(ctx, id)
	if err != nil {
		return translate(ctx, about(id), err)
	}
	return blob.CheckSize(id, got, size)
}
