// Package backing starts, for tests, what several servers share: a PostgreSQL, and a networked blob store, which is one more
// crossgrant with its own folder, an account and a bucket.
package backing

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"crossgrant/internal/meta/postgres/postgrestest"
	"crossgrant/internal/sigv4"
	"crossgrant/test/servertest"
)

// bucket is the bucket for blobs.
const bucket = "blobs"

// Backing is what runs.
type Backing struct {
	Postgres *postgrestest.Server
	Blobs    *servertest.Server
	Backend  servertest.Backend // where both are
}

// Start starts a PostgreSQL and a blob store, which end with the test.
func Start(t testing.TB, program string) *Backing {
	t.Helper()
	dir := t.TempDir()
	b := &Backing{Postgres: postgrestest.New(t), Blobs: &servertest.Server{
		Program: program, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0", Log: filepath.Join(dir, "blobs.log"), Alone: true,
		Flags: []string{"--record-allows", "0"}, // nobody asks what it was asked
	}}
	if err := b.Blobs.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Blobs.Kill(); err != nil {
			t.Error(err)
		}
	})
	account, err := b.Blobs.CreateAccount(t.Context(), "blobs")
	if err != nil {
		t.Fatal(err)
	}
	if err := makeBucket(b.Blobs.Address, account); err != nil {
		t.Fatal(err)
	}
	b.Backend = servertest.Backend{
		Postgres: b.Postgres.URL("postgres"), Blobs: "s3://" + bucket + "?endpoint=http://" + b.Blobs.Address + "&region=us-east-1",
		KeyID: account.AccessKeyID, SecretKey: account.SecretAccessKey,
	}
	return b
}

// makeBucket makes the bucket.
func makeBucket(address string, account servertest.Account) error {
	r, err := http.NewRequest(http.MethodPut, "http://"+address+"/"+bucket, nil)
	if err != nil {
		return err
	}
	nothing := sha256.Sum256(nil)
	signer := sigv4.Signer{
		Dialect: sigv4.S3, AccessKeyID: account.AccessKeyID, Secret: sigv4.NewSecret(account.SecretAccessKey), Region: "us-east-1", Service: "s3",
	}
	signer.Sign(&sigv4.Request{Method: r.Method, RawPath: r.URL.Path, Host: address, Header: r.Header}, hex.EncodeToString(nothing[:]), time.Now())
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("make the bucket for blobs: %s", response.Status)
	}
	return nil
}
