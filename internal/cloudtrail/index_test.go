package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/cloudtrail/selector"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
)

// allData chooses the data events of all objects.
var allData = []selector.Basic{{ReadWriteType: selector.All, DataResources: []selector.Resource{{Type: "AWS::S3::Object", Values: []string{"arn:aws:s3"}}}}}

// TestLogsData: it is known from commits alone whether a logging trail chooses data events.
func TestLogsData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if !w.LogsData() {
		t.Error("nothing is known yet, and no data events are said to be chosen")
	}
	w.logs(outside)
	holds := func(want bool) {
		t.Helper()
		w.must(w.Forget(t.Context(), w.now.Add(time.Hour)))
		if w.LogsData() != want {
			t.Errorf("data events are said to be chosen: %t", !want)
		}
	}
	put := func(basic []selector.Basic) {
		t.Helper()
		_, err := w.PutSelectors(t.Context(), outside, "trail", basic, nil)
		w.must(err)
	}
	holds(false)
	w.create(outside, "trail")
	w.must(w.StartLogging(t.Context(), outside, "trail"))
	holds(false)
	put(allData)
	holds(true)
	w.must(w.StopLogging(t.Context(), outside, "trail"))
	if !w.LogsData() {
		t.Error("data events of before the trail was stopped are said not to be chosen")
	}
	holds(false)
	w.must(w.StartLogging(t.Context(), outside, "trail"))
	holds(true)
	put(selector.Default())
	holds(false)
	put(allData)
	w.must(w.Delete(t.Context(), outside, "trail"))
	holds(false)
}

// unsettled is an engine that says when any key may have changed.
type unsettled struct {
	meta.Engine
	tell func()
	fail error
}

func (u *unsettled) OnUnsettled(observe func()) { u.tell = observe }

func (u *unsettled) View(ctx context.Context, fn func(meta.Reader) error) error {
	if u.fail != nil {
		return u.fail
	}
	return u.Engine.View(ctx, fn)
}

// TestIndexOfUnsettledStore: when any key may have changed, all trails are read again; and while they cannot be read,
// no answer is given.
func TestIndexOfUnsettledStore(t *testing.T) {
	t.Parallel()
	engine := &unsettled{Engine: memory.New()}
	store := meta.New(engine)
	w := &world{T: t, store: store, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	w.Service = New(store, Options{Region: "us-east-1", World: w, Destination: w, Now: func() time.Time { return w.now }})
	w.put(keys.Account(outside), &records.Account{Id: string(outside)})
	w.create(outside, "trail")
	w.must(w.StartLogging(t.Context(), outside, "trail"))
	w.logs(outside, "trail")
	// What is written past the store is not seen until the engine says so.
	value, err := records.Marshal(&records.Trail{Account: string(outside), Name: "other", Region: "us-east-1", Logging: true, Created: 1, Started: 1, Selectors: toBasic(allData)})
	w.must(err)
	w.must(engine.Update(t.Context(), func(tx meta.Tx) error { return tx.Put(keys.Trail(outside, "other"), value) }))
	w.logs(outside, "trail")
	engine.tell()
	if !w.LogsData() {
		t.Error("nothing is known, and no data events are said to be chosen")
	}
	w.logs(outside, "other", "trail")
	if !w.LogsData() {
		t.Error("no data events are said to be chosen")
	}
	engine.tell()
	engine.fail = errors.New("broken")
	if _, err := w.At(t.Context(), outside, Place{}, w.now); !errors.Is(err, engine.fail) {
		t.Errorf("the store cannot be read: %v", err)
	}
	engine.fail = nil
	w.logs(outside, "other", "trail")
}

// TestCorruptTrail: a trail that cannot be read is an error, not a trail that logs nothing.
func TestCorruptTrail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logs(outside)
	w.put(keys.Trail(outside, "bad"), &records.Trail{Account: string(outside), Name: "bad", Region: "us-east-1", Logging: true, Selectors: []*records.EventSelector{{ReadWrite: "Sometimes"}}})
	if _, err := w.At(t.Context(), member, w.place(member), w.now); !errors.Is(err, meta.ErrCorrupt) || !w.LogsData() {
		t.Errorf("a trail has selectors that are not valid: %v", err)
	}
	w.remove(keys.Trail(outside, "bad"))
	w.logs(outside)
}

// TestAt: what happened before a trail was changed is logged as it was then, also if it was changed again meanwhile, or
// deleted.
func TestAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(outside, "trail")
	begin := w.now
	at := func(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }
	holds := func(want string) {
		t.Helper()
		got := ""
		for m := range 8 {
			trails, err := w.At(t.Context(), outside, w.place(outside), at(m))
			w.must(err)
			got += fmt.Sprint(len(trails))
		}
		if got != want {
			t.Errorf("minute by minute it logged %s, want %s", got, want)
		}
	}
	holds("00000000")
	w.now = at(2)
	w.must(w.StartLogging(t.Context(), outside, "trail"))
	holds("00111111")
	w.now = at(4)
	w.must(w.StopLogging(t.Context(), outside, "trail"))
	holds("00111000")
	w.now = at(6)
	w.must(w.StartLogging(t.Context(), outside, "trail"))
	holds("00111011")
	w.now = at(7)
	w.must(w.Delete(t.Context(), outside, "trail"))
	holds("00111011")
	w.create(outside, "trail")
	holds("00111011")
	w.must(w.Forget(t.Context(), at(7)))
	holds("00000011")
	if any, err := w.Any(t.Context(), member, w.place(member)); err != nil || any {
		t.Errorf("an account without trails: %t, %v", any, err)
	}
	w.must(w.Delete(t.Context(), outside, "trail"))
	if any, err := w.Any(t.Context(), outside, w.place(outside)); err != nil || !any {
		t.Errorf("an account that had a trail of late: %t, %v", any, err)
	}
	w.must(w.Forget(t.Context(), at(8)))
	holds("00000000")
	if any, err := w.Any(t.Context(), outside, w.place(outside)); err != nil || any || !w.index.none.Load() {
		t.Errorf("an account that had a trail long ago: %t, %v", any, err)
	}
}

// TestLogs: events of services without a Region are left out where the trail leaves them out.
func TestLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, source := range []string{"iam.amazonaws.com", "sts.amazonaws.com", "organizations.amazonaws.com", "s3.amazonaws.com", "cloudtrail.amazonaws.com"} {
		e := &selector.Event{Management: true, Source: source}
		all := w.trail(&records.Trail{GlobalEvents: true}).Logs(e)
		some := w.trail(&records.Trail{}).Logs(e)
		if !all || some == globalSources[source] {
			t.Errorf("%s is logged: %t, and without events of global services: %t", source, all, some)
		}
	}
}

func (w *world) trail(r *records.Trail) *Trail {
	w.Helper()
	t, err := newTrail(r)
	w.must(err)
	return t
}

// TestIndexUnderLoad: whatever is asked while trails change, in the end the index has what the store has.
func TestIndexUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	accounts := []ids.AccountID{management, member, delegate, outside}
	var all sync.WaitGroup
	for i, account := range accounts {
		all.Go(func() {
			for n := range 50 {
				name := fmt.Sprint("trail", n%3)
				_, err := w.Create(t.Context(), account, name, Settings{Bucket: to(bucket)}, nil)
				if err == nil {
					err = w.StartLogging(t.Context(), account, name)
				}
				if err != nil || n%5 == i {
					_ = w.Delete(t.Context(), account, name)
				}
			}
		})
		all.Go(func() {
			for range 50 {
				w.index.spoil()
				if _, err := w.At(t.Context(), account, w.place(account), w.now); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, account := range accounts {
		stored, err := w.List(t.Context(), account, false)
		w.must(err)
		var want []string
		for _, s := range stored {
			if s.Record.Logging {
				want = append(want, s.Record.Name)
			}
		}
		w.logs(account, want...)
	}
}
