package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crossgrant/internal/accounts"
	"crossgrant/internal/apierr"
	"crossgrant/internal/audit"
	"crossgrant/internal/blob"
	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/iam"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/postgres"
	"crossgrant/internal/meta/postgres/postgrestest"
	"crossgrant/internal/sigv4"
)

// TestMain ends the PostgreSQL that tests have started.
func TestMain(m *testing.M) { postgrestest.Main(m) }

// tripServer is a server over PostgreSQL without the work in the background, and how many round trips it has made to it.
type tripServer struct {
	*testing.T
	*httptest.Server
	wired  *wired
	signer sigv4.Signer
	trips  atomic.Int64
}

func newTripServer(t *testing.T) *tripServer {
	t.Helper()
	s := &tripServer{T: t}
	url := postgrestest.Database(t)
	e := engines{
		shared: true,
		meta: func(string, int64, *slog.Logger) (meta.Engine, error) {
			return postgres.Open(context.Background(), url, postgres.Options{Trip: func() { s.trips.Add(1) }})
		},
		blobs: func(string, *slog.Logger) (blob.Store, error) { return blobmemory.New(), nil },
	}
	folder, err := openFolder(t.TempDir(), e, true)
	s.must(err)
	t.Cleanup(func() { folder.close() })
	command := &serveCommand{Region: "us-east-1"}
	s.wired, err = command.wire(t.Context(), &config{lines: audit.NewLines(io.Discard)}, folder, slog.New(slog.DiscardHandler))
	s.must(err)
	_, key, err := s.wired.accounts.Create(t.Context(), accounts.NewAccount{Name: "trips"})
	s.must(err)
	s.signer = sigv4.Signer{AccessKeyID: string(key.ID), Secret: sigv4.NewSecret(key.Secret), Region: "us-east-1", Service: "s3"}
	s.Server = httptest.NewServer(s.wired.pipeline)
	t.Cleanup(s.Close)
	return s
}

func (s *tripServer) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// send sends a signed request, and returns its answer and how many round trips it cost.
func (s *tripServer) send(method, target string, body []byte) (status int, answer string, trips int64) {
	s.Helper()
	r, err := http.NewRequest(method, s.URL+target, bytes.NewReader(body))
	s.must(err)
	sum := sha256.Sum256(body)
	path, query, _ := strings.Cut(target, "?")
	neutral := &sigv4.Request{Method: method, RawPath: path, RawQuery: query, Host: r.URL.Host, Header: map[string][]string(r.Header)}
	s.signer.Sign(neutral, hex.EncodeToString(sum[:]), time.Now())
	r.Header = neutral.Header
	before := s.trips.Load()
	response, err := s.Client().Do(r)
	s.must(err)
	text, err := io.ReadAll(response.Body)
	s.must(err)
	s.must(response.Body.Close())
	return response.StatusCode, string(text), s.trips.Load() - before
}

// TestRoundTrips counts what each request costs of the metadata store, at its driver, once the server knows who asks and which
// bucket it asks for.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	s := newTripServer(t)
	small, large := bytes.Repeat([]byte("s"), 4<<10), bytes.Repeat([]byte("l"), 1<<20)
	for _, target := range []string{"/trips", "/versions", "/suspended"} {
		s.send("PUT", target, nil)
	}
	const versioning = `<VersioningConfiguration><Status>%s</Status></VersioningConfiguration>`
	s.send("PUT", "/versions?versioning", fmt.Appendf(nil, versioning, "Enabled"))
	s.send("PUT", "/suspended?versioning", fmt.Appendf(nil, versioning, "Suspended"))
	for i := range 30 {
		s.send("PUT", fmt.Sprintf("/trips/list/%02d/%d", i%10, i), small)
	}
	for _, c := range []struct {
		method, target string
		body           []byte
		most           int64
		status         int
	}{
		{"PUT", "/trips/small", small, 2, 200},
		{"PUT", "/trips/small", small, 2, 200},
		{"GET", "/trips/small", nil, 1, 200},
		{"HEAD", "/trips/small", nil, 1, 200},
		{"GET", "/trips/missing", nil, 1, 404},
		{"HEAD", "/trips", nil, 1, 200},
		{"PUT", "/trips/large", large, 2, 200},
		{"GET", "/trips/large", nil, 1, 200},
		{"GET", "/trips", nil, 1, 200},
		{"GET", "/trips?list-type=2&prefix=list/&delimiter=/", nil, 1, 200},
		{"GET", "/trips?list-type=2&prefix=list/&max-keys=7", nil, 1, 200},
		{"GET", "/trips?list-type=2&prefix=none/", nil, 1, 200},
		{"GET", "/trips?list-type=2&fetch-owner=true", nil, 1, 200},
		{"DELETE", "/trips/small", nil, 2, 204},
		{"PUT", "/suspended/k", small, 2, 200},
		{"PUT", "/suspended/k", small, 2, 200},
		{"PUT", "/versions/k", small, 2, 200},
		{"PUT", "/versions/k", small, 2, 200},
		{"GET", "/versions/k", nil, 1, 200},
		{"DELETE", "/versions/k", nil, 2, 204},
		{"GET", "/versions/k", nil, 1, 404},
		{"GET", "/versions/never", nil, 1, 404},
		{"PUT", "/versions/k", small, 2, 200},
	} {
		s.send(c.method, c.target, c.body) // after this, what such a request needs is known
		status, answer, trips := s.send(c.method, c.target, c.body)
		if status != c.status || trips > c.most || trips == 0 {
			t.Errorf("%s %s: %d, %d round trips, want %d and at most %d: %.300s", c.method, c.target, status, trips, c.status, c.most, answer)
		}
	}
}

// TestRotationAmongServers: the master key is not rotated while another server, which could not open what is sealed from then on,
// uses the store.
func TestRotationAmongServers(t *testing.T) {
	t.Parallel()
	url, master := postgrestest.Database(t), filepath.Join(t.TempDir(), "master.json")
	if status, _, stderr := crossgrant(t, "key", "make-master", master); status != 0 {
		t.Fatal(stderr)
	}
	if status, _, stderr := crossgrant(t, "key", "make-master", master); status == 0 || !strings.Contains(stderr, "is there already") {
		t.Errorf("a master key is made in the place of another: %s", stderr)
	}
	var folders [2]*dataFolder
	var all [2]*wired
	for i := range folders {
		e := engines{
			shared: true, master: master,
			meta: func(string, int64, *slog.Logger) (meta.Engine, error) {
				return postgres.Open(context.Background(), url, postgres.Options{})
			},
			blobs: func(string, *slog.Logger) (blob.Store, error) { return blobmemory.New(), nil },
		}
		var err error
		if folders[i], err = openFolder(t.TempDir(), e, true); err != nil {
			t.Fatal(err)
		}
		defer folders[i].close()
		if all[i], err = (&serveCommand{Region: "us-east-1"}).wire(t.Context(), &config{}, folders[i], slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	}
	operator := folders[0].operator(all[0].accounts, all[0].kms, all[0].closure, "http://127.0.0.1", "us-east-1")
	if _, err := operator.RotateMasterKey(t.Context()); !apierr.Is(err, "ServersRunning") {
		t.Errorf("rotated beside another server: %v", err)
	}
	all[1].sharing.close()
	if _, err := operator.RotateMasterKey(t.Context()); err != nil {
		t.Error(err)
	}
	all[0].sharing.close()
}

// TestRoundTripsOfOthers: a user of another account who is let in by a bucket policy costs no more.
func TestRoundTripsOfOthers(t *testing.T) {
	t.Parallel()
	s := newTripServer(t)
	ctx := t.Context()
	s.send("PUT", "/trips", nil)
	s.send("PUT", "/trips/k", []byte("hello"))
	account, _, err := s.wired.accounts.Create(ctx, accounts.NewAccount{Name: "other"})
	s.must(err)
	users := s.wired.bootstrap.IAM
	_, err = users.CreateUser(ctx, account.ID, iam.NewUser{Name: "u"})
	s.must(err)
	s.must(users.PutInlinePolicy(ctx, account.ID, 'u', "u", "all", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`))
	key, secret, err := users.CreateAccessKey(ctx, account.ID, "u")
	s.must(err)
	s.send("PUT", "/trips?policy", fmt.Appendf(nil, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"s3:*","Resource":["arn:aws:s3:::trips","arn:aws:s3:::trips/*"]}}`, account.ID))
	s.signer = sigv4.Signer{AccessKeyID: string(key.ID), Secret: sigv4.NewSecret(secret), Region: "us-east-1", Service: "s3"}
	for _, c := range []struct {
		method, target string
		most           int64
	}{{"GET", "/trips/k", 1}, {"PUT", "/trips/k", 2}, {"GET", "/trips?list-type=2", 1}} {
		s.send(c.method, c.target, nil)
		status, answer, trips := s.send(c.method, c.target, nil)
		if status != http.StatusOK || trips > c.most || trips == 0 {
			t.Errorf("%s %s: %d, %d round trips, want at most %d: %.300s", c.method, c.target, status, trips, c.most, answer)
		}
	}
}
