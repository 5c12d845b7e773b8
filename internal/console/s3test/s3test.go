// Package s3test is an S3 for tests of the console: two accounts over stores in memory, behind the real pipeline, with
// real signatures and real decisions.
package s3test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/access"
	"crossgrant/internal/accounts"
	"crossgrant/internal/audit"
	blobs "crossgrant/internal/blob/memory"
	"crossgrant/internal/console/client"
	"crossgrant/internal/console/consoletest"
	"crossgrant/internal/console/page"
	"crossgrant/internal/console/session"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi/querytest"
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

// The two accounts. Visitors are their root users.
const (
	A = "111122223333"
	B = "380701114427"
)

// World is the API, and the keys of the root users by account.
type World struct {
	http.Handler
	keys map[string]querytest.Key
	t    *testing.T
}

// New returns a world with the two accounts.
func New(t *testing.T) *World {
	t.Helper()
	box, err := seal.New()
	must(t, err)
	store := meta.New(memory.New())
	t.Cleanup(func() { store.Close() })
	people := accounts.New(store, box, accounts.Options{})
	identity := iam.New(store, box, iam.Options{})
	sessions := sts.New(store, box, sts.Options{})
	authorizer := access.New(store, box, sessions)
	encryption := kms.New(store, box, kms.Options{Region: "us-east-1", Principals: identity})
	storage := objects.New(store, blobs.New(), objects.Options{Keys: &sse.Keyring{Master: box, KMS: encryption}, Log: slog.New(slog.DiscardHandler), InlineLimit: 16, MinPart: 32})
	api := s3api.New(storage, s3api.Deps{
		Buckets: authorizer, Accounts: authorizer, Principals: identity, MFA: noDevice{}, KMS: encryption, Region: "us-east-1", NewBuckets: s3api.ACLsEnabled,
	})
	w := &World{t: t, keys: map[string]querytest.Key{}}
	w.Handler, err = httpapi.New(httpapi.Config{
		Region: "us-east-1", Authorizer: authorizer, Services: []httpapi.Service{api}, NamesBucket: api.NamesBucket, Records: audit.NewStream(), Now: time.Now,
		Ready: func(context.Context) error { return nil }, Metrics: http.NotFoundHandler(),
	})
	must(t, err)
	for id, name := range map[string]string{A: "store", B: "child"} {
		_, key, err := people.Create(t.Context(), accounts.NewAccount{ID: id, Name: name})
		must(t, err)
		w.keys[id] = querytest.Key{ID: string(key.ID), Secret: key.Secret}
	}
	return w
}

// Visit signs the root user of an account in to a console of one section.
func (w *World) Visit(section page.Section, account string) *consoletest.Visitor {
	w.t.Helper()
	return consoletest.Console{API: w, Section: section}.Visit(w.t, consoletest.As(w.keys[account], "arn:aws:iam::"+account+":root"))
}

// noDevice has no MFA device.
type noDevice struct{}

func (noDevice) VerifyMFA(context.Context, ids.AccountID, string, string, time.Time) error {
	return errors.New("there is no device")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// client calls the API as A.
func (w *World) client() *client.Client {
	key := w.keys[A]
	return client.New(client.Options{API: w, Endpoint: "http://127.0.0.1:9000", Region: "us-east-1", Credentials: &session.Identity{AccessKeyID: key.ID, SecretAccessKey: key.Secret}})
}

// CreateBucket makes a bucket of A.
func (w *World) CreateBucket(name string, lock bool) {
	w.t.Helper()
	_, err := w.client().S3().CreateBucket(w.t.Context(), &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: &lock})
	must(w.t, err)
}

// Fill puts empty objects into a bucket of A, whose keys are a prefix and a number.
func (w *World) Fill(bucket, prefix string, n int) {
	w.t.Helper()
	for i := range n {
		key := fmt.Sprintf("%s%03d", prefix, i)
		_, err := w.client().S3().PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key})
		must(w.t, err)
	}
}
