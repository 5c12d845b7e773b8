package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crossgrant/internal/events"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
)

const destination = "arn:aws:sqs:us-east-1:111111111111:q"

// webhook is a server that takes messages, or answers as it is told to.
type webhook struct {
	*httptest.Server
	mu       sync.Mutex
	answers  []int // of the next requests; then 200
	taken    []string
	headers  []http.Header
	attempts int
	came     chan struct{}
}

func newWebhook(t *testing.T, answers ...int) *webhook {
	w := &webhook{answers: answers, came: make(chan struct{}, 1000)}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.attempts++
		code := http.StatusOK
		if len(w.answers) > 0 {
			code, w.answers = w.answers[0], w.answers[1:]
		}
		if code == http.StatusFound {
			http.Redirect(rw, r, "/elsewhere", code)
			return
		}
		rw.WriteHeader(code)
		if code < 300 {
			w.taken = append(w.taken, string(body))
			w.headers = append(w.headers, r.Header)
			w.came <- struct{}{}
		}
	}))
	t.Cleanup(w.Close)
	return w
}

// wait waits until count messages were taken since the last wait.
func (w *webhook) wait(count int) {
	for range count {
		<-w.came
	}
}

// keysOf returns the keys that the messages taken so far tell of.
func (w *webhook) keysOf(t *testing.T) []string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, text := range w.taken {
		var m struct {
			Records []struct {
				S3 struct{ Object struct{ Key string } }
			}
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil || len(m.Records) != 1 {
			t.Fatalf("message %s: %v", text, err)
		}
		out = append(out, m.Records[0].S3.Object.Key)
	}
	return out
}

// counts is a Meter.
type counts struct {
	mu        sync.Mutex
	delivered int
	failed    int
	dropped   map[string]int
}

func (c *counts) EventsQueued(string, int) {}
func (c *counts) EventDelivered(string)    { c.mu.Lock(); defer c.mu.Unlock(); c.delivered++ }
func (c *counts) EventFailed(string)       { c.mu.Lock(); defer c.mu.Unlock(); c.failed++ }
func (c *counts) EventsDropped(_, reason string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped == nil {
		c.dropped = map[string]int{}
	}
	c.dropped[reason] += n
}

// world is a store with a bucket that notifies.
type world struct {
	store  *meta.Store
	engine meta.Engine
	bucket *records.Bucket
	clock  atomic.Int64
	counts counts
}

func newWorld(t *testing.T) *world {
	w := &world{engine: memory.New(), bucket: &records.Bucket{
		Name: "walnut", Id: []byte("12345678"), Account: "111111111111", Region: "us-east-1", Notifies: true,
	}}
	w.clock.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	w.store = meta.New(w.engine)
	n := Record([]events.Rule{{ID: "c", Kind: events.Queue, Destination: destination, Events: []string{"s3:ObjectCreated:*"}}})
	err := w.store.Update(t.Context(), func(tx meta.Tx) error {
		return errors.Join(
			records.Put(tx, keys.Account("111111111111"), &records.Account{Id: "111111111111"}),
			records.Put(tx, keys.Setting(keys.BucketID(w.bucket.Id), keys.Notification), n),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) now() time.Time { return time.Unix(0, w.clock.Load()) }

// service opens the store anew, as after a start of the server.
func (w *world) service(t *testing.T, url string, change func(*Options)) *Service {
	t.Helper()
	w.store = meta.New(w.engine)
	opts := Options{
		Meter: &w.counts, Now: w.now, FirstPause: time.Millisecond, MaxPause: 5 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	}
	if url != "" {
		opts.Webhooks = map[string]Webhook{destination: {URL: url, Authorization: "Bearer s3cret"}}
	}
	if change != nil {
		change(&opts)
	}
	return New(w.store, opts)
}

func start(t *testing.T, s *Service) {
	t.Helper()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
}

// put commits the event of a new object.
func (w *world) put(t *testing.T, s *Service, key string) {
	t.Helper()
	err := w.store.Update(context.Background(), func(tx meta.Tx) error {
		return s.Changed(tx, &objects.Change{
			Origin: objects.Origin{Event: "ObjectCreated:Put", PrincipalID: "AIDAX", SourceIP: "192.0.2.1", RequestID: "R", HostID: "H"},
			Bucket: w.bucket, Key: key, Object: &records.Object{Size: 1, Etag: []byte{0xab}},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// left returns how many events wait.
func (w *world) left(t *testing.T) (count int) {
	t.Helper()
	err := w.store.View(context.Background(), func(r meta.Reader) error {
		count = 0
		it := r.Scan(keys.AllEvents())
		for it.Next() {
			count++
		}
		return it.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

func TestEventsAreDeliveredInOrder(t *testing.T) {
	t.Parallel()
	w, hook := newWorld(t), newWebhook(t)
	s := w.service(t, hook.URL, nil)
	start(t, s)
	var want []string
	for i := range 200 {
		key := fmt.Sprintf("k%d", i)
		want = append(want, key)
		w.put(t, s, key)
	}
	hook.wait(len(want))
	s.Close()
	if got := hook.keysOf(t); !slices.Equal(got, want) {
		t.Errorf("events came as %v", got)
	}
	if n := w.left(t); n != 0 {
		t.Errorf("%d events are left", n)
	}
	h := hook.headers[0]
	if h.Get("Authorization") != "Bearer s3cret" || h.Get("Content-Type") != "application/json" {
		t.Errorf("the headers are %v", h)
	}
	if w.counts.delivered != len(want) || w.counts.failed != 0 {
		t.Errorf("counted: %+v", &w.counts)
	}
}

// TestFailuresAreTriedAgain holds that an event that is not taken is sent until it is, before any later one,
// and that a redirect is a failure.
func TestFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	w, hook := newWorld(t), newWebhook(t, 500, 302, 404, 429, 200, 503)
	s := w.service(t, hook.URL, nil)
	w.put(t, s, "a")
	w.put(t, s, "b")
	start(t, s)
	hook.wait(2)
	s.Close()
	if got := hook.keysOf(t); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("events came as %v", got)
	}
	if hook.attempts != 7 || w.counts.failed != 5 {
		t.Errorf("%d attempts, %d failures, want 7 and 5", hook.attempts, w.counts.failed)
	}
}

func TestRefusedEventsAreDropped(t *testing.T) {
	t.Parallel()
	w, hook := newWorld(t), newWebhook(t, 400, 413, 422)
	s := w.service(t, hook.URL, nil)
	for _, key := range []string{"a", "b", "c", "d"} {
		w.put(t, s, key)
	}
	start(t, s)
	hook.wait(1)
	s.Close()
	if got := hook.keysOf(t); !slices.Equal(got, []string{"d"}) || w.counts.dropped[Refused] != 3 {
		t.Errorf("events came as %v, counted %+v", got, &w.counts)
	}
}

// TestEventsOutliveTheServer holds that what was committed is delivered by a later run, in its place before
// what comes then, also if the clock was set back.
func TestEventsOutliveTheServer(t *testing.T) {
	t.Parallel()
	w, hook := newWorld(t), newWebhook(t)
	s := w.service(t, "http://127.0.0.1:1", nil)
	start(t, s)
	w.put(t, s, "a")
	w.put(t, s, "b")
	s.Close()
	w.clock.Add(-int64(time.Hour))
	s = w.service(t, hook.URL, nil)
	start(t, s)
	w.put(t, s, "c")
	hook.wait(3)
	if got := hook.keysOf(t); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("events came as %v", got)
	}
}

// TestEventsOfClosedAccountsWait: they are neither delivered nor lost, until they are too old.
func TestEventsOfClosedAccountsWait(t *testing.T) {
	t.Parallel()
	w, hook := newWorld(t), newWebhook(t)
	setClosed := func(closed int64) {
		t.Helper()
		err := w.store.Update(t.Context(), func(tx meta.Tx) error {
			return records.Put(tx, keys.Account("111111111111"), &records.Account{Id: "111111111111", Closed: closed})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	s := w.service(t, hook.URL, func(o *Options) { o.MaxAge = time.Hour })
	w.put(t, s, "old")
	w.clock.Add(int64(2 * time.Hour))
	w.put(t, s, "a")
	setClosed(1)
	q := s.newQueue(destination)
	for range 3 {
		if pause, err := q.step(t.Context()); err != nil || pause <= 0 {
			t.Errorf("pause %v, %v", pause, err)
		}
	}
	if hook.attempts != 0 || w.left(t) != 1 || w.counts.dropped[TooOld] != 1 {
		t.Errorf("%d attempts, %d events are left, dropped %v", hook.attempts, w.left(t), w.counts.dropped)
	}
	setClosed(0)
	start(t, s)
	hook.wait(1)
	s.Close()
	if got := hook.keysOf(t); !slices.Equal(got, []string{"a"}) {
		t.Errorf("events came as %v", got)
	}
}

func TestBoundsOfAQueue(t *testing.T) {
	t.Parallel()
	w, hook := newWorld(t), newWebhook(t)
	s := w.service(t, hook.URL, func(o *Options) { o.MaxQueued, o.MaxAge = 3, time.Hour })
	for i := range 5 {
		w.put(t, s, fmt.Sprint(i))
	}
	w.clock.Add(int64(2 * time.Hour))
	w.put(t, s, "new")
	start(t, s)
	hook.wait(1)
	s.Close()
	if got := hook.keysOf(t); !slices.Equal(got, []string{"new"}) {
		t.Errorf("events came as %v", got)
	}
	if w.counts.dropped[TooMany] != 3 || w.counts.dropped[TooOld] != 2 {
		t.Errorf("dropped %v, want 3 too many and 2 too old", w.counts.dropped)
	}
}

// TestDestinationThatIsNotConfigured holds that its events wait for it to be configured again.
func TestDestinationThatIsNotConfigured(t *testing.T) {
	t.Parallel()
	w, hook := newWorld(t), newWebhook(t)
	s := w.service(t, "", nil)
	start(t, s)
	w.put(t, s, "a")
	s.Close()
	s = w.service(t, hook.URL, nil)
	start(t, s)
	hook.wait(1)
	if got := hook.keysOf(t); !slices.Equal(got, []string{"a"}) {
		t.Errorf("events came as %v", got)
	}
}

// TestOnlyWhatIsAskedForIsWritten holds that an event without a rule, and a bucket without a configuration,
// write nothing, and that a transaction that fails leaves no event.
func TestOnlyWhatIsAskedForIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(t, "", nil)
	silent := &records.Bucket{Name: "quiet", Id: []byte("87654321")}
	for _, c := range []objects.Change{
		{Origin: objects.Origin{Event: "ObjectRemoved:Delete"}, Bucket: w.bucket, Object: new(records.Object)},
		{Origin: objects.Origin{Event: "ObjectCreated:Put"}, Bucket: silent, Object: new(records.Object)},
		{Bucket: w.bucket, Object: new(records.Object)},
	} {
		if err := w.store.Update(t.Context(), func(tx meta.Tx) error { return s.Changed(tx, &c) }); err != nil {
			t.Error(err)
		}
	}
	failure := errors.New("no")
	err := w.store.Update(t.Context(), func(tx meta.Tx) error {
		c := objects.Change{Origin: objects.Origin{Event: "ObjectCreated:Put"}, Bucket: w.bucket, Object: new(records.Object)}
		return errors.Join(s.Changed(tx, &c), failure)
	})
	if !errors.Is(err, failure) || w.left(t) != 0 {
		t.Errorf("%d events are left, error %v", w.left(t), err)
	}
	silent.Notifies = true
	err = w.store.Update(t.Context(), func(tx meta.Tx) error {
		return s.Changed(tx, &objects.Change{Origin: objects.Origin{Event: "ObjectCreated:Put"}, Bucket: silent, Object: new(records.Object)})
	})
	if !errors.Is(err, meta.ErrCorrupt) {
		t.Errorf("a bucket that notifies without a configuration: %v", err)
	}
}

func TestKnownAndTest(t *testing.T) {
	t.Parallel()
	w, hook := newWorld(t), newWebhook(t, 200, 500)
	s := w.service(t, hook.URL, nil)
	t.Cleanup(s.Close)
	if !s.Known("111111111111", destination) || s.Known("222222222222", destination) || s.Known("111111111111", destination+"x") {
		t.Error("a destination is known to its own account, and only if it is configured")
	}
	e := events.TestEvent{Bucket: "walnut", Time: w.now()}
	if err := s.Test(t.Context(), destination, e); err != nil {
		t.Error(err)
	}
	if err := s.Test(t.Context(), destination, e); err == nil {
		t.Error("a test that the webhook does not take succeeds")
	}
	if err := s.Test(t.Context(), "arn:x", e); err == nil {
		t.Error("a destination that is not configured takes a test")
	}
}

// TestRestoreIsTwoEvents holds that a restore, which is completed at once, tells also that it began.
func TestRestoreIsTwoEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(t, "", nil)
	n := Record([]events.Rule{{ID: "c", Kind: events.Queue, Destination: destination, Events: []string{"s3:ObjectRestore:*"}}})
	err := w.store.Update(t.Context(), func(tx meta.Tx) error {
		if err := records.Put(tx, keys.Setting(keys.BucketID(w.bucket.Id), keys.Notification), n); err != nil {
			return err
		}
		return s.Changed(tx, &objects.Change{
			Origin: objects.Origin{Event: "ObjectRestore:Completed"}, Bucket: w.bucket, Key: "k",
			Object: &records.Object{StorageClass: "GLACIER", RestoredUntil: w.clock.Load()},
		})
	})
	if err != nil || w.left(t) != 2 {
		t.Errorf("%d events wait, %v", w.left(t), err)
	}
}
