package history

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// TestRead: the management events of an account come into its history, once, and nothing else does.
func TestRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own, across, foreign, data := w.request(ann, ann), w.request(ann, bob), w.request(gone, shut), w.request(ann, ann)
	data.Operation, data.Key = "GetObject", "k"
	unknown := w.request(ann, ann)
	unknown.Operation = ""
	w.append(own, across, foreign, data, unknown)
	for range 2 {
		w.read()
	}
	for account, want := range map[ids.AccountID][]string{
		ann:  {event.ID(across, ann), event.ID(own, ann)},
		bob:  {event.ID(across, bob)},
		gone: nil, shut: nil,
	} {
		if got := eventIDs(w.all(Query{Account: account})); !slices.Equal(got, want) {
			t.Errorf("account %s has %v, want %v", account, got, want)
		}
		if n, _ := w.counted(account); int(n) != len(want) {
			t.Errorf("of account %s %d are stored", account, n)
		}
	}
	if w.counts != (counts{kept: 3}) {
		t.Errorf("counted %+v", w.counts)
	}
}

// TestEvent: an event is told as its account sees it.
func TestEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request(ann, bob)
	r.Time = start.Add(-1500 * time.Millisecond)
	w.append(r)
	w.read()
	for account, key := range map[ids.AccountID]string{ann: "AKIAIOSFODNN7EXAMPLE", bob: ""} {
		all := w.all(Query{Account: account})
		if len(all) != 1 {
			t.Fatalf("there are %d events", len(all))
		}
		e := all[0]
		if e.ID != event.ID(r, account) || e.Name != "GetBucketPolicy" || e.Source != "s3.amazonaws.com" || !e.ReadOnly || e.Username != event.Username(r, account) ||
			e.AccessKeyID != key || !e.Time.Equal(start.Add(-2*time.Second)) || !slices.Equal(e.Resources, event.Resources(r, account)) ||
			e.Text != string(event.Append(nil, r, account, "eu-west-1")) {
			t.Errorf("account %s is told %+v", account, e)
		}
		if strings.Contains(e.Text, "AKIA") != (key != "") {
			t.Errorf("the JSON for account %s tells another key: %s", account, e.Text)
		}
	}
}

// TestKept: nothing of the decisions is kept.
func TestKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request(ann, ann)
	w.append(r)
	w.read()
	err := w.store.View(t.Context(), func(reader meta.Reader) error {
		it := reader.Scan(keys.TrailEventsOf(ann))
		for it.Next() {
			v := new(records.TrailEvents)
			if err := records.Unmarshal(it.Value(), v); err != nil {
				return err
			}
			entries, _, err := w.history.unpack(v.Zstd)
			if err != nil || len(entries) != 1 {
				t.Fatalf("there are %d entries, %v", len(entries), err)
			}
			for _, secret := range []string{"explained", "hidden", "aws:secret"} {
				if bytes.Contains(entries[0], []byte(secret)) {
					t.Errorf("%q is kept", secret)
				}
			}
			if got, err := audit.Decode(entries[0]); err != nil || got.RequestID != r.RequestID || got.Bucket != r.Bucket || got.Status != r.Status {
				t.Errorf("what is kept is %+v, %v", got, err)
			}
		}
		return it.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCrashes: whenever a server ends, or a write fails before or after it was done, each event comes into the history
// once, in order.
func TestCrashes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	random := rand.New(rand.NewPCG(1, 2))
	var want []string
	for range 300 {
		w.clock.at = w.clock.at.Add(time.Second)
		for range random.IntN(3) {
			r := w.request(ann, ann)
			want = append(want, event.ID(r, ann))
			w.append(r)
		}
		w.engine.before.Store(random.IntN(3) == 0)
		w.engine.after.Store(random.IntN(3) == 0)
		if random.IntN(3) == 0 {
			w.history = w.server()
			w.history.most = 1 + random.IntN(500)
		}
		if err := w.history.Read(t.Context()); err != nil && !errors.Is(err, errFault) {
			t.Fatal(err)
		}
		w.engine.before.Store(false)
		w.engine.after.Store(false)
	}
	w.read()
	slices.Reverse(want)
	if got := eventIDs(w.all(Query{Account: ann})); !slices.Equal(got, want) {
		t.Errorf("%d events, want %d", len(got), len(want))
	}
	w.counted(ann)
}

// TestServers: servers that read at once add each event once.
func TestServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	servers := []*Service{w.server(), w.server(), w.server()}
	for _, s := range servers {
		s.most, s.opts.Meter = 1, new(counts)
	}
	for range 200 {
		w.append(w.request(ann, bob))
	}
	var wg sync.WaitGroup
	for _, s := range servers {
		wg.Go(func() {
			if err := s.Read(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.read()
	for _, account := range []ids.AccountID{ann, bob} {
		got := eventIDs(w.all(Query{Account: account}))
		slices.Sort(got)
		if len(got) != 200 || len(slices.Compact(got)) != 200 {
			t.Errorf("account %s has %d events", account, len(got))
		}
		w.counted(account)
	}
}

// TestCorruption: a segment of the journal that cannot be read is passed, an entry of one as well, and so is a value of a
// history.
func TestCorruption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second, third := w.request(ann, ann), w.request(ann, ann), w.request(ann, ann)
	w.append(first)
	w.write(func(tx meta.Tx) error {
		from, to := keys.JournalSegments(0, math.MaxUint64)
		all, err := meta.Keys(tx, from, to, 1)
		if err != nil {
			return err
		}
		sequence, err := keys.ParseJournalSegment(all[0])
		return errors.Join(err, records.Put(tx, keys.JournalContent(sequence), &records.JournalContent{Zstd: []byte("x")}))
	})
	w.journal.Append(start, []byte{0xff})
	w.append(second)
	w.append(third)
	w.history = w.server()
	w.read()
	if got, want := eventIDs(w.all(Query{Account: ann})), []string{event.ID(third, ann), event.ID(second, ann)}; !slices.Equal(got, want) || w.counts.dropped != 1 {
		t.Errorf("there are %v, want %v; %+v", got, want, w.counts)
	}
	for _, value := range [][]byte{[]byte("x"), marshal(t, &records.TrailEvents{Zstd: []byte("x"), First: start.UnixNano(), Last: start.UnixNano(), Events: 1})} {
		w.write(func(tx meta.Tx) error {
			all, err := meta.Keys(tx, keys.TrailEvents(ann, 0), keys.TrailEvents(ann, 1<<63), 1)
			if err != nil {
				return err
			}
			return tx.Put(all[0], value)
		})
		if got, want := eventIDs(w.all(Query{Account: ann})), []string{event.ID(third, ann)}; !slices.Equal(got, want) {
			t.Errorf("there are %v, want %v", got, want)
		}
	}
}

func marshal(t *testing.T, v *records.TrailEvents) []byte {
	t.Helper()
	text, err := records.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestWants: a record is wanted if its event is one of management, and somebody gets it; that costs no allocation.
func TestWants(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name   string
		change func(r *audit.Record)
		want   bool
	}{
		{"management", func(*audit.Record) {}, true},
		{"denied", func(r *audit.Record) { r.Status, r.ErrorCode = 403, "AccessDenied" }, true},
		{"anonymous", func(r *audit.Record) { r.CallerAccount, r.CallerARN, r.AccessKeyID = "", "", "" }, true},
		{"for nobody", func(r *audit.Record) { r.CallerAccount, r.ResourceOwner = "", "" }, false},
		{"data", func(r *audit.Record) { r.Operation, r.Key = "GetObject", "k" }, false},
		{"none", func(r *audit.Record) { r.Operation = "" }, false},
	} {
		r := w.request(ann, bob)
		c.change(r)
		if got := w.history.Wants(r); got != c.want {
			t.Errorf("%s is wanted: %v", c.name, got)
		}
		if management := event.FactsOf(r).Category == event.Management && len(event.Recipients(r)) > 0; management != c.want {
			t.Errorf("%s has recipients: %v", c.name, management)
		}
	}
	data := w.request(ann, bob)
	data.Operation, data.Key = "GetObject", "k"
	for _, r := range []*audit.Record{w.request(ann, bob), data} {
		if n := testing.AllocsPerRun(100, func() { w.history.Wants(r) }); n != 0 {
			t.Errorf("%v allocations for %s", n, r.Operation)
		}
	}
}

// TestManages: the record of somebody's request is wanted exactly if its event is one of management.
func TestManages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	management, others := 0, 0
	for _, service := range []string{"s3", "s3-control", "s3-website", "iam", "sts", "organizations", "cloudtrail", "access-analyzer", ""} {
		for _, operation := range []string{
			"GetObject", "PutObject", "ListObjects", "ListObjectsV2", "DeleteObjects", "HeadBucket", "CreateBucket", "PutBucketPolicy", "GetBucketAcl", "CreateUser", "AssumeRole",
			"LookupEvents", "StopLogging", "Unheard", "",
		} {
			r := w.request(ann, bob)
			r.Service, r.Operation, r.Key = service, operation, "k"
			want := event.FactsOf(r).Category == event.Management
			if got := w.history.Wants(r); got != want {
				t.Errorf("%s of %s is wanted: %v", operation, service, got)
			}
			if want {
				management++
			} else {
				others++
			}
		}
	}
	if management < 20 || others < 10 {
		t.Errorf("there are %d, and %d others", management, others)
	}
}

// TestStart: the worker reads by itself, and trims.
func TestStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.append(w.request(ann, ann))
		w.history.Start()
		time.Sleep(2 * defaultLook)
		w.history.Close()
		if n := len(w.all(Query{Account: ann})); n != 1 {
			t.Errorf("there are %d events", n)
		}
		w.clock.at = start.Add(Age + day)
		w.history = w.server()
		w.history.Start()
		time.Sleep(2 * trimInterval)
		w.history.Close()
		if n, _ := w.counted(ann); n != 0 {
			t.Errorf("%d old events are left", n)
		}
	})
}

// FuzzUndecided: what is cut has all of the entry but its decisions.
func FuzzUndecided(f *testing.F) {
	w := newWorld(f)
	f.Add(encode(f, w.request(ann, bob)))
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, entry []byte) {
		before := new(records.RequestRecord)
		if err := proto.Unmarshal(entry, before); err != nil {
			return
		}
		cut, err := undecided(nil, entry)
		if err != nil {
			t.Fatalf("an entry that can be read cannot be cut: %v", err)
		}
		after := new(records.RequestRecord)
		before.Decisions = nil
		if err := proto.Unmarshal(cut, after); err != nil || !proto.Equal(before, after) {
			t.Errorf("%v is cut to %v, %v", before, after, err)
		}
	})
}

// FuzzUnpack reads values that are not what was written.
func FuzzUnpack(f *testing.F) {
	w := newWorld(f)
	f.Add(w.history.pack([][]byte{[]byte("one"), nil, []byte("three")}))
	f.Add(w.history.encoder.EncodeAll([]byte{200}, nil))
	f.Fuzz(func(t *testing.T, packed []byte) {
		entries, size, err := w.history.unpack(packed)
		if err != nil && !errors.Is(err, meta.ErrCorrupt) {
			t.Error(err)
		}
		n := 0
		for _, e := range entries {
			n += len(e)
		}
		if n > size {
			t.Errorf("%d bytes of entries in %d", n, size)
		}
	})
}
