package s3blob_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/access"
	"crossgrant/internal/accounts"
	"crossgrant/internal/audit"
	blobs "crossgrant/internal/blob/memory"
	"crossgrant/internal/blob/s3blob"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/s3api"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/kms"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
	"crossgrant/internal/sts"
)

// bucket is the bucket that a world has.
const bucket = "blobs"

// world is this program's own S3, in memory, which takes parts of any size but the smallest.
type world struct {
	url         string
	credentials aws.CredentialsProvider
	client      *s3.Client
	// ago is how long ago what is written now seems to be written.
	ago atomic.Int64
}

// newWorld returns a world with a bucket. wrap may stand between the network and the service.
func newWorld(t testing.TB, wrap func(http.Handler) http.Handler) *world {
	t.Helper()
	box, err := seal.New()
	must(t, err)
	store := meta.New(memory.New())
	t.Cleanup(func() { store.Close() })
	people := accounts.New(store, box, accounts.Options{})
	identity := iam.New(store, box, iam.Options{})
	authorizer := access.New(store, box, sts.New(store, box, sts.Options{}))
	encryption := kms.New(store, box, kms.Options{Region: "us-east-1", Principals: identity})
	w := &world{}
	storage := objects.New(store, blobs.New(), objects.Options{
		Now:  func() time.Time { return time.Now().Add(-time.Duration(w.ago.Load())) },
		Keys: &sse.Keyring{Master: box, KMS: encryption}, Log: slog.New(slog.DiscardHandler), InlineLimit: 512, MinPart: 1024,
	})
	api := s3api.New(storage, s3api.Deps{
		Buckets: authorizer, Accounts: authorizer, Principals: identity, MFA: noDevice{}, KMS: encryption, Region: "us-east-1", NewBuckets: s3api.ACLsEnabled,
	})
	handler, err := httpapi.New(httpapi.Config{
		Region: "us-east-1", Authorizer: authorizer, Services: []httpapi.Service{api}, NamesBucket: api.NamesBucket, Records: audit.NewStream(), Now: time.Now,
		Ready: func(context.Context) error { return nil }, Metrics: http.NotFoundHandler(),
	})
	must(t, err)
	_, key, err := people.Create(t.Context(), accounts.NewAccount{Name: "store"})
	must(t, err)
	w.credentials = credentials.NewStaticCredentialsProvider(string(key.ID), key.Secret, "")
	inner := httptest.NewServer(handler)
	t.Cleanup(inner.Close)
	w.client = s3.New(s3.Options{BaseEndpoint: &inner.URL, Region: "us-east-1", UsePathStyle: true, Credentials: w.credentials})
	_, err = w.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)})
	must(t, err)
	w.url = inner.URL
	if wrap != nil {
		outer := httptest.NewServer(wrap(handler))
		t.Cleanup(outer.Close)
		w.url = outer.URL
	}
	return w
}

// options are the settings of the engine that a test has, with small parts and short pauses.
func (w *world) options() s3blob.Options {
	return s3blob.Options{Credentials: w.credentials, PartBytes: 128 << 10, MemoryBytes: 2 << 20, Backoff: 20 * time.Millisecond}
}

// open opens an engine in the world's bucket that is closed at the end of the test.
func (w *world) open(t testing.TB, opts s3blob.Options) *s3blob.Store {
	t.Helper()
	s, err := s3blob.Open(t.Context(), "s3://"+bucket+"?endpoint="+w.url+"&prefix=a/b", opts)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// keys returns the names of all objects in the bucket.
func (w *world) keys(t testing.TB) (keys []string) {
	t.Helper()
	out, err := w.client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket)})
	must(t, err)
	for _, o := range out.Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

// uploads returns the number of unfinished uploads.
func (w *world) uploads(t testing.TB) int {
	t.Helper()
	out, err := w.client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket)})
	must(t, err)
	return len(out.Uploads)
}

// noDevice has no MFA device.
type noDevice struct{}

func (noDevice) VerifyMFA(context.Context, ids.AccountID, string, string, time.Time) error {
	return errors.New("there is no device")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
