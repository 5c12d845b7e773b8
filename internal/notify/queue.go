package notify

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

const (
	// batch is how many events are delivered before those that were taken are removed together.
	batch = 64
	// trimmed is how many events are dropped in one transaction.
	trimmed = 1000
	// tick is how often the bounds of a queue that is not empty are looked after.
	tick = 10 * time.Second
	// look is how often an empty queue is looked at where other servers may write to it.
	look = time.Second
)

// queue is the events of one destination, and the worker that delivers them.
type queue struct {
	s           *Service
	destination string
	hook        Webhook
	configured  bool
	awake       chan struct{} // holds one if there may be something to do

	// What follows is the worker's alone.
	failures int       // in a row
	trimmed  time.Time // when the bounds were looked after last
}

func (s *Service) newQueue(destination string) *queue {
	hook, ok := s.opts.Webhooks[destination]
	return &queue{s: s, destination: destination, hook: hook, configured: ok, awake: make(chan struct{}, 1)}
}

// run is the worker, until ctx ends.
func (q *queue) run(ctx context.Context) {
	if !q.configured {
		q.s.opts.Log.Warn("events wait for a destination that is not configured", "destination", q.destination)
	}
	for ctx.Err() == nil {
		pause, err := q.step(ctx)
		if err != nil && ctx.Err() == nil {
			q.s.opts.Log.Error("deliver events", "destination", q.destination, "fault", err.Error())
		}
		if pause != 0 {
			q.sleep(ctx, pause)
		}
	}
}

// sleep waits for a time, or, if it is negative, until there is something to do.
func (q *queue) sleep(ctx context.Context, pause time.Duration) {
	var over <-chan time.Time
	awake := q.awake
	after := pause
	if pause < 0 && q.s.opts.Exclusive != nil {
		after = look
	}
	if after > 0 {
		timer := time.NewTimer(after)
		defer timer.Stop()
		over = timer.C
	}
	if pause > 0 {
		awake = nil // a new event does not make a webhook answer that is away
	}
	select {
	case <-ctx.Done():
	case <-over:
	case <-awake:
	}
}

// untilAwake is the pause of a queue that is empty.
const untilAwake = -1

// waiting is an event that waits.
type waiting struct {
	key   []byte
	place keys.Place
	event *records.Event // nil: it cannot be read
}

// step delivers the events at the head of the queue and returns how long to wait before the next step.
func (q *queue) step(ctx context.Context) (pause time.Duration, err error) {
	if err := q.trim(ctx); err != nil {
		return q.backOff(), err
	}
	list, err := q.head(ctx)
	if err != nil {
		return q.backOff(), err
	}
	if len(list) == 0 {
		q.s.opts.Meter.EventsQueued(q.destination, 0)
		return untilAwake, nil
	}
	held, err := q.held(ctx, list[0].event)
	if err != nil {
		return q.backOff(), err
	}
	done, failed := q.deliver(ctx, list, held)
	if err := q.remove(ctx, done); err != nil {
		return q.backOff(), err
	}
	if failed {
		return q.backOff(), nil
	}
	q.failures = 0
	return 0, nil
}

// head reads the first events of the queue.
func (q *queue) head(ctx context.Context) (list []waiting, err error) {
	err = q.s.store.View(ctx, func(r meta.Reader) error {
		list = nil
		it := r.Scan(keys.Events(q.destination))
		for len(list) < batch && it.Next() {
			_, place, err := keys.ParseEvent(it.Key())
			if err != nil {
				return closing(it, err)
			}
			w := waiting{key: bytes.Clone(it.Key()), place: place, event: new(records.Event)}
			if err := records.Unmarshal(it.Value(), w.event); err != nil {
				w.event = nil
			}
			list = append(list, w)
		}
		return it.Close()
	})
	return list, err
}

// held reports whether the account that the queue is of is closed, or gone: its events wait until it is opened again
// or they are too old. All of them are of buckets of one account, that of the destination, so that the first one tells.
func (q *queue) held(ctx context.Context, first *records.Event) (bool, error) {
	if first == nil {
		return false, nil
	}
	account := new(records.Account)
	err := q.s.store.View(ctx, func(r meta.Reader) error {
		return records.Get(r, keys.Account(ids.AccountID(first.BucketOwner)), account)
	})
	if errors.Is(err, meta.ErrNotFound) {
		return true, nil
	}
	return account.Closed != 0, err
}

// deliver sends events in their order, up to the first that is not taken or is held, and returns the keys of those
// that are done with.
func (q *queue) deliver(ctx context.Context, list []waiting, held bool) (done [][]byte, failed bool) {
	given := map[string]int{} // events that are given up, by reason
	for i := range list {
		w := &list[i]
		switch {
		case w.event == nil:
			given[Corrupt]++
		case q.s.opts.Now().Sub(time.Unix(0, w.event.Time)) > q.s.opts.MaxAge:
			given[TooOld]++
		default:
			failed = !q.configured || held || !q.attempt(ctx, w)
		}
		if failed {
			break
		}
		done = append(done, w.key)
	}
	for reason, count := range given {
		q.drop(reason, count)
	}
	return done, failed
}

// attempt sends one event and reports whether it is done with.
func (q *queue) attempt(ctx context.Context, w *waiting) bool {
	select {
	case q.s.turns <- struct{}{}:
		defer func() { <-q.s.turns }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return false
	}
	err := q.s.send(q.s.sending, q.hook, message(w.event, w.place))
	if err == nil {
		q.failures = 0
		q.s.opts.Meter.EventDelivered(q.destination)
		return true
	}
	if q.s.sending.Err() != nil {
		return false // the server ends: that is no failure of the webhook
	}
	q.s.opts.Meter.EventFailed(q.destination)
	if errors.Is(err, errRefused) {
		q.s.opts.Log.Error("event refused", "destination", q.destination, "bucket", w.event.Bucket, "key", w.event.Key,
			"event", w.event.Name, "request_id", w.event.RequestId, "fault", err.Error())
		q.drop(Refused, 1)
		return true
	}
	q.s.opts.Log.Warn("event not delivered", "destination", q.destination, "failures", q.failures+1, "fault", err.Error())
	return false
}

// drop counts events that are given up, and logs it.
func (q *queue) drop(reason string, count int) {
	q.s.opts.Meter.EventsDropped(q.destination, reason, count)
	q.s.opts.Log.Error("events dropped", "destination", q.destination, "reason", reason, "events", count)
}

// remove removes events that are done with, also when the server ends meanwhile.
func (q *queue) remove(ctx context.Context, done [][]byte) error {
	if len(done) == 0 {
		return nil
	}
	return q.s.store.Update(context.WithoutCancel(ctx), func(tx meta.Tx) error { return meta.DeleteAll(tx, done) })
}

// trim counts the events, and drops the oldest that are too many.
func (q *queue) trim(ctx context.Context) error {
	now := q.s.opts.Now()
	if since := now.Sub(q.trimmed); since >= 0 && since < tick {
		return nil
	}
	q.trimmed = now
	count, err := q.count(ctx)
	if err != nil {
		return err
	}
	for count > q.s.opts.MaxQueued {
		oldest, err := q.oldest(ctx, min(count-q.s.opts.MaxQueued, trimmed))
		if err != nil || len(oldest) == 0 {
			return err
		}
		if err := q.remove(ctx, oldest); err != nil {
			return err
		}
		q.drop(TooMany, len(oldest))
		count -= len(oldest)
	}
	q.s.opts.Meter.EventsQueued(q.destination, count)
	return nil
}

// count returns how many events wait.
func (q *queue) count(ctx context.Context) (count int, err error) {
	err = q.s.store.View(ctx, func(r meta.Reader) error {
		count = 0
		it := r.Scan(keys.Events(q.destination))
		for it.Next() {
			count++
		}
		return it.Close()
	})
	return count, err
}

// oldest returns the keys of the first events.
func (q *queue) oldest(ctx context.Context, limit int) (found [][]byte, err error) {
	err = q.s.store.View(ctx, func(r meta.Reader) (err error) {
		from, to := keys.Events(q.destination)
		found, err = meta.Keys(r, from, to, limit)
		return err
	})
	return found, err
}

// backOff counts a failure and returns the pause after it: half of it is certain, half is chance, so that
// destinations that failed together do not all try again together.
func (q *queue) backOff() time.Duration {
	bound := q.s.opts.MaxPause
	if q.failures < 30 {
		bound = min(q.s.opts.FirstPause<<q.failures, bound)
	}
	q.failures++
	return bound/2 + rand.N(bound/2+1)
}
