package s3blob_test

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/blobtest"
	"crossgrant/internal/blob/s3blob"
)

// TestStore runs the suite over this program's own S3, with parts so small that large blobs have many.
func TestStore(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blobtest.Crasher {
		w := newWorld(t, nil)
		return blobtest.Crasher{Open: func() blob.Store { return w.open(t, w.options()) }}
	})
}

// testBlobs is the environment variable with the URL of a bucket of another service, to run the suite over; see `make blobs-conformance`.
const testBlobs = "CROSSGRANT_TEST_BLOBS"

// TestService runs the suite over the service that the environment names, with the smallest parts that AWS takes.
func TestService(t *testing.T) {
	url := os.Getenv(testBlobs)
	if url == "" {
		t.Skip(testBlobs + " names no service")
	}
	at, err := s3blob.ParseURL(url)
	if err != nil {
		t.Fatalf("%s: %v", testBlobs, err)
	}
	var number atomic.Int64
	run := blob.NewID()
	for name, part := range map[string]int64{"parts": 5 << 20, "whole": 8 << 20} {
		t.Run(name, func(t *testing.T) {
			blobtest.Run(t, func(t *testing.T) blobtest.Crasher {
				own := prefixed(url, fmt.Sprintf("%s%s/%d", at.Prefix, run, number.Add(1)))
				return blobtest.Crasher{Open: func() blob.Store {
					s, err := s3blob.Open(t.Context(), own, s3blob.Options{PartBytes: part})
					must(t, err)
					return s
				}}
			})
		})
	}
}

// prefixed returns a URL with another prefix.
func prefixed(url, prefix string) string {
	head, query, _ := strings.Cut(url, "?")
	kept := []string{"prefix=" + prefix}
	for p := range strings.SplitSeq(query, "&") {
		if p != "" && !strings.HasPrefix(p, "prefix=") {
			kept = append(kept, p)
		}
	}
	return head + "?" + strings.Join(kept, "&")
}
