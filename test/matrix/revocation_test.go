package matrix_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/test/servertest"
)

const (
	readers = 16
	// turns is how often each way takes access away and gives it back.
	turns = 6
	// readsBefore is the least number of requests before the first turn; readsDenied and readsAllowed
	// are those of each turn that start after access was taken away and after it was given back.
	readsBefore  = 48
	readsDenied  = 80
	readsAllowed = 48
)

// TestRevocation takes access away in every way while clients read, and gives it back, again and again.
// A request that starts after the change was answered has to see it; of one that overlaps the change
// either is right.
func TestRevocation(t *testing.T) {
	t.Run("alone", func(t *testing.T) { revokeAll(t, false) })
	t.Run("beside writers", func(t *testing.T) { revokeAll(t, true) })
}

// revokeAll goes through all ways on one server.
func revokeAll(t *testing.T, beside bool) {
	server := startServer(t)
	theater, err := newTheater(t.Context(), server, beside)
	if err != nil {
		t.Fatal(err)
	}
	if beside {
		defer theater.disturb(t)()
	}
	for i, w := range slices.Concat(ways, organizationWays) {
		t.Run(w.name, func(t *testing.T) { theater.revoke(t, fmt.Sprintf("revocation-%02d", i), w) })
	}
}

// theater is the accounts that the ways play in.
type theater struct {
	server *servertest.Server
	beside bool    // writers change things meanwhile
	home   *member // owns buckets, users and roles
	abroad *member

	tree     *organization // home is in it
	controls readControls
}

func newTheater(ctx context.Context, server *servertest.Server, beside bool) (*theater, error) {
	h := &theater{server: server, beside: beside}
	for _, m := range []struct {
		name string
		to   **member
	}{{"home", &h.home}, {"abroad", &h.abroad}} {
		made, err := newAccount(ctx, server, m.name)
		if err == nil {
			err = made.populate(ctx)
		}
		if err != nil {
			return nil, err
		}
		*m.to = made
	}
	return h, h.control(ctx)
}

// way is a way to take access away.
type way struct {
	name string
	// prepare gives the readers access and returns what takes it away and what gives it back.
	prepare func(ctx context.Context, s *scene) (take, giveBack func() error, err error)
}

// scene is one way on a server: a bucket with one object, and who reads.
type scene struct {
	*theater
	name    string // of the bucket, and of whatever else the way needs
	reading aws.CredentialsProvider
	read    func(ctx context.Context, c *client) error
	blocks  bool // the way is about the bucket's public access block
}

// current is credentials that can change.
type current struct {
	atomic.Pointer[aws.Credentials]
}

// Retrieve implements aws.CredentialsProvider.
func (c *current) Retrieve(context.Context) (aws.Credentials, error) { return *c.Load(), nil }

// objectKey is the object that is read.
const objectKey = "object"

// getIt reads the scene's object.
func (s *scene) getIt(ctx context.Context, c *client) error {
	return c.get(ctx, s.name, objectKey)
}

// listIt lists the scene's bucket.
func (s *scene) listIt(ctx context.Context, c *client) error {
	_, err := c.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.name})
	return err
}

// revoke plays one way.
func (h *theater) revoke(t *testing.T, name string, w way) {
	ctx := t.Context()
	s := &scene{theater: h, name: name}
	s.read = s.getIt
	_, err := h.home.root.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
	if err == nil {
		_, err = h.home.root.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &name, Key: ptr(objectKey), Body: strings.NewReader("read me")})
	}
	if err != nil {
		t.Fatal(err)
	}
	take, giveBack, err := w.prepare(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	p := play{journal: newJournal()}
	stop := s.startReaders(ctx, p.journal)
	if h.beside {
		defer repeat(t, "the toucher", func(round int) error { return s.touch(ctx, round) })()
	}
	err = p.run(take, giveBack)
	stop()
	if err != nil {
		t.Fatal(err)
	}
	p.check(t)
}

// startReaders starts clients that read until they are stopped.
func (s *scene) startReaders(ctx context.Context, j *journal) (stop func()) {
	var (
		stopped atomic.Bool
		running sync.WaitGroup
	)
	for range readers {
		c := newClient(s.server, s.reading)
		running.Go(func() {
			for !stopped.Load() {
				start := time.Now()
				answer, _ := answerOf(s.read(ctx, c))
				j.add(reading{start, time.Now(), answer})
			}
		})
	}
	return func() { stopped.Store(true); running.Wait() }
}

// reading is one request and its answer.
type reading struct {
	start, end time.Time
	answer     string
}

// journal collects readings.
type journal struct {
	mu       sync.Mutex // protects readings
	more     *sync.Cond
	readings []reading
}

func newJournal() *journal {
	j := &journal{}
	j.more = sync.NewCond(&j.mu)
	return j
}

func (j *journal) add(r reading) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.readings = append(j.readings, r)
	j.more.Signal()
}

// wait waits for the end of n requests that started after t.
func (j *journal) wait(n int, t time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for seen := 0; ; seen++ {
		for seen == len(j.readings) {
			j.more.Wait()
		}
		if j.readings[seen].start.After(t) {
			n--
		}
		if n == 0 {
			return
		}
	}
}

// play is the course of a way: times between which access did not change, in order.
type play struct {
	journal *journal
	spans   []span
}

// span is a time in which every request is allowed, or none. It is open at both ends: a request belongs
// to it if it started after the change before was answered, and ended before the next one began.
type span struct {
	from, to time.Time
	denied   bool
}

// run takes access away and gives it back a number of times.
func (p *play) run(take, giveBack func() error) error {
	given := time.Now()
	p.journal.wait(readsBefore, given)
	for range turns {
		taken, err := p.change(take, span{from: given}, readsDenied)
		if err != nil {
			return fmt.Errorf("take away: %w", err)
		}
		if given, err = p.change(giveBack, span{from: taken, denied: true}, readsAllowed); err != nil {
			return fmt.Errorf("give back: %w", err)
		}
	}
	p.spans = append(p.spans, span{from: given, to: time.Now()})
	return nil
}

// change ends a span by a call, lets the clients read, and returns when the call was answered.
func (p *play) change(call func() error, before span, reads int) (answered time.Time, err error) {
	before.to = time.Now()
	p.spans = append(p.spans, before)
	err = call()
	answered = time.Now()
	if err == nil {
		p.journal.wait(reads, answered)
	}
	return answered, err
}

// check compares every answer with what its time allows.
func (p *play) check(t *testing.T) {
	t.Helper()
	var allowed, denied, overlapping int
	wrong := map[string]int{}
	for _, r := range p.journal.readings {
		ok, refused := r.answer == "ok", strings.HasPrefix(r.answer, "403 ")
		s := p.spanOf(r)
		switch {
		case s == nil:
			overlapping++
			if !ok && !refused {
				wrong["during a change: "+r.answer]++
			}
		case s.denied:
			denied++
			if !refused {
				wrong["that started after access was taken away: "+r.answer]++
			}
		default:
			allowed++
			if !ok {
				wrong["that started while access was given: "+r.answer]++
			}
		}
	}
	t.Logf("%d requests with access, %d after it was taken away, %d during the changes", allowed, denied, overlapping)
	for answer, n := range wrong {
		t.Errorf("%d requests %s", n, answer)
	}
	if least := turns * (readsDenied - readers); denied < least {
		t.Errorf("%d requests came after access was taken away, want at least %d", denied, least)
	}
}

// spanOf returns the span that a request belongs to, or nil.
func (p *play) spanOf(r reading) *span {
	for i := range p.spans {
		if s := &p.spans[i]; r.start.After(s.from) && r.end.Before(s.to) {
			return s
		}
	}
	return nil
}
