package engine

import (
	"context"
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

	"google.golang.org/protobuf/encoding/prototext"

	blobs "crossgrant/internal/blob/memory"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
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
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	w.Service = objects.New(w.store, blobs.New(), objects.Options{
		Keys:        &sse.Keyring{Master: box},
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
	err = w.CreateBucket(t.Context(), objects.NewBucket{Name: bucketName, Account: "111111111111", Canonical: "1111", Region: "r"})
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

// settings returns the lifecycle of the bucket.
func (w *world) settings() *records.Lifecycle {
	l := new(records.Lifecycle)
	w.check(w.store.View(w.t.Context(), func(r meta.Reader) error { return records.Get(r, keys.Setting(w.bucket, keys.Lifecycle), l) }))
	return l
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
