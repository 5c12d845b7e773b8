package s3api_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/access"
	"crossgrant/internal/accounts"
	"crossgrant/internal/audit"
	blobs "crossgrant/internal/blob/memory"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/keytest"
	"crossgrant/internal/httpapi/s3api"
	"crossgrant/internal/httpapi/s3controlapi"
	"crossgrant/internal/httpapi/websiteapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/kms"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/orgs"
	"crossgrant/internal/seal"
	"crossgrant/internal/sigv4"
	"crossgrant/internal/sse"
	"crossgrant/internal/sts"
)

// TestStories runs the stories of testdata: requests of several accounts against a whole server over
// memory, with the answers that S3 gives. `go test -run Stories -rewrite` writes the answers anew.
//
//	server [domain=…] [websites=…] [region=…] [defaults=acls-disabled]
//	account name=… [id=…] [canonical=…]    its root user is called by the account's name
//	user account=… name=… [team=…]         called account/user; with a tag
//	deleteuser account=… name=…
//	policy account=… user=…                the input becomes the user's one inline policy
//	key account=… id=… [alias=…]           a KMS key; the input is its policy
//	disable | enable | rotate id=…         a KMS key
//	rotatemaster                           the master key
//	organization | join | leave | attach | detach   see world.runOrganization
//	decisions                              how the last request was judged
//	record                                 what its record has of it
//	advance by=72h                         the clock
//	cost                                   the transactions on the metadata that it took
//	do                                     one request:
//	caller METHOD /path?query              caller "-" is anonymous
//	Header: value                          "host" is the Host header
//	                                       blank line
//	body                                   "size N" is N bytes
//	organization | scp | rootsession       see world.runRoot
//	post                                   a browser form, see world.post
//
// Upload IDs are shown as [upload1], [upload2], … and may be written so; version IDs as [version1], …, and ETags
// that are drawn at random as [etag1], …. The AWS managed key is shown as [key].
// The clock goes on by a minute with each command.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("stories: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			var w *world
			datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
				if d.Cmd == "server" {
					w = newWorld(t, d)
					return ""
				}
				w.clock.Add(60)
				return w.run(t, d)
			})
		})
	}
}

// world is a server with everything behind it.
type world struct {
	handler  http.Handler
	accounts *accounts.Service
	iam      *iam.Service
	clock    atomic.Int64 // seconds since 1970
	region   string
	ids      map[string]ids.AccountID
	signers  map[string]*sigv4.Signer
	uploads  []string
	versions []string
	last     *audit.Record
	asking   *keytest.Asking
	tls      *tls.ConnectionState
	engine   *countingEngine
	storage  *objects.Service
	orgs     *orgs.Service
	sessions *sts.Service
	secrets
	organizations
}

// countingEngine counts the transactions on the metadata store.
type countingEngine struct {
	meta.Engine
	views, updates atomic.Int64
	// meanwhile is called, once, between what a request has read and what it writes; may be nil.
	meanwhile func()
}

func (e *countingEngine) View(ctx context.Context, fn func(meta.Reader) error) error {
	e.views.Add(1)
	return e.Engine.View(ctx, fn)
}

func (e *countingEngine) Update(ctx context.Context, fn func(meta.Tx) error) error {
	e.updates.Add(1)
	if meanwhile := e.meanwhile; meanwhile != nil {
		e.meanwhile = nil
		meanwhile()
	}
	return e.Engine.Update(ctx, fn)
}

func (w *world) now() time.Time { return time.Unix(w.clock.Load(), 0).UTC() }

// Record keeps the record of the last request.
func (w *world) Record(r *audit.Record) {
	kept := *r
	w.last = &kept
}

func newWorld(t *testing.T, d *datadriven.TestData) *world {
	t.Helper()
	w := &world{secrets: secrets{keys: map[string]bool{}}, region: "us-east-1", ids: map[string]ids.AccountID{}, signers: map[string]*sigv4.Signer{}}
	w.clock.Store(time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC).Unix())
	var domain string
	d.MaybeScanArgs(t, "region", &w.region)
	d.MaybeScanArgs(t, "domain", &domain)
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	w.engine = &countingEngine{Engine: memory.New()}
	store := meta.New(w.engine)
	w.accounts = accounts.New(store, box, accounts.Options{Now: w.now})
	w.iam = iam.New(store, box, iam.Options{Now: w.now})
	sessions := sts.New(store, box, sts.Options{Now: w.now})
	w.sessions = sessions
	authorizer := access.New(store, box, sessions)
	w.orgs = orgs.New(store, orgs.Options{Now: w.now, Rand: rand.NewChaCha8([32]byte{1}), Accounts: w.accounts, Roles: w.iam, Principals: w.iam})
	w.asking = &keytest.Asking{Access: authorizer}
	w.box, w.kms = box, kms.New(store, box, kms.Options{Region: w.region, Principals: w.iam, Now: w.now})
	storage := objects.New(store, blobs.New(), objects.Options{
		Keys: &sse.Keyring{Master: box, KMS: w.kms}, InlineLimit: 16, MinPart: 32, MaxObject: 1 << 20, Now: w.now, Log: slog.New(slog.DiscardHandler),
	})
	deps := s3api.Deps{
		Buckets: authorizer, Accounts: authorizer, Principals: w.iam, MFA: oneDevice{}, KMS: w.kms, Region: w.region, NewBuckets: s3api.ACLsEnabled,
		Destinations: &webhooks{},
	}
	if d.HasArg("defaults") {
		deps.NewBuckets = s3api.ACLsDisabled
	}
	if domain != "" {
		deps.Domains = []string{domain}
	}
	w.storage = storage
	s3 := s3api.New(storage, deps)
	pages := websiteapi.Deps{Buckets: authorizer, Objects: s3, Region: w.region, Domains: deps.Domains}
	if d.HasArg("websites") {
		pages.Websites = make([]string, 1)
		d.ScanArgs(t, "websites", &pages.Websites[0])
	}
	w.handler, err = httpapi.New(httpapi.Config{
		Region: w.region, Authorizer: w.asking, Services: []httpapi.Service{s3, s3controlapi.New(w.accounts, authorizer, storage), websiteapi.New(pages)}, NamesBucket: s3.NamesBucket,
		Records: audit.NewStream(w), Now: w.now,
		Ready: func(context.Context) error { return nil }, Metrics: http.NotFoundHandler(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// oneDevice is an MFA device whose codes are good: serial "device", code "123456".
type oneDevice struct{}

func (oneDevice) VerifyMFA(_ context.Context, _ ids.AccountID, serial, code string, _ time.Time) error {
	if serial != "device" || code != "123456" {
		return errors.New("wrong code")
	}
	return nil
}

func (w *world) run(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	var account, name, user string
	d.MaybeScanArgs(t, "account", &account)
	d.MaybeScanArgs(t, "name", &name)
	d.MaybeScanArgs(t, "user", &user)
	ctx := t.Context()
	fail := func(err error) string {
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		return ""
	}
	switch d.Cmd {
	case "account":
		n := accounts.NewAccount{Name: name}
		d.MaybeScanArgs(t, "id", &n.ID)
		d.MaybeScanArgs(t, "canonical", &n.CanonicalID)
		a, key, err := w.accounts.Create(ctx, n)
		w.ids[name] = a.ID
		w.signers[name] = w.signer(string(key.ID), key.Secret)
		return fail(err)
	case "user":
		n := iam.NewUser{Name: name, Path: "/"}
		var team string
		if d.MaybeScanArgs(t, "team", &team); team != "" {
			n.Tags = []iam.Tag{{Key: "team", Value: team}}
		}
		if _, err := w.iam.CreateUser(ctx, w.ids[account], n); err != nil {
			return fail(err)
		}
		key, secret, err := w.iam.CreateAccessKey(ctx, w.ids[account], name)
		w.signers[account+"/"+name] = w.signer(string(key.ID), secret)
		return fail(err)
	case "deleteuser":
		key := ids.AccessKeyID(w.signers[account+"/"+name].AccessKeyID)
		if err := w.iam.DeleteAccessKey(ctx, w.ids[account], name, key); err != nil {
			return fail(err)
		}
		return fail(w.iam.DeleteUser(ctx, w.ids[account], name))
	case "policy":
		return fail(w.iam.PutInlinePolicy(ctx, w.ids[account], keys.UserKind, user, "p", d.Input))
	case "advance":
		var by string
		d.ScanArgs(t, "by", &by)
		length, err := time.ParseDuration(by)
		w.clock.Add(int64(length.Seconds()))
		return fail(err)
	case "do":
		return w.do(t, d)
	case "post":
		return w.post(t, d)
	case "decisions":
		return w.decisions()
	case "record":
		return w.record()
	case "cost":
		return fmt.Sprintf("%d reads, %d writes\n", w.engine.views.Load(), w.engine.updates.Load())
	}
	if done, err := w.runRoot(t, d, account, name); done {
		return fail(err)
	}
	for _, run := range []func(*testing.T, *datadriven.TestData, string) (bool, error){w.runKey, w.runOrganization} {
		if done, err := run(t, d, account); done {
			return fail(err)
		}
	}
	d.Fatalf(t, "unknown command %s", d.Cmd)
	return ""
}

func (w *world) signer(id, secret string) *sigv4.Signer {
	return &sigv4.Signer{Dialect: sigv4.S3, AccessKeyID: id, Secret: sigv4.NewSecret(secret), Region: w.region, Service: "s3"}
}

// decisions shows how the last request was judged.
func (w *world) decisions() string {
	var b strings.Builder
	for _, one := range w.last.Decisions {
		fmt.Fprintf(&b, "%s on %s: %s by %s\n", one.Action, one.Resource, one.Effect, one.By.Layer)
	}
	fmt.Fprintf(&b, "bucket of %s, object of %.8s\n", w.last.ResourceOwner, w.last.ObjectOwner)
	return b.String()
}

var (
	uploadName  = regexp.MustCompile(`\[upload(\d)\]`)
	versionName = regexp.MustCompile(`\[version(\d+)\]`)
)

// do sends a request and shows the answer.
func (w *world) do(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	w.engine.views.Store(0)
	w.engine.updates.Store(0)
	input := uploadName.ReplaceAllStringFunc(d.Input, func(name string) string { return w.uploads[name[7]-'1'] })
	input = w.reveal(input)
	input = versionName.ReplaceAllStringFunc(input, func(name string) string {
		var n int
		fmt.Sscanf(name, "[version%d]", &n)
		return w.versions[n-1]
	})
	head, body, _ := strings.Cut(input, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	var size int
	if _, err := fmt.Sscanf(body, "size %d", &size); err == nil {
		body = strings.Repeat("0123456789abcdef", size/16+1)[:size]
	}
	lines := strings.Split(strings.TrimSpace(head), "\n")
	words := strings.Fields(lines[0])
	r := httptest.NewRequest(words[1], words[2], strings.NewReader(body))
	r.TLS = w.tls
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		if value = strings.TrimSpace(value); strings.EqualFold(name, "host") {
			r.Host = value
		} else {
			r.Header.Add(name, strings.ReplaceAll(value, "[md5]", md5Of(body)))
		}
	}
	if body == "" && r.Method == http.MethodPut {
		r.Header.Set("Content-Length", "0") // as clients do
	}
	if words[0] != "-" {
		signer := w.signers[words[0]]
		if signer == nil {
			d.Fatalf(t, "nobody is called %s", words[0])
		}
		sum := sha256.Sum256([]byte(body))
		signer.Sign(&sigv4.Request{
			Method: r.Method, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.Host, Header: r.Header,
			ContentLength: r.ContentLength,
		}, hex.EncodeToString(sum[:]), w.now())
	}
	sent := r.Header.Clone() // the handler may change it
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	w.checkRecord(t, sent)
	return w.show(answer)
}

// md5Of returns the MD5 of a body as Content-MD5 has it.
func md5Of(body string) string {
	sum := md5.Sum([]byte(body))
	return base64.StdEncoding.EncodeToString(sum[:])
}

var uniqueID = regexp.MustCompile(`"(AIDA|AROA)[A-Z2-7]+`)

// drawnID is the ID of a notification that the server drew.
var drawnID = regexp.MustCompile(`<Id>[A-Z2-7]{48}</Id>`)

var scrubbed = regexp.MustCompile(`<RequestId>[^<]*</RequestId><HostId>[^<]*</HostId>`)

var scrubbedPage = regexp.MustCompile(`<li>RequestId: [^<]*</li>\n<li>HostId: [^<]*</li>\n`)

// show renders an answer without what differs from run to run.
func (w *world) show(answer *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintln(&b, answer.Code)
	var names []string
	for name := range answer.Header() {
		switch name {
		case "x-amz-request-id", "x-amz-id-2", "x-amzn-RequestId", "Server", "Content-Length":
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	w.remember(answer.Header(), answer.Body.String())
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(answer.Header()[name], " | "))
	}
	text := scrubbed.ReplaceAllString(answer.Body.String(), "")
	if strings.HasPrefix(text, "<html>") {
		text = strings.TrimSuffix(scrubbedPage.ReplaceAllString(text, ""), "\n")
	}
	text = uniqueID.ReplaceAllString(text, `"$1…`)
	text = drawnID.ReplaceAllString(text, "<Id>…</Id>")
	text = strings.TrimPrefix(text, `<?xml version="1.0" encoding="UTF-8"?>`+"\n")
	for _, m := range regexp.MustCompile(`<UploadId>([0-9A-V]+)</UploadId>`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(w.uploads, m[1]) {
			w.uploads = append(w.uploads, m[1])
		}
	}
	for i, id := range w.uploads {
		text = strings.ReplaceAll(text, id, fmt.Sprintf("[upload%d]", i+1))
	}
	if text != "" {
		b.WriteString(indent(text))
	}
	return w.nameVersions(w.hide(b.String()))
}

var versionID = regexp.MustCompile(`\b[S-V][0-9A-V]{31}\b`)

// nameVersions puts the names of version IDs in their place.
func (w *world) nameVersions(text string) string {
	return versionID.ReplaceAllStringFunc(text, func(id string) string {
		i := slices.Index(w.versions, id)
		if i < 0 {
			i = len(w.versions)
			w.versions = append(w.versions, id)
		}
		return fmt.Sprintf("[version%d]", i+1)
	})
}

// indent puts each element of a document that holds others on lines of its own.
func indent(text string) string {
	if !strings.HasPrefix(text, "<") {
		return text + "\n"
	}
	var b bytes.Buffer
	b.WriteString(strings.ReplaceAll(text, "><", ">\n<"))
	b.WriteByte('\n')
	return b.String()
}
