package migrate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/blob/embedded"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/pebble"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
	"crossgrant/test/servertest"
)

// bootstrap has accounts, users, groups, roles, policies and an organization.
const bootstrap = "../console/testdata/filled.yaml"

const manyBucket = "many-objects"

// world is what was stored.
type world struct {
	owner servertest.Account
	large []byte
}

// fill makes a data folder with some of everything: through the API and, because they are many, objects through package objects.
func (m *mover) fill(p place) *world {
	m.t.Helper()
	w := &world{large: make([]byte, 6<<20)}
	rand.NewChaCha8([32]byte{1}).Read(w.large)
	m.serve(p, func(s *servertest.Server) {
		var err error
		if w.owner, err = s.CreateAccount(m.t.Context(), "house"); err != nil {
			m.t.Fatal(err)
		}
		w.fillBucket(m.t, s3Client(s.Address, w.owner))
		w.fillTrail(m.t, s.Address)
	}, "--bootstrap", bootstrap)
	m.fillObjects(p)
	return w
}

func s3Client(address string, owner servertest.Account) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String("http://" + address), Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(owner.AccessKeyID, owner.SecretAccessKey, ""),
	})
}

func createBucket(t *testing.T, client *s3.Client, name string) {
	t.Helper()
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fillBucket makes versions, delete markers, an upload in progress, and large objects, each encrypted in its own way.
func (w *world) fillBucket(t *testing.T, client *s3.Client) {
	t.Helper()
	ctx, bucket := t.Context(), aws.String("versioned")
	createBucket(t, client, *bucket)
	createBucket(t, client, manyBucket)
	_, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	must(t, err)
	put := func(key string, body []byte, change func(*s3.PutObjectInput)) {
		in := &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(body), Tagging: aws.String("a=b")}
		change(in)
		_, err := client.PutObject(ctx, in)
		must(t, err)
	}
	plain := func(*s3.PutObjectInput) {}
	put("large", w.large, plain)
	put("large", w.large[1:], plain)
	put("small", []byte("first"), plain)
	put("small", []byte("second"), plain)
	put("kms", w.large[:300<<10], func(in *s3.PutObjectInput) { in.ServerSideEncryption = types.ServerSideEncryptionAwsKms })
	put("empty", nil, plain)
	put("deleted", []byte("gone"), plain)
	_, err = client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("deleted")})
	must(t, err)
	up, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("in-progress")})
	must(t, err)
	for n := range int32(2) {
		_, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: up.Key, UploadId: up.UploadId, PartNumber: aws.Int32(n + 1), Body: bytes.NewReader(w.large[:5<<20])})
		must(t, err)
	}
}

func (w *world) fillTrail(t *testing.T, address string) {
	t.Helper()
	client := s3Client(address, w.owner)
	createBucket(t, client, "trail-logs")
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::trail-logs"},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::trail-logs/AWSLogs/%s/*",
		"Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]}`, w.owner.ID)
	_, err := client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("trail-logs"), Policy: &policy})
	must(t, err)
	trails := cloudtrail.New(cloudtrail.Options{
		BaseEndpoint: aws.String("http://" + address), Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(w.owner.AccessKeyID, w.owner.SecretAccessKey, ""),
	})
	_, err = trails.CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{Name: aws.String("all"), S3BucketName: aws.String("trail-logs")})
	must(t, err)
	_, err = trails.StartLogging(t.Context(), &cloudtrail.StartLoggingInput{Name: aws.String("all")})
	must(t, err)
}

// check reads what was stored, from a server on another place, and writes something.
func (w *world) check(m *mover, p place) {
	m.t.Helper()
	m.serve(p, func(s *servertest.Server) {
		client := s3Client(s.Address, w.owner)
		for key, want := range map[string][]byte{"large": w.large[1:], "small": []byte("second"), "kms": w.large[:300<<10], "empty": {}} {
			got, err := read(m.t.Context(), client, "versioned", key)
			if err != nil || !bytes.Equal(got, want) {
				m.t.Errorf("%s: %v, %d bytes, want %d", key, err, len(got), len(want))
			}
		}
		for range 20 {
			n := m.rng.IntN(*count)
			got, err := read(m.t.Context(), client, manyBucket, keyOf(n))
			if err != nil || !bytes.Equal(got, contentOf(n)) {
				m.t.Errorf("%s: %v, %d bytes, want %d", keyOf(n), err, len(got), len(contentOf(n)))
			}
		}
		if _, err := read(m.t.Context(), client, "versioned", "deleted"); err == nil || !strings.Contains(err.Error(), "NoSuchKey") {
			m.t.Errorf("a deleted object: %v", err)
		}
	})
}

func read(ctx context.Context, client *s3.Client, bucket, key string) ([]byte, error) {
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

func keyOf(n int) string { return fmt.Sprintf("folder-%03d/object-%08d", n%1000, n) }

// contentOf returns the content of an object: a few hundred bytes, and of each hundredth more than is kept beside its record.
func contentOf(n int) []byte {
	size := 100 + n*7919%900
	if n%100 == 0 {
		size = 66 << 10
	}
	return bytes.Repeat([]byte(fmt.Sprintf("%08d", n)), size/8+1)[:size]
}

// writers is how many objects are written at a time.
const writers = 64

// fillObjects writes the many objects, without a server.
func (m *mover) fillObjects(p place) {
	m.t.Helper()
	engine, err := pebble.Open(filepath.Join(p.data, "meta"), pebble.Options{Present: keys.Present()})
	must(m.t, err)
	store := meta.New(engine)
	blobs, err := embedded.Open(filepath.Join(p.data, "blobs"), embedded.Options{})
	must(m.t, err)
	box, err := seal.Load(filepath.Join(p.data, "master.json"))
	must(m.t, err)
	s := objects.New(store, blobs, objects.Options{Keys: &sse.Keyring{Master: box}})
	must(m.t, s.Recover(m.t.Context()))
	s.Start()
	var b records.Bucket
	must(m.t, store.View(m.t.Context(), func(r meta.Reader) error { return records.Get(r, keys.Bucket(manyBucket), &b) }))
	errs := make([]error, writers)
	var done sync.WaitGroup
	for w := range writers {
		done.Go(func() {
			for n := w; n < *count && errs[w] == nil; n += writers {
				body := contentOf(n)
				o := objects.NewObject{Bucket: keys.BucketID(b.Id), BucketName: manyBucket, Key: keyOf(n), Length: int64(len(body)), Object: &records.Object{Owner: b.CanonicalId}}
				_, errs[w] = s.Put(m.t.Context(), o, bytes.NewReader(body))
			}
		})
	}
	done.Wait()
	s.Close()
	must(m.t, errors.Join(append(errs, blobs.Close(), store.Close())...))
}
