package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"google.golang.org/protobuf/encoding/prototext"

	blobs "crossgrant/internal/blob/memory"
	"crossgrant/internal/keys"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
)

const bucketName = "walnut"

// world is a server's storage, with an engine over it that goes when it is told to.
type world struct {
	*objects.Service
	t       *testing.T
	store   *meta.Store
	engine  *Engine
	opts    Options
	clock   atomic.Int64 // nanoseconds since 1970
	bucket  keys.BucketID
	uploads []*records.Upload
	events  []string
	// meanwhile is called, once, between what a page has read and what is done about it; may be nil.
	meanwhile func()
	pages     int

	mu     sync.Mutex // protects counted
	counts map[string]int
}

func (w *world) now() time.Time { return time.Unix(0, w.clock.Load()).UTC() }

// ListVersions counts pages.
func (w *world) ListVersions(ctx context.Context, q objects.VersionQuery) (objects.VersionPage, error) {
	page, err := w.Service.ListVersions(ctx, q)
	w.pages++
	if meanwhile := w.meanwhile; meanwhile != nil {
		w.meanwhile = nil
		meanwhile()
	}
	return page, err
}

func newWorld(t *testing.T, opts Options) *world {
	t.Helper()
	w := &world{t: t, counts: map[string]int{}, opts: opts}
	w.clock.Store(time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC).UnixNano())
	w.store = meta.New(memory.New())
	w.Service = objects.New(w.store, blobs.New(), objects.Options{
		InlineLimit: 16, Now: w.now, Log: slog.New(slog.DiscardHandler),
		Changed: func(_ meta.Tx, c *objects.Change) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if strings.HasPrefix(c.Event, "Lifecycle") {
				w.events = append(w.events, c.Event+" "+c.Key)
			}
			return nil
		},
	})
	account := &records.Account{Id: "111111111111", CanonicalId: strings.Repeat("1", 64)}
	w.update(func(tx meta.Tx) error { return records.Put(tx, keys.Account("111111111111"), account) })
	err := w.CreateBucket(t.Context(), objects.NewBucket{Name: bucketName, Account: "111111111111", Canonical: "1111", Region: "r"})
	w.check(err)
	w.bucket = keys.BucketID(w.record().Id)
	w.restart()
	return w
}

// restart replaces the engine by a new one, which knows nothing of what the old one did.
func (w *world) restart() {
	opts := w.opts
	opts.Pace, opts.Now, opts.Log = time.Nanosecond, w.now, slog.New(slog.DiscardHandler)
	opts.Count = func(what string, n int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.counts[what] += n
	}
	w.engine = New(w.store, w, opts)
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) update(fn func(meta.Tx) error) {
	w.t.Helper()
	w.check(w.store.Update(w.t.Context(), fn))
}

func (w *world) record() *records.Bucket {
	b := new(records.Bucket)
	w.check(w.store.View(w.t.Context(), func(r meta.Reader) error { return records.Get(r, keys.Bucket(bucketName), b) }))
	return b
}

func (w *world) change(change func(*records.Bucket)) {
	w.check(w.UpdateBucket(w.t.Context(), bucketName, func(b *records.Bucket, _ *records.Account) error {
		change(b)
		return nil
	}))
}

// configure puts a lifecycle, given as text of Protocol Buffers.
func (w *world) configure(text string) {
	w.t.Helper()
	l := new(records.Lifecycle)
	w.check(prototext.Unmarshal([]byte(text), l))
	for i, rule := range l.Rules {
		rule.Enabled = !strings.HasPrefix(rule.Id, "off")
		if rule.Id == "" {
			rule.Id = strconv.Itoa(i)
		}
	}
	unchanged := func(*records.Bucket, *records.Account) error { return nil }
	w.check(w.PutSetting(w.t.Context(), bucketName, keys.Lifecycle, l, unchanged))
}

func (w *world) put(key string, tags ...*records.Tag) {
	w.t.Helper()
	_, err := w.Put(w.t.Context(), objects.NewObject{
		Bucket: w.bucket, BucketName: bucketName, Key: key, Object: &records.Object{Tags: tags}, Length: -1,
	}, strings.NewReader("a body that is too long to be inline"))
	w.check(err)
}

func (w *world) advance(d time.Duration) { w.clock.Add(int64(d)) }

// pass makes rounds until nothing is left to do, and returns the number of them.
func (w *world) pass() (rounds int) {
	w.t.Helper()
	for rounds = 1; ; rounds++ {
		more, err := w.engine.round(w.t.Context())
		w.check(err)
		if !more {
			return rounds
		}
	}
}

// counted returns what was counted since it was asked before.
func (w *world) counted() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var words []string
	for _, what := range slices.Sorted(maps.Keys(w.counts)) {
		words = append(words, fmt.Sprintf("%s %d", what, w.counts[what]))
	}
	clear(w.counts)
	if words == nil {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

// versions lists everything that is in the bucket.
func (w *world) versions() []objects.ListedVersion {
	page, err := w.Service.ListVersions(w.t.Context(), objects.VersionQuery{Bucket: w.bucket, Max: 1000})
	w.check(err)
	if page.Truncated {
		w.t.Fatal("more than one page")
	}
	return page.Versions
}

// TestStories runs the stories of testdata: objects, a lifecycle and time.
//
//	start [versioning=Enabled] [mfa]        a new bucket; page= turn= batch= interval= day= of the engine
//	versioning state=Suspended
//	lifecycle                               rules as text of Protocol Buffers; those whose ID begins with "off" are disabled
//	put|delete|upload key=… [tag=k:v]
//	hold key=… [n=…]                        legal hold on the nth latest version, from 0
//	class key=… to=…
//	advance by=26h
//	pass                                    rounds of the engine until nothing is left
//	meanwhile put|delete|tag|… …            done between the look at the next page and what is done about it
//	show                                    all versions, latest first, and uploads
func TestStories(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var w *world
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "start" {
				w = startWorld(t, d)
				return ""
			}
			w.t = t
			if d.Cmd == "meanwhile" {
				d.Cmd = d.CmdArgs[0].Key
				again := *d
				again.CmdArgs = d.CmdArgs[1:]
				w.meanwhile = func() { w.run(&again) }
				return ""
			}
			return w.run(d)
		})
	})
}

func startWorld(t *testing.T, d *datadriven.TestData) *world {
	var opts Options
	var interval, day, versioning string
	d.MaybeScanArgs(t, "page", &opts.Page)
	d.MaybeScanArgs(t, "turn", &opts.Turn)
	d.MaybeScanArgs(t, "batch", &opts.Batch)
	d.MaybeScanArgs(t, "interval", &interval)
	d.MaybeScanArgs(t, "day", &day)
	d.MaybeScanArgs(t, "versioning", &versioning)
	opts.Interval, _ = time.ParseDuration(interval)
	opts.Calendar.Day, _ = time.ParseDuration(day)
	w := newWorld(t, opts)
	w.change(func(b *records.Bucket) { b.Versioning, b.MfaDelete = versioning, d.HasArg("mfa") })
	return w
}

func (w *world) run(d *datadriven.TestData) string {
	var key, to, by string
	var n int
	d.MaybeScanArgs(w.t, "key", &key)
	d.MaybeScanArgs(w.t, "to", &to)
	d.MaybeScanArgs(w.t, "by", &by)
	d.MaybeScanArgs(w.t, "n", &n)
	var tags []*records.Tag
	for _, a := range d.CmdArgs {
		if a.Key == "tag" {
			k, v, _ := strings.Cut(a.Vals[0], ":")
			tags = append(tags, &records.Tag{Key: k, Value: v})
		}
	}
	switch d.Cmd {
	case "versioning":
		d.ScanArgs(w.t, "state", &to)
		w.change(func(b *records.Bucket) { b.Versioning = to })
	case "lifecycle":
		w.configure(d.Input)
	case "stop":
		unchanged := func(*records.Bucket, *records.Account) error { return nil }
		w.check(w.PutSetting(w.t.Context(), bucketName, keys.Lifecycle, nil, unchanged))
	case "put":
		w.put(key, tags...)
	case "delete":
		_, err := w.Delete(w.t.Context(), objects.Deletion{Bucket: w.bucket, BucketName: bucketName, Key: key})
		w.check(err)
	case "upload":
		u := &records.Upload{Key: key}
		w.check(w.CreateUpload(w.t.Context(), w.bucket, bucketName, u))
		w.uploads = append(w.uploads, u)
	case "hold", "class", "tag":
		w.edit(key, n, func(o *records.Object) {
			switch d.Cmd {
			case "hold":
				o.LegalHold = true
			case "class":
				o.StorageClass = to
			case "tag":
				o.Tags = tags
			}
		})
	case "advance":
		length, err := time.ParseDuration(by)
		w.check(err)
		w.advance(length)
	case "pass":
		rounds := w.pass()
		return fmt.Sprintf("%d rounds: %s\n", rounds, w.counted())
	case "show":
		return w.show()
	default:
		d.Fatalf(w.t, "unknown command %s", d.Cmd)
	}
	return ""
}

// edit changes the record of the nth latest version of a key.
func (w *world) edit(key string, n int, change func(*records.Object)) {
	var of []objects.ListedVersion
	for _, v := range w.versions() {
		if v.Key == key {
			of = append(of, v)
		}
	}
	w.check(w.UpdateObject(w.t.Context(), w.record(), key, objects.VersionID(of[n].Object), objects.Origin{}, func(o *records.Object) error {
		change(o)
		return nil
	}))
}

func (w *world) show() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", w.now().Format("2006-01-02T15:04"))
	for _, v := range w.versions() {
		o := v.Object
		words := []string{v.Key, w.age(o.Modified)}
		if o.DeleteMarker {
			words = append(words, "marker")
		}
		if o.NullVersion {
			words = append(words, "null")
		}
		if !v.Current {
			words = append(words, "noncurrent for "+w.age(o.Superseded))
		}
		if o.StorageClass != "" {
			words = append(words, o.StorageClass)
		}
		fmt.Fprintln(&b, strings.Join(words, " "))
	}
	page, err := w.Uploads(w.t.Context(), objects.UploadQuery{Bucket: w.bucket, Max: 1000})
	w.check(err)
	for _, u := range page.Uploads {
		fmt.Fprintln(&b, "upload", u.Key, w.age(u.Created))
	}
	for _, event := range w.events {
		fmt.Fprintln(&b, event)
	}
	w.events = nil
	return b.String()
}

func (w *world) age(since int64) string {
	return fmt.Sprintf("%.0fh", w.now().Sub(time.Unix(0, since)).Hours())
}

// TestWalkIsOnePass: whatever the sizes of pages, turns and batches, a pass looks at each version that some rule covers
// once, at no other one, and does to each what is due.
func TestWalkIsOnePass(t *testing.T) {
	t.Parallel()
	for _, sizes := range []Options{{}, {Page: 7, Turn: 1, Batch: 2, Workers: 2}, {Page: 1, Turn: 3, Batch: 1, Workers: 1}, {Page: 100, Turn: 2, Batch: 9}} {
		w := newWorld(t, sizes)
		for i := range 60 {
			for _, prefix := range []string{"a/", "b/", "c/"} {
				w.put(prefix + strconv.Itoa(i))
			}
		}
		w.configure(`rules {prefix:"a/" expiration {days:1}} rules {prefix:"c/1" expiration {days:1}} rules {prefix:"c/1" expiration{days:30}}`)
		w.advance(72 * time.Hour)
		restarts := 0
		for more, err := true, error(nil); more; restarts++ {
			w.restart()
			more, err = w.engine.round(t.Context())
			w.check(err)
		}
		if got, want := w.counted(), "examined 71, passes 1, removed 71"; got != want {
			t.Errorf("%+v: counted %s, want %s", sizes, got, want)
		}
		for _, v := range w.versions() {
			if strings.HasPrefix(v.Key, "a/") || strings.HasPrefix(v.Key, "c/1") {
				t.Errorf("%+v: %s is left", sizes, v.Key)
			}
		}
		if n := len(w.versions()); n != 180-71 {
			t.Errorf("%+v: %d are left", sizes, n)
		}
		if sizes.Page > 0 && sizes.Page < 50 && restarts < 5 {
			t.Errorf("%+v: %d rounds", sizes, restarts)
		}
	}
}

// TestBucketsTakeTurns: a bucket with much to do does not hold up another one.
func TestBucketsTakeTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{Page: 2, Turn: 1})
	for i := range 20 {
		w.put(strconv.Itoa(i))
	}
	w.configure(`rules {expiration {days:1}}`)
	large, largeName := w.bucket, bucketName
	w.check(w.CreateBucket(t.Context(), objects.NewBucket{Name: "zebra", Account: "111111111111", Canonical: "1111", Region: "r"}))
	small := new(records.Bucket)
	w.check(w.store.View(t.Context(), func(r meta.Reader) error { return records.Get(r, keys.Bucket("zebra"), small) }))
	w.bucket = keys.BucketID(small.Id)
	_, err := w.Put(t.Context(), objects.NewObject{Bucket: w.bucket, BucketName: "zebra", Key: "k", Object: &records.Object{}, Length: -1}, strings.NewReader("x"))
	w.check(err)
	l := &records.Lifecycle{Rules: []*records.LifecycleRule{{Id: "r", Enabled: true, Expiration: &records.LifecycleExpiration{Days: 1}}}}
	w.check(w.PutSetting(t.Context(), "zebra", keys.Lifecycle, l, func(*records.Bucket, *records.Account) error { return nil }))
	w.advance(72 * time.Hour)
	if more, err := w.engine.round(t.Context()); err != nil || !more {
		t.Fatalf("got %t, %v", more, err)
	}
	if left := len(w.versions()); left != 0 {
		t.Errorf("%d objects of the small bucket are left", left)
	}
	if w.bucket = large; len(w.versions()) != 18 {
		t.Errorf("%d objects of %s are left", len(w.versions()), largeName)
	}
}

// TestIdleBucketsLeaveTheIndex: a bucket whose rules are all disabled, or that is gone, costs nothing.
func TestIdleBucketsLeaveTheIndex(t *testing.T) {
	t.Parallel()
	indexed := func(w *world) bool {
		names, err := w.engine.names(t.Context(), []byte("X"), []byte("Y"))
		w.check(err)
		return len(names) > 0
	}
	w := newWorld(t, Options{})
	w.configure(`rules {id:"off" expiration {days:1}}`)
	if !indexed(w) {
		t.Error("a lifecycle that was put is not in the index")
	}
	w.pass()
	if indexed(w) {
		t.Error("a lifecycle without enabled rules is in the index")
	}
	w.configure(`rules {expiration {days:1}}`)
	w.pass()
	if !indexed(w) {
		t.Error("a lifecycle with an enabled rule is not in the index")
	}
	w.check(w.DeleteBucket(t.Context(), w.bucket, bucketName))
	if indexed(w) {
		t.Error("a bucket that is gone is in the index")
	}
}

// TestRecordThatCannotBeRead: it is counted, and the others of its batch are done.
func TestFailuresAreAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{Workers: 1})
	for _, key := range []string{"a", "b", "c"} {
		w.put(key)
	}
	w.configure(`rules {expiration {days:1}}`)
	w.advance(72 * time.Hour)
	w.engine.objects = failing{w, "b"}
	w.pass()
	if got, want := w.counted(), "examined 3, failed 1, passes 1, removed 2"; got != want {
		t.Errorf("counted %s, want %s", got, want)
	}
}

// failing cannot do anything about one key.
type failing struct {
	Objects
	key string
}

func (f failing) ApplyLifecycle(ctx context.Context, b *objects.LifecycleBatch) ([]lifecycle.Action, error) {
	for _, v := range b.Versions {
		if v.Key == f.key {
			return nil, errors.New("no")
		}
	}
	return f.Objects.ApplyLifecycle(ctx, b)
}

// TestEngineRuns: started, it finds by itself what is due, and ends when it is told to.
func TestEngineRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{Interval: time.Millisecond, Calendar: lifecycle.Calendar{Day: time.Millisecond}})
	for i := range 100 {
		w.put(strconv.Itoa(i))
	}
	w.configure(`rules {expiration {days:1}}`)
	w.engine.Start()
	w.advance(time.Second)
	for len(w.versions()) > 0 {
		w.engine.sleep(t.Context(), time.Millisecond)
	}
	w.engine.Close()
	w.put("k")
	w.advance(time.Second)
	w.engine.Close() // a second time, and nothing happens any more
	if len(w.versions()) != 1 {
		t.Error("an engine that was closed goes on")
	}
}
