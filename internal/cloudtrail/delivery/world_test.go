package delivery

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/accounts"
	"crossgrant/internal/acl"
	"crossgrant/internal/audit"
	"crossgrant/internal/blob"
	blobs "crossgrant/internal/blob/memory"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/archive"
	"crossgrant/internal/cloudtrail/signing"
	"crossgrant/internal/ids"
	"crossgrant/internal/journal"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
	"crossgrant/internal/sts"
)

// The accounts of the tests: one that works, one that keeps its logs, and one that has nothing to do with them.
const (
	work   ids.AccountID = "111111111111"
	logs   ids.AccountID = "222222222222"
	others ids.AccountID = "333333333333"
)

// allowed is the policy of the documentation, with its conditions, of a bucket NAME.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
const allowed = `{"Version":"2012-10-17","Statement":[
	{"Sid":"AWSCloudTrailAclCheck","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl",
	 "Resource":"arn:aws:s3:::NAME","Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111111111111:trail/main"}}},
	{"Sid":"AWSCloudTrailWrite","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject",
	 "Resource":"arn:aws:s3:::NAME/AWSLogs/111111111111/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control",
	 "aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111111111111:trail/main"}}}]}`

// counts is a Meter.
type counts struct {
	mu                               sync.Mutex
	files, delivered, refused, ended int
	waitingFiles, waitingBytes       int64
}

func (c *counts) TrailDelivered(events int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files++
	c.delivered += events
}
func (c *counts) TrailRefused()      { c.mu.Lock(); defer c.mu.Unlock(); c.refused++ }
func (c *counts) TrailDropped(n int) { c.mu.Lock(); defer c.mu.Unlock(); c.ended += n }
func (c *counts) TrailWaiting(f, b int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waitingFiles, c.waitingBytes = f, b
}
func (c *counts) JournalWrote(_, _ int) {}
func (c *counts) JournalDropped(int)    {}

// world has a trail main of the account work, which delivers to the bucket archive of the account logs. The buckets
// walnut, of work, and attic, of logs, are there too.
type world struct {
	t         testing.TB
	engine    meta.Engine
	blobs     blob.Store
	store     *meta.Store
	journal   *journal.Journal
	access    *access.Access
	objects   *objects.Service
	trails    *cloudtrail.Service
	keys      *signing.Service
	delivery  *Service
	box       *seal.Box
	clock     atomic.Int64
	counts    counts
	published []*audit.Record
	requests  int
}

func (w *world) now() time.Time { return time.Unix(0, w.clock.Load()).UTC() }

func (w *world) pass(d time.Duration) { w.clock.Add(int64(d)) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, engine: memory.New(), blobs: blobs.New()}
	w.clock.Store(time.Date(2026, 1, 2, 23, 30, 0, 0, time.UTC).UnixNano())
	var err error
	w.box, err = seal.New()
	w.must(err)
	w.open()
	people := accounts.New(w.store, w.box, accounts.Options{Now: w.now})
	for id, buckets := range map[ids.AccountID][]string{work: {"walnut"}, logs: {"archive", "attic"}, others: {"hazel"}} {
		a, _, err := people.Create(t.Context(), accounts.NewAccount{Name: "account-" + string(id), ID: string(id)})
		w.must(err)
		for _, name := range buckets {
			w.must(w.objects.CreateBucket(t.Context(), objects.NewBucket{
				Name: name, Account: a.ID, Canonical: a.CanonicalID, Region: "us-east-1", Ownership: "ObjectWriter", ACL: access.Grants(acl.Private(a.CanonicalID)),
			}))
		}
	}
	for _, name := range []string{"archive", "attic"} {
		w.policy(name, strings.ReplaceAll(allowed, "NAME", name))
	}
	archived, yes := "archive", true
	_, err = w.trails.Create(t.Context(), work, "main", cloudtrail.Settings{Bucket: &archived, Validation: &yes}, nil)
	w.must(err)
	w.pass(time.Second)
	w.must(w.trails.StartLogging(t.Context(), work, "main"))
	w.pass(time.Second)
	return w
}

// open starts the services anew over what is stored.
func (w *world) open() {
	quiet := slog.New(slog.DiscardHandler)
	w.store = meta.New(w.engine)
	w.access = access.New(w.store, w.box, sts.New(w.store, w.box, sts.Options{Now: w.now}))
	w.objects = objects.New(w.store, w.blobs, objects.Options{
		Keys: &sse.Keyring{Master: w.box}, InlineLimit: objects.MaxInline, Now: w.now, Log: quiet,
	})
	w.journal = journal.New(w.store, journal.Options{Readers: []string{Reader}, Meter: &w.counts, Now: w.now, Log: quiet})
	w.keys = signing.New(w.store, w.box, signing.Options{Now: w.now})
	out := archive.New(w.access, w.objects, archive.Options{Region: "us-east-1", Now: w.now, Publish: func(r *audit.Record) { w.published = append(w.published, r) }})
	w.trails = cloudtrail.New(w.store, cloudtrail.Options{Region: "us-east-1", World: w.access, Destination: out, Now: w.now})
	w.delivery = w.service(out)
}

// service returns a service over what is open.
func (w *world) service(out Archive) *Service {
	return New(w.store, Deps{Journal: w.journal, Trails: w.trails, Archive: out, Keys: w.keys}, Options{
		Region: "us-east-1", Meter: &w.counts, Now: w.now, Log: slog.New(slog.DiscardHandler),
	})
}

func (w *world) policy(bucket, text string) {
	w.t.Helper()
	w.must(w.objects.UpdateBucket(w.t.Context(), bucket, func(b *records.Bucket, _ *records.Account) error { b.Policy = text; return nil }))
}

// request records a request of the account work now, if it is wanted, and returns its ID.
func (w *world) request(r audit.Record) string {
	w.t.Helper()
	w.requests++
	id, err := ids.NewRequestID(bytes.NewReader(bytes.Repeat([]byte{byte(w.requests), byte(w.requests >> 8)}, 32)), w.now())
	w.must(err)
	r.RequestID, r.Time, r.Status, r.Region = id, w.now(), 200, "us-east-1"
	if r.CallerAccount == "" {
		r.CallerAccount, r.CallerARN, r.CallerID, r.CallerEntityID = work, "arn:aws:iam::111111111111:user/ann", "AIDAANN", "AIDAANN"
	}
	if !w.delivery.Wants(&r) {
		return id
	}
	r.Organizations, err = w.delivery.Organizations(w.t.Context(), &r)
	w.must(err)
	entry := r.AppendTo(nil)
	if !w.journal.Append(r.Time, entry) {
		w.t.Fatal("the journal has no room")
	}
	return id
}

// users records a CreateUser of the account work.
func (w *world) user() string {
	w.t.Helper()
	return w.request(audit.Record{Service: "iam", Operation: "CreateUser", Parameters: []byte(`{"userName":"bob"}`)})
}

func (w *world) deliver() {
	w.t.Helper()
	w.must(w.journal.Flush(w.t.Context()))
	w.must(w.delivery.Deliver(w.t.Context()))
}

// keysIn returns the keys of the objects of a bucket, in order, that have a text in them.
func (w *world) keysIn(bucket, text string) (found []string) {
	w.t.Helper()
	b, err := w.access.Bucket(w.t.Context(), bucket)
	w.must(err)
	w.must(w.store.View(w.t.Context(), func(r meta.Reader) error {
		it := r.Scan(keys.Objects(b.ID, ""))
		for it.Next() {
			key, err := keys.ParseObject(it.Key())
			if err != nil {
				return err
			}
			if strings.Contains(key, text) {
				found = append(found, key)
			}
		}
		return it.Close()
	}))
	return found
}

// object returns an object and its content, decompressed.
func (w *world) object(bucket, key string) (*records.Object, []byte) {
	w.t.Helper()
	b, err := w.access.Bucket(w.t.Context(), bucket)
	w.must(err)
	o, err := w.objects.Get(w.t.Context(), b.ID, key, "")
	w.must(err)
	body, err := w.objects.Open(w.t.Context(), objects.Source{Bucket: b.ID, Key: key, Object: o}, 0, o.Size)
	w.must(err)
	defer body.Close()
	unpacked, err := gzip.NewReader(body)
	w.must(err)
	text, err := io.ReadAll(unpacked)
	w.must(err)
	return o, text
}

// logged is what a test looks at of an event.
type logged struct {
	RequestID          string `json:"requestID"`
	EventName          string `json:"eventName"`
	RecipientAccountID string `json:"recipientAccountId"`
}

// events returns the events of all log files in a bucket, in the order of the files' keys.
func (w *world) events(bucket string) (all []logged) {
	w.t.Helper()
	for _, key := range w.keysIn(bucket, "/CloudTrail/") {
		_, text := w.object(bucket, key)
		var file struct{ Records []logged }
		w.must(json.Unmarshal(text, &file))
		all = append(all, file.Records...)
	}
	return all
}

// ids returns the request IDs of all events in a bucket, sorted.
func (w *world) ids(bucket string) (all []string) {
	w.t.Helper()
	for _, e := range w.events(bucket) {
		all = append(all, e.RequestID)
	}
	slices.Sort(all)
	return all
}

// state returns the state of a trail.
func (w *world) state(name string) *records.TrailState {
	w.t.Helper()
	var state *records.TrailState
	w.must(w.store.View(w.t.Context(), func(r meta.Reader) (err error) {
		state, err = readState(r, work, name)
		return err
	}))
	return state
}

// waits returns how many log files wait to be delivered, and their bytes as stored.
func (w *world) waits() (files int, size int64) {
	w.t.Helper()
	all, err := w.delivery.waiting(w.t.Context())
	w.must(err)
	for i := range all {
		files += len(all[i].files)
		size += all[i].size()
	}
	return files, size
}

// left returns how many keys there are of what is kept for a trail, but for its record, its state and its chains.
func (w *world) left(name string) (n int) {
	w.t.Helper()
	w.must(w.store.View(w.t.Context(), func(r meta.Reader) error {
		for _, of := range []func(ids.AccountID, string) (from, to []byte){keys.TrailFiles, keys.TrailDeliveredOf} {
			from, to := of(work, name)
			found, err := meta.Keys(r, from, to, meta.All)
			if n += len(found); err != nil {
				return err
			}
		}
		return nil
	}))
	return n
}

func (w *world) read(key []byte, m proto.Message) {
	w.t.Helper()
	w.must(w.store.View(w.t.Context(), func(r meta.Reader) error { return records.Get(r, key, m) }))
}

func (w *world) write(key []byte, m proto.Message) {
	w.t.Helper()
	w.must(w.store.Update(w.t.Context(), func(tx meta.Tx) error { return records.Put(tx, key, m) }))
}
