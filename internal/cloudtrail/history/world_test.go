package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/audit"
	"crossgrant/internal/ids"
	"crossgrant/internal/journal"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

var start = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

const (
	ann  ids.AccountID = "111111111111"
	bob  ids.AccountID = "222222222222"
	gone ids.AccountID = "333333333333"
	shut ids.AccountID = "444444444444"
	day                = 24 * time.Hour
)

// counts is a Meter.
type counts struct{ kept, dropped int }

func (c *counts) HistoryKept(n int)    { c.kept += n }
func (c *counts) HistoryDropped(n int) { c.dropped += n }

// quiet is the Meter of a journal.
type quiet struct{}

func (quiet) JournalWrote(int, int) {}
func (quiet) JournalDropped(int)    {}

// clock is a time that a test sets.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// faulty is an engine whose writes fail when they are told to: before they are done, or after.
type faulty struct {
	meta.Engine
	before, after atomic.Bool
}

var errFault = errors.New("the disk is gone")

func (f *faulty) Update(ctx context.Context, fn func(meta.Tx) error) error {
	if f.before.Load() {
		return errFault
	}
	err := f.Engine.Update(ctx, fn)
	if err == nil && f.after.Load() {
		return errFault
	}
	return err
}

// world is a store with accounts, a journal, and the history that reads it.
type world struct {
	t       testing.TB
	engine  *faulty
	store   *meta.Store
	journal *journal.Journal
	box     *seal.Box
	clock   clock
	counts  counts
	history *Service
	records int
	between func() // is done between two pages; nil: nothing is
}

func newWorld(t testing.TB) *world {
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, engine: &faulty{Engine: memory.New()}, box: box, clock: clock{start}}
	w.store = meta.New(w.engine)
	w.journal = journal.New(w.store, journal.Options{Readers: []string{Reader}, Age: 1000 * day, Meter: quiet{}, Now: w.clock.now, Log: slog.New(slog.DiscardHandler)})
	w.history = w.server()
	for id, closed := range map[ids.AccountID]int64{ann: 0, bob: 0, shut: 1} {
		w.write(func(tx meta.Tx) error { return records.Put(tx, keys.Account(id), &records.Account{Closed: closed}) })
	}
	t.Cleanup(func() {
		w.journal.Close()
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// server returns another server's Service over the same store.
func (w *world) server() *Service {
	return New(w.store, w.journal, w.box, Options{Region: "eu-west-1", Meter: &w.counts, Now: w.clock.now, Log: slog.New(slog.DiscardHandler)})
}

func (w *world) write(fn func(meta.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// request returns a record of a management event of caller's, about what owner has.
func (w *world) request(caller, owner ids.AccountID) *audit.Record {
	w.records++
	return &audit.Record{
		RequestID: fmt.Sprintf("R%015d", w.records), HostID: "host", Time: w.clock.at, Service: "s3", Operation: "GetBucketPolicy", Method: "GET",
		CallerAccount: caller, CallerARN: "arn:aws:iam::" + string(caller) + ":user/ann", CallerID: "AIDA" + string(caller), AccessKeyID: "AKIAIOSFODNN7EXAMPLE",
		Bucket: "walnut", ResourceOwner: owner, Authentication: "AuthHeader", Status: 200,
	}
}

// append adds records to the journal, in one segment.
func (w *world) append(all ...*audit.Record) {
	w.t.Helper()
	for _, r := range all {
		if !w.journal.Append(r.Time, encode(w.t, r)) {
			w.t.Fatal("there is no room")
		}
	}
	if err := w.journal.Flush(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// encode returns a record as package decisions keeps it, with decisions that are secret.
func encode(t testing.TB, r *audit.Record) []byte {
	t.Helper()
	decided := &records.RequestRecord{Decisions: []*records.RequestDecision{{
		Action: "s3:GetBucketPolicy", Explanation: []byte("explained"), Keys: []*records.RequestKey{{Name: []byte("aws:secret"), Values: [][]byte{[]byte("hidden")}}},
	}}}
	text, err := proto.Marshal(decided)
	if err != nil {
		t.Fatal(err)
	}
	return append(r.AppendTo(nil), text...)
}

func (w *world) read() {
	w.t.Helper()
	if err := w.history.Read(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// all returns what a query finds on all of its pages, and checks what holds for each of them.
func (w *world) all(q Query) (found []Event) {
	w.t.Helper()
	for {
		page, err := w.history.Lookup(context.Background(), q)
		if err != nil {
			w.t.Fatal(err)
		}
		if q.Max > 0 && len(page.Events) > q.Max {
			w.t.Errorf("a page of %d has %d events", q.Max, len(page.Events))
		}
		for i := range max(len(page.Events)-1, 0) {
			if page.Events[i].Time.Before(page.Events[i+1].Time) {
				w.t.Errorf("the events of a page are not in order: %v, %v", page.Events[i].Time, page.Events[i+1].Time)
			}
		}
		found = append(found, page.Events...)
		if page.Token == "" {
			return found
		}
		q.Token = page.Token
		if w.between != nil {
			w.between()
		}
	}
}

// eventIDs returns the IDs of events.
func eventIDs(all []Event) (found []string) {
	for _, e := range all {
		found = append(found, e.ID)
	}
	return found
}

// stored returns how much is stored of an account, counted anew.
func (w *world) stored(account ids.AccountID) *records.TrailHistory {
	w.t.Helper()
	c := new(records.TrailHistory)
	err := w.store.View(context.Background(), func(r meta.Reader) error {
		it := r.Scan(keys.TrailEventsOf(account))
		for it.Next() {
			c.Events += int64(eventsIn(it.Value()))
			c.Bytes += int64(len(it.Value()))
		}
		return it.Close()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// counted checks that what is counted of an account is what is stored, and returns it.
func (w *world) counted(account ids.AccountID) (events, bytes int64) {
	w.t.Helper()
	c := w.stored(account)
	err := w.store.View(context.Background(), func(r meta.Reader) error {
		told, err := count(r, account)
		if told.GetEvents() != c.Events || told.GetBytes() != c.Bytes {
			w.t.Errorf("of account %s %d events of %d bytes are counted, and %d of %d stored", account, told.GetEvents(), told.GetBytes(), c.Events, c.Bytes)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return c.Events, c.Bytes
}

// pick returns one of some values.
func pick[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }
