package s3blob

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/blob"
)

// upload is a multipart upload of a blob, whose parts are sent side by side.
type upload struct {
	store *Store
	id    blob.ID
	name  *string // that the service gave it
	slots chan struct{}
	parts sync.WaitGroup

	mu     sync.Mutex            // protects the fields below
	done   []types.CompletedPart // by number; those under way are empty
	failed error                 // the first error of a part
}

func (s *Store) beginUpload(ctx context.Context, id blob.ID) (*upload, error) {
	out, err := s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: s.bucket(), Key: s.key(id), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c,
	})
	if err != nil {
		return nil, translate(ctx, about(id), err)
	}
	if aws.ToString(out.UploadId) == "" {
		return nil, fmt.Errorf("%s: the service began an upload and gave it no ID", about(id))
	}
	return &upload{store: s, id: id, name: out.UploadId, slots: make(chan struct{}, s.opts.Parts)}, nil
}

// send sends b as the next part, and drops it. It waits while as many parts as may be are under way. ctx is that of the whole upload.
// The error may be that of an earlier part.
func (u *upload) send(ctx context.Context, b *buffer) error {
	number, err := u.next()
	if err == nil {
		select {
		case u.slots <- struct{}{}:
		case <-ctx.Done():
			err = fmt.Errorf("%s: %w", about(u.id), ctx.Err())
		}
	}
	if err != nil {
		b.drop()
		return err
	}
	u.parts.Go(func() {
		part, err := u.put(ctx, number, b.data)
		b.drop()
		<-u.slots
		u.mu.Lock()
		defer u.mu.Unlock()
		u.done[number-1] = part
		if u.failed == nil {
			u.failed = err
		}
	})
	return nil
}

// next returns the number of the part that comes next, and makes a place for it in done.
func (u *upload) next() (number int32, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.failed == nil && len(u.done) == maxParts {
		u.failed = fmt.Errorf("%s: it has more than %d parts, because its size was not said before", about(u.id), maxParts)
	}
	u.done = append(u.done, types.CompletedPart{})
	return int32(len(u.done)), u.failed
}

// put sends one part.
func (u *upload) put(ctx context.Context, number int32, data []byte) (types.CompletedPart, error) {
	what := fmt.Sprintf("%s, part %d", about(u.id), number)
	sum := crcOf(data)
	out, err := u.store.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: u.store.bucket(), Key: u.store.key(u.id), UploadId: u.name, PartNumber: &number, Body: bytes.NewReader(data),
		ContentLength: aws.Int64(int64(len(data))), ChecksumCRC32C: &sum,
	}, u.store.sending)
	if err == nil && aws.ToString(out.ETag) == "" {
		return types.CompletedPart{}, fmt.Errorf("%s: the service took it and gave it no entity tag", what)
	}
	if err != nil {
		return types.CompletedPart{}, translate(ctx, what, err)
	}
	// A service that does not know the checksum does not answer it, and is not told of it again.
	return types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32C: out.ChecksumCRC32C}, checkSum(what, sum, out.ChecksumCRC32C)
}

// complete waits for the parts and has the service put them together to a blob of size bytes.
func (u *upload) complete(ctx context.Context, size int64) error {
	u.parts.Wait()
	if u.failed != nil {
		return u.failed
	}
	_, err := u.store.client.CompleteMultipartUpload(withKind(ctx, slow), &s3.CompleteMultipartUploadInput{
		Bucket: u.store.bucket(), Key: u.store.key(u.id), UploadId: u.name, MultipartUpload: &types.CompletedMultipartUpload{Parts: u.done},
	})
	if code, _ := codeOf(err); code == "NoSuchUpload" && u.completed(ctx, size) {
		return nil
	}
	return translate(ctx, about(u.id), err)
}

// completed reports whether an upload that is no more has become the blob: the answer to an earlier attempt was lost. Nobody else
// writes an object of that name.
func (u *upload) completed(ctx context.Context, size int64) bool {
	got, err := u.store.stat(ctx, u.id)
	return err == nil && got == size
}

// abort removes the parts.
func (u *upload) abort(ctx context.Context) error {
	u.parts.Wait() // the context that they are sent with has ended
	return u.store.abortUpload(ctx, u.store.key(u.id), u.name)
}

// abortUpload removes an upload. One that is missing is no error.
func (s *Store) abortUpload(ctx context.Context, key, name *string) error {
	_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: s.bucket(), Key: key, UploadId: name})
	if code, _ := codeOf(err); code == "NoSuchUpload" {
		return nil
	}
	return translate(ctx, "upload of "+*key, err)
}
