package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
)

// BenchmarkRequest measures what the pipeline adds to a request that does nothing, with the headers that an SDK sends:
// signature, decision and record, which nobody reads.
func BenchmarkRequest(b *testing.B) {
	p, err := New(Config{
		Region: "us-east-1", Authorizer: everyone{decision: authz.Decision{Effect: authz.Allow}}, Services: []Service{&service{"s3", row(func(context.Context, *Call, *struct{}) (*Response, error) {
			return &Response{Header: http.Header{"Etag": {`"x"`}, "X-Amz-Server-Side-Encryption": {"AES256"}}}, nil
		})}}, Records: audit.NewStream(),
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }, NamesBucket: func(string) bool { return false },
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, method := range []string{"GET", "PUT"} {
		b.Run(method, func(b *testing.B) {
			r := signed(method, "/b/k", "", keyID, "")
			r.Header.Set("User-Agent", "aws-cli/2.15.30")
			r.Header.Set("Amz-Sdk-Invocation-Id", strings.Repeat("0", 36))
			r.Header.Set("Amz-Sdk-Request", "attempt=1")
			r.Header.Set("Content-Type", "application/octet-stream")
			b.ReportAllocs()
			for b.Loop() {
				p.ServeHTTP(httptest.NewRecorder(), r.Clone(r.Context()))
			}
		})
	}
}
