package s3blob_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/s3blob"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]s3blob.Location{
		"s3://blobs":                                           {Bucket: "blobs"},
		"s3://blobs/":                                          {Bucket: "blobs"},
		"s3://blobs?region=eu-west-1&prefix=p":                 {Bucket: "blobs", Region: "eu-west-1", Prefix: "p/"},
		"s3://blobs?endpoint=http://h:7480":                    {Bucket: "blobs", Endpoint: "http://h:7480", PathStyle: true},
		"s3://b.c?endpoint=https%3A%2F%2Fh%2F":                 {Bucket: "b.c", Endpoint: "https://h", PathStyle: true},
		"s3://blobs?prefix=a/b/&path-style=true":               {Bucket: "blobs", Prefix: "a/b/", PathStyle: true},
		"s3://blobs?path-style=false&endpoint=http://[::1]:80": {Bucket: "blobs", Endpoint: "http://[::1]:80"},
	} {
		if got, err := s3blob.ParseURL(text); err != nil || got != want {
			t.Errorf("%s = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for text, says := range map[string]string{
		"":                                      "s3://",
		"files:":                                "s3://",
		"s3:blobs":                              "s3://",
		"s3://":                                 "names no bucket",
		"s3://a":                                "names no bucket",
		"s3://bucket:80":                        "names no bucket",
		"s3://KEY:hidden@blobs":                 "AWS_ACCESS_KEY_ID",
		"s3://blobs/folder":                     "prefix=",
		"s3://blobs#x":                          "fragment",
		"s3://blobs?bucket=x":                   "unknown parameter",
		"s3://blobs?region":                     "no value",
		"s3://blobs?region=a&region=b":          "more than one",
		"s3://blobs?region=a/b":                 "region",
		"s3://blobs?prefix=/a":                  "prefix",
		"s3://blobs?prefix=a//b":                "prefix",
		"s3://blobs?prefix=a b":                 "prefix",
		"s3://blobs?path-style=1":               "path-style",
		"s3://blobs?endpoint=h:80":              "endpoint",
		"s3://blobs?endpoint=http://u:hidden@h": "endpoint",
		"s3://blobs?endpoint=http://h/path":     "endpoint",
		"s3://blobs?endpoint=http://h%3Fa=b":    "endpoint",
		"s3://blobs?a;b":                        "malformed",
		"s3://hidden%zz":                        "malformed",
	} {
		_, err := s3blob.ParseURL(text)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s = %v, want an error with %q", text, err, says)
		}
	}
}

// TestOpenRefuses checks that a bucket that cannot hold blobs is refused, and that the error says what to do.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(w *world, opts *s3blob.Options) error
		says    string
	}{
		"versioning": {func(w *world, _ *s3blob.Options) error {
			_, err := w.client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
				Bucket: aws.String(bucket), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
			})
			return err
		}, "never had versioning"},
		"lifecycle": {func(w *world, _ *s3blob.Options) error {
			_, err := w.client.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{
				Bucket: aws.String(bucket), LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
					Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("a")},
					Expiration: &types.LifecycleExpiration{Days: aws.Int32(3)},
				}}},
			})
			return err
		}, "remove the rules"},
		"no bucket": {func(w *world, _ *s3blob.Options) error {
			_, err := w.client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String(bucket)})
			return err
		}, "create the bucket"},
		"other secret": {func(_ *world, opts *s3blob.Options) error {
			key, err := opts.Credentials.Retrieve(t.Context())
			opts.Credentials = credentials.NewStaticCredentialsProvider(key.AccessKeyID, "another", "")
			return err
		}, "AWS_SECRET_ACCESS_KEY"},
	} {
		w := newWorld(t, nil)
		opts := w.options()
		must(t, c.prepare(w, &opts))
		s, err := s3blob.Open(t.Context(), "s3://"+bucket+"?endpoint="+w.url, opts)
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.says)
		}
	}
}

// TestOpenUnreachable checks that a service that is not there, or silent, is unavailable.
func TestOpenUnreachable(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	for name, url := range map[string]string{"gone": gone.URL, "silent": silent.URL} {
		_, err := s3blob.Open(t.Context(), "s3://blobs?endpoint="+url, s3blob.Options{
			Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""), Attempts: 2, Backoff: time.Millisecond, Stall: 50 * time.Millisecond,
		})
		if !errors.Is(err, blob.ErrUnavailable) || !strings.Contains(err.Error(), "can be reached") {
			t.Errorf("%s: %v, want blob.ErrUnavailable and what to do", name, err)
		}
	}
}
