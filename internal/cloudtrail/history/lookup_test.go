package history

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// fill makes a history of records of all sorts, over months, in segments of all sizes.
func fill(w *world, random *rand.Rand, n int) (all []*audit.Record) {
	w.t.Helper()
	var segment []*audit.Record
	for range n {
		w.clock.at = w.clock.at.Add(time.Duration(random.Int64N(int64(pick(random, time.Millisecond, time.Minute, 12*time.Hour)))))
		r := w.request(pick(random, ann, bob), pick(random, ann, bob))
		// A request is recorded when it ends.
		r.Time = w.clock.at.Add(-time.Duration(random.IntN(3)) * time.Duration(random.IntN(int(time.Second))))
		r.Operation = pick(random, "GetBucketPolicy", "PutBucketPolicy", "ListBuckets")
		if r.Bucket = pick(random, "walnut", "pecan", ""); r.Bucket == "" {
			r.Service, r.Operation = "iam", pick(random, "ListUsers", "CreateUser")
			r.Parameters = []byte(`{"userName":"` + pick(random, "ann", "tom") + `"}`)
		}
		r.CallerARN = "arn:aws:iam::" + string(r.CallerAccount) + ":user/" + pick(random, "ann", "tom")
		r.AccessKeyID = pick[ids.AccessKeyID](random, "AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE")
		all = append(all, r)
		if segment = append(segment, r); random.IntN(4) == 0 {
			w.append(segment...)
			segment = nil
		}
	}
	w.append(segment...)
	w.read()
	return all
}

// plain is Lookup by a filter over all records, in no order.
func plain(w *world, all []*audit.Record, q Query) (found []string) {
	for _, r := range all {
		at := time.Unix(r.Time.Unix(), 0)
		of := event.Resources(r, q.Account)
		values := map[string][]string{
			"EventId": {event.ID(r, q.Account)}, "EventName": {event.FactsOf(r).Name}, "ReadOnly": {strconv.FormatBool(event.FactsOf(r).ReadOnly)},
			"Username": {event.Username(r, q.Account)}, "EventSource": {event.FactsOf(r).Source}, "": {""},
		}
		for _, resource := range of {
			values["ResourceType"] = append(values["ResourceType"], resource.Type)
			values["ResourceName"] = append(values["ResourceName"], resource.Name)
		}
		if r.CallerAccount == q.Account {
			values["AccessKeyId"] = []string{string(r.AccessKeyID)}
		}
		switch {
		case !slices.Contains(event.Recipients(r), q.Account), !slices.Contains(values[q.Attribute], q.Value),
			!q.From.IsZero() && at.Before(q.From), !q.To.IsZero() && at.After(q.To), at.Before(w.clock.at.Add(-Age).Truncate(time.Second)):
		default:
			found = append(found, event.ID(r, q.Account))
		}
	}
	slices.Sort(found)
	return found
}

// TestLookup: whatever is looked up, in whatever pages and however little of it is read at once, is what a filter over
// all records finds.
func TestLookup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	random := rand.New(rand.NewPCG(1, 2))
	all := fill(w, random, 1500)
	if w.clock.at.Before(start.Add(Age + 10*day)) {
		t.Fatal("the history is too short")
	}
	found, narrow := 0, 0
	for range 120 {
		w.history.work = pick(random, 1, 5000, maxWork)
		q := Query{Account: pick(random, ann, bob), Max: pick(random, 0, 1, 7, 50)}
		r := pick(random, all...)
		values := map[string]string{
			"EventId": event.ID(r, q.Account), "EventName": pick(random, "GetBucketPolicy", "CreateUser", "DeleteUser"), "ReadOnly": pick(random, "true", "false"),
			"Username": pick(random, "ann", "tom", "Ann"), "EventSource": pick(random, "s3.amazonaws.com", "iam.amazonaws.com"), "AccessKeyId": string(r.AccessKeyID),
			"ResourceType": pick(random, "AWS::S3::Bucket", "AWS::IAM::User", "AWS::IAM::Role"), "ResourceName": pick(random, "walnut", "pecan", "walnu", "tom"),
		}
		if q.Attribute = pick(random, "", "EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId"); q.Attribute != "" {
			q.Value = values[q.Attribute]
		}
		if random.IntN(2) == 0 {
			q.From = r.Time.Truncate(pick(random, 1, time.Second))
		}
		if random.IntN(2) == 0 {
			if q.To = pick(random, all...).Time.Truncate(pick(random, 1, time.Second)); q.To.Before(q.From) {
				q.From, q.To = q.To, q.From
			}
		}
		got, want := eventIDs(w.all(q)), plain(w, all, q)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%+v finds %d events, want %d", q, len(got), len(want))
		}
		found += len(want)
		if len(want) > 0 && len(want) < 100 {
			narrow++
		}
	}
	if found < 10_000 || narrow < 10 {
		t.Errorf("all queries together find %d, and %d of them few", found, narrow)
	}
}

// TestOrder: the latest event comes first, also across pages.
func TestOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var want []string
	for i := range 500 {
		w.clock.at = w.clock.at.Add(time.Duration(i) * 30 * time.Second)
		a, b := w.request(ann, ann), w.request(ann, ann)
		b.Time = b.Time.Add(-1)
		// Within a segment they come in the order in which they ended.
		w.append(a, b)
		want = append(want, event.ID(b, ann), event.ID(a, ann))
	}
	w.read()
	slices.Reverse(want)
	for _, n := range []int{1, 7, 50} {
		if got := eventIDs(w.all(Query{Account: ann, Max: n})); !slices.Equal(got, want) {
			t.Errorf("in pages of %d there are %d events in another order than %d", n, len(got), len(want))
		}
	}
}

// TestTwice: of a request that is in the journal twice the last form is told.
func TestTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request(ann, ann)
	first := *r
	first.Status, first.UserAgent = 0, "unsettled"
	w.append(&first)
	w.append(r)
	w.read()
	if all := w.all(Query{Account: ann}); len(all) != 1 || strings.Contains(all[0].Text, "unsettled") {
		t.Errorf("there are %+v", all)
	}
}

// TestDense: values are found however many there are within however short a time.
func TestDense(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := 0
	for _, before := range []time.Duration{80 * day, 0} {
		at := sequenceAt(start.Add(-before))
		w.write(func(tx meta.Tx) error {
			for i := range uint64(maxKeys + 300) {
				v := &records.TrailEvents{Zstd: w.history.pack([][]byte{encode(t, w.request(ann, ann))}), First: start.UnixNano(), Last: start.UnixNano(), Events: 1}
				if err := records.Put(tx, keys.TrailEvents(ann, at+i), v); err != nil {
					return err
				}
				n++
			}
			return nil
		})
	}
	if got := len(w.all(Query{Account: ann})); got != n {
		t.Errorf("%d values are found of %d", got, n)
	}
}

// TestLate: an event whose request was interrupted is found by its time, days after.
func TestLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request(ann, ann)
	w.clock.at = start.Add(6 * day)
	w.append(w.request(ann, ann))
	w.append(r)
	w.append(w.request(ann, ann))
	w.read()
	w.clock.at = start.Add(30 * day)
	if got := eventIDs(w.all(Query{Account: ann, From: start, To: start})); !slices.Equal(got, []string{event.ID(r, ann)}) {
		t.Errorf("there are %v", got)
	}
}

// TestRefused: what is not valid is refused, by the names of LookupEvents' errors.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.append(w.request(ann, ann), w.request(ann, ann))
	w.read()
	for _, c := range []struct {
		q    Query
		want string
	}{
		{Query{Max: -1}, "InvalidMaxResultsException"},
		{Query{Max: 51}, "InvalidMaxResultsException"},
		{Query{From: start, To: start.Add(-1)}, "InvalidTimeRangeException"},
		{Query{Attribute: "eventName", Value: "x"}, "InvalidLookupAttributesException"},
		{Query{Attribute: "EventName"}, "InvalidLookupAttributesException"},
		{Query{Value: "x"}, "InvalidLookupAttributesException"},
		{Query{Attribute: "EventName", Value: strings.Repeat("é", 2001)}, "InvalidLookupAttributesException"},
		{Query{Attribute: "ReadOnly", Value: "True"}, "InvalidLookupAttributesException"},
		{Query{Token: "x"}, "InvalidNextTokenException"},
		{Query{Token: "!"}, "InvalidNextTokenException"},
		{Query{Attribute: "EventName", Value: strings.Repeat("é", 2000)}, ""},
		{Query{From: time.Unix(-1<<40, 0), To: time.Unix(1<<40, 0)}, ""},
		{Query{From: time.Unix(1<<40, 0), To: time.Unix(1<<40, 0)}, ""},
		{Query{From: time.Unix(-1<<40, 0), To: time.Unix(-1<<40, 0)}, ""},
	} {
		c.q.Account = ann
		if _, err := w.history.Lookup(t.Context(), c.q); c.want == "" && err != nil || c.want != "" && !apierr.Is(err, c.want) {
			t.Errorf("%.200v: %v, want %s", c.q, err, c.want)
		}
	}
}

// TestTokens: a token is good for the same query of the same account alone, on every server, with any number of results.
func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.append(w.request(ann, bob), w.request(ann, bob))
	w.read()
	base := Query{Account: ann, Max: 1, From: start, To: start.Add(time.Hour), Attribute: "EventName", Value: "GetBucketPolicy"}
	page, err := w.history.Lookup(t.Context(), base)
	if err != nil || page.Token == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	base.Token = page.Token
	for name, change := range map[string]func(q *Query){
		"account": func(q *Query) { q.Account = bob }, "attribute": func(q *Query) { q.Attribute = "EventSource" }, "value": func(q *Query) { q.Value += "x" },
		"from": func(q *Query) { q.From = q.From.Add(-1) }, "no from": func(q *Query) { q.From = time.Time{} }, "to": func(q *Query) { q.To = q.To.Add(time.Second) },
		"nothing": func(q *Query) { q.Attribute, q.Value = "", "" }, "token": func(q *Query) { q.Token = "A" + q.Token[1:] + "A" },
		"position": func(q *Query) { q.Token = q.Token[:len(q.Token)-4] },
	} {
		q := base
		change(&q)
		if _, err := w.history.Lookup(t.Context(), q); !apierr.Is(err, "InvalidNextTokenException") {
			t.Errorf("with another %s: %v", name, err)
		}
	}
	base.Max = 50
	if page, err := w.server().Lookup(t.Context(), base); err != nil || len(page.Events) != 1 || page.Token != "" {
		t.Errorf("the next page is %+v, %v", page, err)
	}
}

// TestTrim: what is too old goes, and the oldest of what is too much, which is counted.
func TestTrim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	random := rand.New(rand.NewPCG(1, 2))
	var last *audit.Record
	add := func(n int) {
		t.Helper()
		for range n {
			w.clock.at = w.clock.at.Add(time.Hour)
			last = w.request(ann, bob)
			for range 50 {
				last.UserAgent += string(rune('a' + random.IntN(26)))
			}
			w.append(last)
		}
		w.read()
		if err := w.history.Trim(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	add(300)
	whole, size := w.counted(ann)
	if whole != 300 || w.counts.dropped != 0 {
		t.Fatalf("there are %d events, %+v", whole, w.counts)
	}
	w.history.opts.Size = size / 2
	add(1)
	for _, account := range []ids.AccountID{ann, bob} {
		n, size := w.counted(account)
		if n < 130 || n > 152 || size > w.history.opts.Size {
			t.Errorf("%d events of %d bytes are left", n, size)
		}
		if got := w.all(Query{Account: account}); len(got) != int(n) || got[0].ID != event.ID(last, account) {
			t.Errorf("%d events are found of %d", len(got), n)
		}
	}
	n, _ := w.counted(ann)
	m, _ := w.counted(bob)
	if w.counts.dropped != 602-int(n)-int(m) {
		t.Errorf("%d are counted as dropped", w.counts.dropped)
	}
	dropped := w.counts.dropped
	w.clock.at = last.Time.Add(Age - 10*time.Hour)
	add(0)
	if n, _ := w.counted(ann); n != 10 && n != 11 {
		t.Errorf("%d events are left of the last ten hours", n)
	}
	w.clock.at = w.clock.at.Add(2 * day)
	add(0)
	if n, _ := w.counted(bob); n != 0 || w.counts.dropped != dropped {
		t.Errorf("%d events are left, %d dropped", n, w.counts.dropped-dropped)
	}
}

// TestErase: all of an account's history is told, and goes, and nothing of another's.
func TestErase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2*trimBatch + 5 {
		w.append(w.request(ann, bob))
	}
	w.read()
	told := func(account ids.AccountID) (n int) {
		t.Helper()
		err := w.store.View(t.Context(), func(r meta.Reader) error {
			return w.history.AccountContents(r, account, false, func(_ string, of int) { n += of })
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if told(ann) != 133 || told(gone) != 0 {
		t.Errorf("told of %d and %d", told(ann), told(gone))
	}
	w.write(func(tx meta.Tx) error { return records.Put(tx, keys.Account(ann), &records.Account{Closed: 1}) })
	w.append(w.request(ann, bob))
	w.read()
	all := 0
	for {
		n, err := w.history.EraseAccount(t.Context(), ann)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		w.counted(ann)
		all += n
	}
	if all != 134 || told(ann) != 0 || told(bob) != 134 {
		t.Errorf("%d are removed; told of %d and %d", all, told(ann), told(bob))
	}
	err := w.store.View(t.Context(), func(r meta.Reader) error {
		_, err := r.Get(keys.TrailHistory(ann))
		if err == nil {
			t.Error("the count is left")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
