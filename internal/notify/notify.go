// Package notify sends S3's event notifications to webhooks, at least once.
//
// An event is written in the transaction of the change that it tells of (Changed), into the queue of its
// destination, so that no crash comes between the two. One worker for each destination takes the events of
// its queue in their order, sends each as the body of a POST, and removes what was taken. What is not taken
// is sent again, with pauses that grow up to Options.MaxPause, until it is older than Options.MaxAge; later
// events of the destination wait for it. A crash between an answer and the removal sends an event twice.
//
// Destinations are webhooks that the operator has given the ARN of a topic, queue or function. A webhook
// takes an event by answering 2xx. One that answers 400, 413 or 422 refuses this event, which is dropped; any
// other answer, and none, is a failure of the webhook. Redirects are not followed.
//
// Of several servers one delivers what goes to a destination (Options.Exclusive), and looks for what others have written
// every second. If two did for a moment, events would be sent twice. Sequences are those of the clock of the server that
// made the change: events of one key that come from two servers are in the order of these.
//
// The queue of a destination has bounds: events older than Options.MaxAge, and the oldest beyond
// Options.MaxQueued, are dropped, logged and counted. Writes to buckets are never refused because a webhook
// is away.
package notify

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"crossgrant/internal/arn"
	"crossgrant/internal/background"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// Webhook is where the events of a destination go.
type Webhook struct {
	URL string
	// Authorization is the value of the header of that name; empty: none. It is a secret.
	Authorization string
}

// Meter counts what becomes of events; package metrics does.
type Meter interface {
	// EventsQueued says how many events wait for a destination.
	EventsQueued(destination string, count int)
	// EventDelivered says that an event was taken.
	EventDelivered(destination string)
	// EventFailed says that an attempt to deliver failed.
	EventFailed(destination string)
	// EventsDropped says that events are given up: because they were refused, or are too old or too many.
	EventsDropped(destination, reason string, count int)
}

// Why events are dropped.
const (
	Refused = "refused"
	TooOld  = "too old"
	TooMany = "too many"
	Corrupt = "corrupt"
)

// Options adjusts a Service.
type Options struct {
	// Webhooks are the destinations, by ARN.
	Webhooks map[string]Webhook
	Meter    Meter
	// MaxAge is how long an event is kept; 0 means 24 hours.
	MaxAge time.Duration
	// MaxQueued is how many events of a destination are kept; 0 means 100,000. It is looked after every ten
	// seconds.
	MaxQueued int
	// FirstPause is the pause after a failure, doubled with each further one up to MaxPause; 0 means a second
	// and a minute.
	FirstPause, MaxPause time.Duration
	// Timeout is how long a webhook may take to answer; 0 means ten seconds.
	Timeout time.Duration
	// Exclusive lets one server at a time deliver the events of a destination, of those that share the store; nil: there is
	// one server.
	Exclusive background.Exclusive
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives what is dropped and what fails; nil means slog.Default.
	Log *slog.Logger
}

const (
	defaultAge     = 24 * time.Hour
	defaultQueued  = 100_000
	defaultFirst   = time.Second
	defaultMax     = time.Minute
	defaultTimeout = 10 * time.Second
	// inFlight is how many deliveries are under way at a time, over all destinations.
	inFlight = 16
	// grace is how long a delivery may go on after Close was called.
	grace = 2 * time.Second
)

// Service keeps and delivers events. It is safe for concurrent use.
type Service struct {
	store    *meta.Store
	opts     Options
	client   *http.Client
	turns    chan struct{} // one for each delivery under way
	sequence keys.Sequence

	mu      sync.RWMutex
	queues  map[string]*queue // by ARN
	started bool
	ctx     context.Context // of the workers
	cancel  context.CancelFunc
	sending context.Context // of what is under way; it outlives ctx by grace
	cut     context.CancelFunc
	workers sync.WaitGroup
}

// New returns a Service over store. It has to be made before the store is written to, because it learns from
// the store's commits what there is to do. Nothing is delivered before Start.
func New(store *meta.Store, opts Options) *Service {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	opts = opts.withDefaults()
	s := &Service{
		store: store, opts: opts, queues: map[string]*queue{}, turns: make(chan struct{}, inFlight),
		client: &http.Client{
			Transport: transport, Timeout: opts.Timeout,
			// The operator named the webhook: where it points to is not for it to choose.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	s.ctx, s.cancel = context.WithCancel(meta.Freeing(context.Background()))
	s.sending, s.cut = context.WithCancel(context.Background())
	for destination := range opts.Webhooks {
		s.queues[destination] = s.newQueue(destination)
	}
	store.OnCommit(s.committed)
	return s
}

func (o Options) withDefaults() Options {
	o.MaxAge = or(o.MaxAge, defaultAge)
	o.MaxQueued = or(o.MaxQueued, defaultQueued)
	o.FirstPause = or(o.FirstPause, defaultFirst)
	o.MaxPause = or(o.MaxPause, defaultMax)
	o.Timeout = or(o.Timeout, defaultTimeout)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// Start begins to deliver, until Close. It is called at most once, before the first request is served: it
// looks for the events that an earlier run left, and goes on with their numbers.
func (s *Service) Start(ctx context.Context) error {
	found, last, err := s.waiting(ctx)
	if err != nil {
		return err
	}
	s.sequence.Follow(last)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, destination := range found {
		if s.queues[destination] == nil {
			s.queues[destination] = s.newQueue(destination)
		}
	}
	s.started = true
	for _, q := range s.queues {
		s.begin(q)
	}
	return nil
}

// begin starts the worker of a queue.
func (s *Service) begin(q *queue) {
	s.workers.Go(func() { s.opts.Exclusive.Run(s.ctx, "events/"+q.destination, q.run) })
}

// waiting returns the destinations that events wait for, and the highest sequence among the events.
func (s *Service) waiting(ctx context.Context) (destinations []string, last uint64, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		destinations, last = nil, 0
		it := r.Scan(keys.AllEvents())
		for it.Next() {
			destination, place, err := keys.ParseEvent(it.Key())
			if err != nil {
				return closing(it, err)
			}
			if n := len(destinations); n == 0 || destinations[n-1] != destination {
				destinations = append(destinations, destination)
			}
			last = max(last, place.Sequence)
		}
		return it.Close()
	})
	return destinations, last, err
}

// closing closes it and returns err.
func closing(it meta.Iterator, err error) error {
	it.Close()
	return err
}

// Close ends the deliveries and waits for those under way, for a short time. What is left is delivered after
// the next Start.
func (s *Service) Close() {
	s.mu.Lock()
	s.started = false
	s.mu.Unlock()
	s.cancel()
	late := time.AfterFunc(grace, s.cut)
	s.workers.Wait()
	late.Stop()
	s.cut()
	s.client.CloseIdleConnections()
}

// committed wakes the queues that a commit wrote to.
func (s *Service) committed(written [][]byte) {
	if written == nil {
		s.wakeAll()
	}
	for _, key := range written {
		if len(key) == 0 || key[0] != keys.EventSpace {
			continue
		}
		if destination, _, err := keys.ParseEvent(key); err == nil {
			s.wake(destination)
		}
	}
}

// wakeAll wakes every worker: an event may have become visible of which nobody was told.
func (s *Service) wakeAll() {
	s.mu.RLock()
	destinations := slices.Collect(maps.Keys(s.queues))
	s.mu.RUnlock()
	for _, destination := range destinations {
		s.wake(destination)
	}
}

// wake tells the worker of a destination that there is something to do, and begins one for a destination that
// is not configured any more, whose events are kept until they are too old.
func (s *Service) wake(destination string) {
	s.mu.RLock()
	q := s.queues[destination]
	s.mu.RUnlock()
	if q == nil {
		s.mu.Lock()
		if q = s.queues[destination]; q == nil {
			q = s.newQueue(destination)
			s.queues[destination] = q
			if s.started {
				s.begin(q)
			}
		}
		s.mu.Unlock()
	}
	select {
	case q.awake <- struct{}{}:
	default:
	}
}

// place returns the place of the next event: after all that this server gave out before, whatever the clock
// says.
func (s *Service) place() (keys.Place, error) {
	var p keys.Place
	if _, err := io.ReadFull(rand.Reader, p.Random[:]); err != nil {
		return p, fmt.Errorf("draw place of event: %w", err)
	}
	p.Sequence = s.sequence.Next(s.opts.Now())
	return p, nil
}

// Known reports whether the buckets of account may send events to a destination: the operator has configured
// it, and it is the account's own. S3 asks the policy of a topic, queue or function; a webhook has none, and
// the account in its ARN stands for it.
func (s *Service) Known(account ids.AccountID, destination string) bool {
	name, err := arn.Parse(destination)
	_, ok := s.opts.Webhooks[destination]
	return ok && err == nil && name.Account == string(account)
}
