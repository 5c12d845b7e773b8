package access

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"crossgrant/internal/ids"
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

// BenchmarkKept measures how much memory is kept of users that make requests: of 1,000 accounts with 10 users each,
// who have an inline policy of their own, and a group with a managed policy in each account.
func BenchmarkKept(b *testing.B) {
	const accounts, users = 1000, 10
	f := newFixture(b)
	var all []ids.AccessKeyID
	for i := range accounts {
		account := ids.AccountID(fmt.Sprintf("5%011d", i))
		f.put(keys.Account(account), &records.Account{Id: string(account), CanonicalId: fmt.Sprintf("%064x", i), Name: "account"})
		f.put(keys.Entity(account, keys.GroupKind, "devs"), &records.Group{Name: "devs", Id: "AGPADEVS", Path: "/", Attached: []string{"arn:aws:iam::aws:policy/AmazonS3FullAccess"}})
		for j := range users {
			key, name := ids.AccessKeyID(fmt.Sprintf("AKIA%08d%08d", i, j)), fmt.Sprintf("user-%d", j)
			sealed, err := f.box.Seal([]byte("secret"), []byte(key))
			if err != nil {
				b.Fatal(err)
			}
			document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::bucket-%d-%d/*"},{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"t%d"}}}]}`, i, j, j)
			f.put(keys.AccessKey(key), &records.AccessKey{Id: string(key), Account: string(account), UserName: name, UserId: name, SealedSecret: sealed})
			f.put(keys.Entity(account, keys.UserKind, name), &records.User{Name: name, Id: name, Path: "/", Groups: []string{"devs"}, Inline: map[string]string{"own": document}})
			all = append(all, key)
		}
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for b.Loop() {
		f.access = New(f.store, f.box, f.sts)
		before := heap()
		for _, key := range all {
			if _, err := f.access.Caller(b.Context(), key, "", time.Unix(0, 0)); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/(accounts*users), "B/user")
		runtime.KeepAlive(f.access)
	}
}
