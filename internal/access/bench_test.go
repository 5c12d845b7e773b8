package access

import (
	"testing"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// BenchmarkAuthorize measures all that a request costs for authorization once caller and bucket are known:
// finding out who calls and what the bucket allows, and the decision. An Allow is decided, a denial explained
// as well.
func BenchmarkAuthorize(b *testing.B) {
	f := newFixture(b)
	f.put(keys.Bucket("b"), &records.Bucket{
		Name: "b", Id: make([]byte, 8), Account: string(accountID), CanonicalId: "aa",
		Policy: `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/secret/*"}}`,
	})
	for name, resource := range map[string]string{"allow": "arn:aws:s3:::b/k", "deny": "arn:aws:s3:::b/secret/k"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				caller, err := f.access.Caller(b.Context(), keyID, "", time.Unix(0, 0))
				if err != nil {
					b.Fatal(err)
				}
				bucket, err := f.access.Bucket(b.Context(), "b")
				if err != nil {
					b.Fatal(err)
				}
				request := caller.Context()
				check := &Check{Action: "s3:PutObject", Resource: resource, Bucket: bucket}
				d, err := f.access.Authorize(b.Context(), caller, check, &request)
				if err != nil || d.Allowed() != (name == "allow") {
					b.Fatal(d.By, err)
				}
			}
		})
	}
}
