package accesslog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/accounts"
	"crossgrant/internal/acl"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	blobs "crossgrant/internal/blob/memory"
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

// allowed is the policy of the documentation, with its conditions.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html#grant-log-delivery-permissions-general
const allowed = `{"Version":"2012-10-17","Statement":[{"Sid":"S3ServerAccessLogsPolicy","Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},
"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/walnut/*",
"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::walnut"},"StringEquals":{"aws:SourceAccount":"111111111111"}}}]}`

// counts is a Meter.
type counts struct {
	mu                                 sync.Mutex
	objects, delivered, refused, ended int
}

func (c *counts) LogDelivered(lines int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.objects++
	c.delivered += lines
}
func (c *counts) LogRefused()          { c.mu.Lock(); defer c.mu.Unlock(); c.refused++ }
func (c *counts) LogDropped(lines int) { c.mu.Lock(); defer c.mu.Unlock(); c.ended += lines }

// world has a bucket walnut that is logged into the bucket logs of the same account.
type world struct {
	t       testing.TB
	engine  meta.Engine
	store   *meta.Store
	journal *journal.Journal
	access  *access.Access
	objects *objects.Service
	log     *Service
	clock   atomic.Int64
	counts  counts
	box     *seal.Box
}

func (w *world) now() time.Time { return time.Unix(0, w.clock.Load()).UTC() }

func newWorld(t testing.TB, l *records.Logging) *world {
	t.Helper()
	w := &world{t: t, engine: memory.New()}
	w.clock.Store(time.Date(2026, 1, 2, 23, 59, 0, 0, time.UTC).UnixNano())
	var err error
	if w.box, err = seal.New(); err != nil {
		t.Fatal(err)
	}
	w.open()
	people := accounts.New(w.store, w.box, accounts.Options{Now: w.now})
	for _, n := range []accounts.NewAccount{{Name: "ann", ID: "111111111111"}, {Name: "bob", ID: "222222222222"}} {
		a, _, err := people.Create(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		buckets := []string{"walnut", "logs"}
		if n.Name == "bob" {
			buckets = []string{"other"}
		}
		for _, name := range buckets {
			err := w.objects.CreateBucket(t.Context(), objects.NewBucket{
				Name: name, Account: a.ID, Canonical: a.CanonicalID, Region: "us-east-1", Ownership: "ObjectWriter",
				ACL: access.Grants(acl.Private(a.CanonicalID)),
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if l == nil {
		l = &records.Logging{Bucket: "logs", Prefix: "walnut/"}
	}
	w.change("walnut", func(b *records.Bucket) { b.Logging = l })
	return w
}

// open starts the services anew over what is stored.
func (w *world) open() {
	w.store = meta.New(w.engine)
	w.access = access.New(w.store, w.box, sts.New(w.store, w.box, sts.Options{Now: w.now}))
	w.objects = objects.New(w.store, blobs.New(), objects.Options{
		Keys: &sse.Keyring{Master: w.box}, InlineLimit: objects.MaxInline, Now: w.now, Log: slog.New(slog.DiscardHandler),
	})
	w.journal = journal.New(w.store, journal.Options{
		Readers: []string{Reader}, Meter: noMeter{}, Now: w.now, Log: slog.New(slog.DiscardHandler),
	})
	w.log = w.service()
}

// service returns a service over what is open.
func (w *world) service() *Service {
	return New(w.store, w.journal, w.access, w.objects, Options{Region: "us-east-1", Meter: &w.counts, Now: w.now, Log: slog.New(slog.DiscardHandler)})
}

// noMeter is a journal.Meter.
type noMeter struct{}

func (noMeter) JournalWrote(_, _ int) {}
func (noMeter) JournalDropped(int)    {}

func (w *world) change(bucket string, change func(*records.Bucket)) {
	w.t.Helper()
	err := w.objects.UpdateBucket(w.t.Context(), bucket, func(b *records.Bucket, _ *records.Account) error { change(b); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
}

// record keeps a record if it is wanted, as package decisions does.
func (w *world) record(r *audit.Record) {
	w.t.Helper()
	if !w.log.Wants(r) {
		return
	}
	w.keep(r)
}

// keep keeps a record in the journal.
func (w *world) keep(r *audit.Record) {
	w.t.Helper()
	entry := r.AppendTo(nil)
	if !w.journal.Append(r.Time, entry) {
		w.t.Fatal("the journal has no room")
	}
}

// get is the record of a GET of a key in walnut.
func (w *world) get(id string) *audit.Record {
	return &audit.Record{Service: "s3", RequestID: id, Time: w.now(), Bucket: "walnut", Key: "k", Method: "GET", Path: "/walnut/k", Protocol: "HTTP/1.1", Status: 200}
}

// request records a GET of a key.
func (w *world) request(id string) {
	w.t.Helper()
	w.record(w.get(id))
}

// flush makes durable what there is.
func (w *world) flush() {
	w.t.Helper()
	if err := w.journal.Flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// deliver makes durable what there is and delivers.
func (w *world) deliver() {
	w.t.Helper()
	w.flush()
	if err := w.log.Deliver(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// commit makes log objects of what there is, without delivering them.
func (w *world) commit() {
	w.t.Helper()
	w.flush()
	if _, err := w.log.read(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if err := w.log.commit(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// all returns the request IDs of the lines of all log objects in the bucket logs, in the order of their keys.
func (w *world) all() (got []string) {
	w.t.Helper()
	found, lines, _ := w.delivered("logs")
	for _, key := range found {
		got = append(got, lines[key]...)
	}
	return got
}

// delivered returns the log objects in a bucket, by key, and the request IDs of their lines.
func (w *world) delivered(bucket string) (found []string, lines map[string][]string, last *records.Object) {
	w.t.Helper()
	b, err := w.access.Bucket(w.t.Context(), bucket)
	if err != nil {
		w.t.Fatal(err)
	}
	lines = map[string][]string{}
	err = w.store.View(w.t.Context(), func(r meta.Reader) error {
		it := r.Scan(keys.Objects(b.ID, ""))
		for it.Next() {
			key, err := keys.ParseObject(it.Key())
			if err != nil {
				return err
			}
			found = append(found, key)
		}
		return it.Close()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, key := range found {
		if last, err = w.objects.Get(w.t.Context(), b.ID, key, ""); err != nil {
			w.t.Fatal(err)
		}
		body, err := w.objects.Open(w.t.Context(), objects.Source{Bucket: b.ID, Key: key, Object: last}, 0, last.Size)
		if err != nil {
			w.t.Fatal(err)
		}
		text, _ := io.ReadAll(body)
		body.Close()
		if len(text) == 0 || text[len(text)-1] != '\n' {
			w.t.Errorf("the log object is %q", text)
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n") {
			lines[key] = append(lines[key], fields(line)[5])
		}
	}
	return found, lines, last
}

// left returns how many lines and log objects wait in the store.
func (w *world) left() (lines, objects int) {
	w.t.Helper()
	err := w.store.View(context.Background(), func(r meta.Reader) error {
		lines, objects = 0, 0
		it := r.Scan(keys.AllLogLines())
		for it.Next() {
			lines++
		}
		if err := it.Close(); err != nil {
			return err
		}
		it = r.Scan(keys.AllLogObjects())
		for it.Next() {
			objects++
		}
		return it.Close()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return lines, objects
}

var simpleKey = regexp.MustCompile(`^walnut/2026-01-02-23-59-00-[0-9A-F]{16}$`)

// TestDeliveryByPolicy is the way of lines into a bucket whose policy lets the log delivery service in.
func TestDeliveryByPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &records.Logging{Bucket: "logs", Prefix: "walnut/", Grants: []*records.Grant{{GroupUri: string(acl.AuthenticatedUsers), Permission: "READ"}}})
	w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
	w.request("R1")
	w.request("R2")
	w.deliver()
	found, lines, o := w.delivered("logs")
	if len(found) != 1 || !simpleKey.MatchString(found[0]) || !slices.Equal(lines[found[0]], []string{"R1", "R2"}) {
		t.Fatalf("log objects are %v", lines)
	}
	b, _ := w.access.Bucket(t.Context(), "logs")
	want := []*records.Grant{
		{CanonicalId: string(authz.LogDeliveryCanonicalID), Permission: "FULL_CONTROL"}, {CanonicalId: string(b.Canonical), Permission: "FULL_CONTROL"},
		{GroupUri: string(acl.AuthenticatedUsers), Permission: "READ"},
	}
	if o.Owner != string(authz.LogDeliveryCanonicalID) || o.OwnerAccount != "" || o.WrittenUnderEnforced || fmt.Sprint(o.Acl) != fmt.Sprint(want) {
		t.Errorf("the log object is owned by %q, its ACL is %v", o.Owner, o.Acl)
	}
	if n, m := w.left(); n+m != 0 || w.counts.objects != 1 || w.counts.delivered != 2 {
		t.Errorf("left are %d and %d, counted is %+v", n, m, &w.counts)
	}
	w.deliver()
	if found, _, _ := w.delivered("logs"); len(found) != 1 {
		t.Errorf("without new lines there are %v", found)
	}
}

func TestDeliveryByACLAndUnderEnforced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) {
		b.Acl = append(b.Acl, &records.Grant{GroupUri: string(acl.LogDelivery), Permission: "WRITE"})
	})
	w.request("R1")
	w.deliver()
	if found, _, _ := w.delivered("logs"); len(found) != 1 {
		t.Fatalf("by the ACL came %v", found)
	}
	w.change("logs", func(b *records.Bucket) { b.Ownership, b.Policy = access.Enforced, allowed })
	w.request("R2")
	w.deliver()
	found, _, _ := w.delivered("logs")
	if len(found) != 2 {
		t.Fatalf("under BucketOwnerEnforced came %v", found)
	}
	b, _ := w.access.Bucket(t.Context(), "logs")
	owned := 0
	for _, key := range found {
		o, err := w.objects.Get(t.Context(), b.ID, key, "")
		if err != nil {
			t.Fatal(err)
		}
		if o.Owner == string(b.Canonical) && o.OwnerAccount == "111111111111" && o.WrittenUnderEnforced {
			owned++
		}
	}
	if owned != 1 {
		t.Errorf("%d log objects are owned by the bucket's owner, want that under BucketOwnerEnforced", owned)
	}
	// An ACL lets nobody in where ACLs are off.
	w.change("logs", func(b *records.Bucket) { b.Policy = "" })
	w.request("R3")
	w.deliver()
	if found, _, _ := w.delivered("logs"); len(found) != 2 || w.counts.refused != 1 {
		t.Errorf("there are %v, refused %d times", found, w.counts.refused)
	}
}

// TestRefusedDeliveries holds what keeps the service out, that it gets in once that has changed, and that
// text is given up when it is too old.
func TestRefusedDeliveries(t *testing.T) {
	t.Parallel()
	deny := `,{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::logs/*","Condition":{"Null":{"aws:SourceIp":"true"}}}]}`
	for name, c := range map[string]func(*records.Bucket){
		"no policy":          func(b *records.Bucket) { b.Policy = "" },
		"another source":     func(b *records.Bucket) { b.Policy = strings.ReplaceAll(allowed, "s3:::walnut\"", "s3:::hazel\"") },
		"another account":    func(b *records.Bucket) { b.Policy = strings.ReplaceAll(allowed, "111111111111", "222222222222") },
		"another prefix":     func(b *records.Bucket) { b.Policy = strings.ReplaceAll(allowed, "logs/walnut/", "logs/hazel/") },
		"a deny of all":      func(b *records.Bucket) { b.Policy = strings.TrimSuffix(allowed, "]}") + deny },
		"a corrupt policy":   func(b *records.Bucket) { b.Policy = "{" },
		"Requester Pays":     func(b *records.Bucket) { b.RequesterPays = true },
		"default retention":  func(b *records.Bucket) { b.ObjectLock = &records.ObjectLock{Mode: "GOVERNANCE", Days: 1} },
		"default encryption": func(b *records.Bucket) { b.Encryption = &records.DefaultEncryption{Algorithm: "aws:kms"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
			var before *records.Bucket
			w.change("logs", func(b *records.Bucket) { before = &records.Bucket{Policy: b.Policy}; c(b) })
			w.request("R1")
			w.deliver()
			w.deliver()
			if found, _, _ := w.delivered("logs"); len(found) != 0 || w.counts.refused != 2 {
				t.Fatalf("delivered %v, refused %d times", found, w.counts.refused)
			}
			w.change("logs", func(b *records.Bucket) {
				b.Policy, b.RequesterPays, b.ObjectLock, b.Encryption = before.Policy, false, nil, nil
			})
			w.deliver()
			if found, _, _ := w.delivered("logs"); len(found) != 1 || !simpleKey.MatchString(found[0]) {
				t.Errorf("afterwards delivered %v", found)
			}
		})
	}
}

func TestTextIsGivenUpWhenItIsOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.request("R1")
	w.deliver()
	w.clock.Add(int64(25 * time.Hour))
	w.request("R2")
	w.deliver()
	if _, n := w.left(); n != 1 || w.counts.ended != 1 {
		t.Errorf("%d log objects are left, %d lines dropped, want 1 and 1", n, w.counts.ended)
	}
	for range maxObjects + 3 {
		w.request("R")
		w.deliver()
	}
	if _, n := w.left(); n != maxObjects {
		t.Errorf("%d log objects are left, want %d", n, maxObjects)
	}
}

// TestTargetOfAnotherAccount is about a target that was deleted and made anew by somebody else, who may well
// let the service in: logs of an account do not leave it.
func TestTargetOfAnotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &records.Logging{Bucket: "other", Prefix: "walnut/"})
	w.change("other", func(b *records.Bucket) { b.Policy = strings.ReplaceAll(allowed, ":::logs/", ":::other/") })
	w.request("R1")
	w.deliver()
	if found, _, _ := w.delivered("other"); len(found) != 0 || w.counts.refused != 1 {
		t.Errorf("delivered %v", found)
	}
}

// TestPartitionedKeys holds the layout, and that requests of different days go into different objects if the
// key tells their day.
func TestPartitionedKeys(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]string{
		EventTime:    {"walnut/111111111111/us-east-1/walnut/2026/01/02/2026-01-02-00-00-00-", "walnut/111111111111/us-east-1/walnut/2026/01/03/2026-01-03-00-00-00-"},
		DeliveryTime: {"walnut/111111111111/us-east-1/walnut/2026/01/03/2026-01-03-00-01-00-"},
	} {
		w := newWorld(t, &records.Logging{Bucket: "logs", Prefix: "walnut/", Partitioned: true, DateSource: source})
		w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
		w.request("R1")
		w.clock.Add(int64(2 * time.Minute))
		w.request("R2")
		w.deliver()
		found, _, _ := w.delivered("logs")
		for i, key := range found {
			found[i] = key[:len(key)-16]
		}
		if !slices.Equal(found, want) {
			t.Errorf("%s: %v, want %v", source, found, want)
		}
	}
}

// TestLinesOutliveTheServer: whenever the server ends, each line that is in the journal comes into one log object, and
// each log object is written once: before or after the commit, and between the delivery and its end.
func TestLinesOutliveTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
	w.request("R1")
	w.flush()
	if _, err := w.log.read(t.Context()); err != nil || len(w.log.gathered.all) != 1 {
		t.Fatalf("gathered is %+v, %v", w.log.gathered, err)
	}
	w.open()
	w.request("R2")
	w.commit()
	w.open()
	w.request("R3")
	w.flush()
	o := new(records.LogObject)
	err := w.store.View(t.Context(), func(r meta.Reader) error {
		it := r.Scan(keys.AllLogObjects())
		it.Next()
		return closing(it, records.Unmarshal(it.Value(), o))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.log.write(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	w.open()
	w.clock.Add(int64(time.Hour))
	w.deliver()
	w.deliver()
	if got := w.all(); !slices.Equal(got, []string{"R1", "R2", "R3"}) {
		t.Errorf("delivered are %v", got)
	}
	if n, m := w.left(); n+m != 0 {
		t.Errorf("left are %d and %d", n, m)
	}
}

func closing(it meta.Iterator, err error) error {
	if closeErr := it.Close(); err == nil {
		err = closeErr
	}
	return err
}

// TestWhatIsLogged holds that a copy leaves a line with its source and DeleteObjects one for each key, and that
// requests to other services and other buckets leave none.
func TestWhatIsLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
	for _, r := range []*audit.Record{
		{Service: "s3", RequestID: "copy", Bucket: "logs", Key: "k", Method: "PUT", Source: &audit.Source{Bucket: "walnut", Key: "k"}},
		{Service: "s3", RequestID: "delete", Bucket: "walnut", Method: "POST", Query: "delete", Deleted: []audit.Deleted{{Key: "a"}, {Key: "b"}}},
		{Service: "s3", RequestID: "none", Bucket: "logs", Key: "k"},
		{Service: "s3", RequestID: "none", Bucket: "missing"},
		{Service: "s3", RequestID: "none"},
		{Service: "iam", RequestID: "none", Bucket: "walnut"},
	} {
		if r.Time = w.now(); w.log.Wants(r) != (r.RequestID != "none") {
			t.Errorf("wanted is %v: %+v", r.RequestID == "none", r)
		}
		w.keep(r)
	}
	w.deliver()
	if got, want := w.all(), []string{"copy", "delete", "delete", "delete"}; !slices.Equal(got, want) {
		t.Errorf("the lines are of %v, want %v", got, want)
	}
}

// TestLogsOfClosedAccountsAreNotDelivered: log objects that there are wait until the account is open again, and no more
// come.
func TestLogsOfClosedAccountsAreNotDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
	people := accounts.New(w.store, w.box, accounts.Options{Now: w.now})
	w.request("committed")
	w.commit()
	w.request("gathered")
	w.flush()
	if _, err := w.log.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.request("in the journal")
	if _, err := people.Close(t.Context(), "111111111111"); err != nil {
		t.Fatal(err)
	}
	if r := w.get("after"); w.log.Wants(r) {
		t.Error("a record about the bucket of a closed account is wanted")
	}
	w.deliver()
	if lines, objects := w.left(); lines != 0 || objects != 1 {
		t.Errorf("%d lines and %d log objects wait, want one object", lines, objects)
	}
	if _, err := people.Reopen(t.Context(), "111111111111"); err != nil {
		t.Fatal(err)
	}
	w.deliver()
	if got := w.all(); !slices.Equal(got, []string{"committed"}) {
		t.Errorf("delivered %v", got)
	}
}

// TestManyLines holds that lines are cut into objects of bounded size, none lost, while the service runs.
func TestManyLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
	w.log.opts.Look, w.log.opts.Interval = time.Millisecond, 2*time.Millisecond
	w.journal.Start()
	w.log.Start()
	const writers, each = 8, 1000
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for j := range each {
				w.request(fmt.Sprintf("%d-%04d", i, j))
			}
		})
	}
	all.Wait()
	w.flush()
	w.log.Close()
	w.deliver()
	_, lines, _ := w.delivered("logs")
	total := 0
	for _, ids := range lines {
		total += len(ids)
	}
	if total != writers*each || w.counts.ended != 0 {
		t.Errorf("%d lines in %d objects, %d dropped", total, len(lines), w.counts.ended)
	}
}
