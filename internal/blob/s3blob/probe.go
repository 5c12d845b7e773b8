package s3blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/blob"
)

// probe makes sure that the bucket can hold blobs. Its errors say what to do.
func (s *Store) probe(ctx context.Context) error {
	if err := s.probeVersioning(ctx); err != nil {
		return err
	}
	if err := s.probeLifecycle(ctx); err != nil {
		return err
	}
	if err := s.probeSum(ctx); err != nil {
		return err
	}
	return s.probeObject(ctx)
}

// probeSum learns whether the service refuses a body that has not the CRC-32C that its request says: some do not look at it.
func (s *Store) probeSum(ctx context.Context) error {
	key := s.at.Prefix + "probe/" + string(blob.NewID())
	data := []byte("crossgrant looks whether this is refused\n")
	wrong := crcOf(data[1:])
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: s.bucket(), Key: &key, Body: bytes.NewReader(data), ChecksumCRC32C: &wrong})
	if _, status := codeOf(err); status == http.StatusBadRequest {
		s.sumsKept = true
		return nil
	}
	if err != nil {
		return advise(ctx, "write an object", err)
	}
	if _, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: s.bucket(), Key: &key}); err != nil {
		return advise(ctx, "delete an object", err)
	}
	return nil
}

// sending are the options of a request with the bytes of a blob. A service that compares them with their CRC-32C, which is signed,
// needs no signed SHA-256 as well, which both sides would spend a good part of their time on; and what is changed on purpose is found when
// it is opened, since it is encrypted with authentication.
func (s *Store) sending(o *s3.Options) {
	if s.sumsKept {
		o.APIOptions = append(o.APIOptions, v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware)
	}
}

// advise adds to the error of a request what to do about it.
func advise(ctx context.Context, what string, err error) error {
	var hint string
	switch code, status := codeOf(err); {
	case err == nil:
		return nil
	case code == "NoSuchBucket":
		hint = "create the bucket first"
	case code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed" || code == "IllegalLocationConstraintException":
		hint = "say in which region the bucket is: region=REGION in the URL"
	case code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" || code == "ExpiredToken":
		hint = "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
	case status == 403:
		hint = "the access key needs s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListBucket, s3:ListBucketMultipartUploads, " +
			"s3:GetBucketVersioning and s3:GetLifecycleConfiguration"
	case status == 0:
		hint = "check that the endpoint can be reached, and that there are credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
	default:
		hint = "see what the service says"
	}
	return fmt.Errorf("%w (%s)", translate(ctx, what, err), hint)
}

// probeVersioning refuses a bucket that keeps what is deleted, object lock included, which takes versioning. A service that does not
// have versioning keeps nothing.
func (s *Store) probeVersioning(ctx context.Context) error {
	out, err := s.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: s.bucket()})
	switch {
	case notBuilt(err):
		return nil
	case err != nil:
		return advise(ctx, "ask for the versioning of the bucket", err)
	case out.Status != "":
		return fmt.Errorf("versioning of the bucket is %s: it would keep what is deleted, or markers of it, for ever; use a bucket that never had versioning", out.Status)
	}
	return nil
}

// probeLifecycle refuses a bucket whose lifecycle deletes objects, or moves them to where they cannot be read at once.
func (s *Store) probeLifecycle(ctx context.Context) error {
	out, err := s.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: s.bucket()})
	code, _ := codeOf(err)
	switch {
	case code == "NoSuchLifecycleConfiguration" || notBuilt(err):
		return nil
	case err != nil:
		return advise(ctx, "ask for the lifecycle of the bucket", err)
	}
	for _, rule := range out.Rules {
		if rule.Status == types.ExpirationStatusEnabled && (rule.Expiration != nil || len(rule.Transitions) > 0) {
			return errors.New("the lifecycle of the bucket deletes or moves objects, which are blobs here: remove the rules with Expiration or Transition")
		}
	}
	return nil
}

// probeObject writes, reads, lists and deletes an object that is no blob.
func (s *Store) probeObject(ctx context.Context) error {
	key := s.at.Prefix + "probe/" + string(blob.NewID())
	data := []byte("crossgrant writes, reads and deletes this object when it starts\n")
	sum := crcOf(data)
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: s.bucket(), Key: &key, Body: bytes.NewReader(data), ChecksumCRC32C: &sum})
	if err != nil {
		return advise(ctx, "write an object", err)
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: s.bucket(), Key: &key})
	if err != nil {
		return advise(ctx, "read an object", err)
	}
	got, err := io.ReadAll(out.Body)
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return advise(ctx, "read an object", err)
	}
	if !bytes.Equal(got, data) {
		return fmt.Errorf("read an object: %w: it does not hold what was just written to it", blob.ErrCorrupt)
	}
	list, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: s.bucket(), Prefix: &key})
	if err != nil {
		return advise(ctx, "list objects", err)
	}
	if len(list.Contents) != 1 {
		return fmt.Errorf("list objects: the one that was just written is listed %d times: the service has to list what is there", len(list.Contents))
	}
	if _, err := clockOf(list.ResultMetadata); err != nil {
		return err
	}
	if _, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: s.bucket(), Key: &key}); err != nil {
		return advise(ctx, "delete an object", err)
	}
	return nil
}
