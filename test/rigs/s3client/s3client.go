// Package s3client makes the client with which rigs and tests of them talk to a service that speaks S3, and tries whether it works.
package s3client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Region is what requests are signed for.
const Region = "us-east-1"

// New returns a client of the service at endpoint, http://HOST:PORT. Requests are tried once, so that the caller sees every failure.
func New(endpoint, accessKeyID, secret string) *s3.Client {
	return s3.New(s3.Options{
		Region: Region, BaseEndpoint: aws.String(endpoint), UsePathStyle: true, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(accessKeyID, secret, ""),
	})
}

// Try makes a bucket, if it is not there, puts an object into it, gets it and deletes it.
func Try(ctx context.Context, client *s3.Client, bucket string) error {
	key, content := "ready", []byte("is the service ready?")
	var owned *types.BucketAlreadyOwnedByYou
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil && !errors.As(err, &owned) {
		return err
	}
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(content)}); err != nil {
		return err
	}
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return err
	}
	if !bytes.Equal(text, content) {
		return fmt.Errorf("an object of %q came back as %q", content, text)
	}
	_, err = client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	return err
}
