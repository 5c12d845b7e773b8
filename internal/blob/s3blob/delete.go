package s3blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"crossgrant/internal/background"
	"crossgrant/internal/blob"
)

// deleteBatch is how many objects one request deletes at most.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
const deleteBatch = 1000

// Delete removes blobs. The object of one that is being read here is deleted when its last reader is closed; if the process ends
// before, SweepOrphans does it.
func (s *Store) Delete(ctx context.Context, ids ...blob.ID) error {
	if err := s.gate.Enter(ctx, ids...); err != nil {
		return err
	}
	defer s.gate.Leave()
	for {
		mine, rest, wait := s.names.doom(ids)
		if err := s.removeDoomed(ctx, mine); err != nil {
			return err
		}
		if len(rest) == 0 {
			return nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
		ids = rest
	}
}

// removeDoomed deletes the objects of uses that are this caller's to delete.
func (s *Store) removeDoomed(ctx context.Context, uses []*use) error {
	ids := make([]blob.ID, len(uses))
	for i, u := range uses {
		ids[i] = u.id
	}
	err := s.remove(ctx, ids)
	s.names.doomed(uses, err == nil)
	return err
}

// The remover waits from firstPause to lastPause after a failure, longer each time.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// removeReleased deletes the objects of blobs that were deleted while they were read, and of such as may be there although they could not
// be committed.
func (s *Store) removeReleased(ctx context.Context) {
	pause := firstPause
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.names.signal:
		}
		uses := s.names.takeReleased()
		if len(uses) == 0 {
			continue
		}
		err := s.removeDoomed(ctx, uses)
		background.Complain(ctx, s.opts.Log, "deleting blobs that are no longer read", err)
		if err == nil {
			pause = firstPause
			continue
		}
		if !background.Sleep(ctx, pause) {
			return
		}
		pause = min(2*pause, lastPause)
	}
}

// remove deletes the objects of blobs. One that is missing is no error.
func (s *Store) remove(ctx context.Context, ids []blob.ID) error {
	for batch := range slices.Chunk(ids, deleteBatch) {
		var err error
		if len(batch) == 1 || s.single.Load() {
			err = s.removeEach(ctx, batch)
		} else if err = s.removeAll(ctx, batch); notBuilt(err) {
			s.single.Store(true)
			err = s.removeEach(ctx, batch)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// notBuilt reports whether the service says that it does not have what was asked for.
func notBuilt(err error) bool {
	code, status := codeOf(err)
	return status == http.StatusNotImplemented || status == http.StatusMethodNotAllowed || code == "NotImplemented"
}

// removeAll deletes objects with one request.
func (s *Store) removeAll(ctx context.Context, ids []blob.ID) error {
	in := &s3.DeleteObjectsInput{Bucket: s.bucket(), Delete: &types.Delete{Quiet: aws.Bool(true)}}
	for _, id := range ids {
		in.Delete.Objects = append(in.Delete.Objects, types.ObjectIdentifier{Key: s.key(id)})
	}
	out, err := s.client.DeleteObjects(ctx, in, withMD5)
	if notBuilt(err) {
		return err
	}
	if err != nil {
		return translate(ctx, "delete blobs", err)
	}
	for _, e := range out.Errors {
		code := aws.ToString(e.Code)
		if code != "NoSuchKey" {
			err = fmt.Errorf("delete %s: %w", aws.ToString(e.Key), &smithy.GenericAPIError{Code: code, Message: aws.ToString(e.Message)})
			return translate(ctx, fmt.Sprintf("delete blobs, of which %d could not be", len(out.Errors)), err)
		}
	}
	return nil
}

// removers is how many requests delete single objects at a time.
const removers = 8

// removeEach deletes objects with a request each.
func (s *Store) removeEach(ctx context.Context, ids []blob.ID) error {
	errs := make([]error, len(ids))
	slots := make(chan struct{}, removers)
	var running sync.WaitGroup
	for i, id := range ids {
		slots <- struct{}{}
		running.Go(func() {
			_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: s.bucket(), Key: s.key(id)})
			if !missing(err) {
				errs[i] = translate(ctx, "delete "+about(id), err)
			}
			<-slots
		})
	}
	running.Wait()
	return errors.Join(errs...)
}
