package accesslog

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/acl"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// position returns how far the journal is noted to be read.
func (w *world) position() uint64 {
	w.t.Helper()
	at, err := w.journal.Position(w.t.Context(), Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

// TestManySegmentsBecomeOneObject holds that what is gathered within an interval comes into one log object, with one note of
// how far the journal is read.
func TestManySegmentsBecomeOneObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
	var want []string
	for i := range 20 {
		want = append(want, fmt.Sprintf("R%02d", i))
		w.request(want[i])
		w.flush()
		if much, err := w.log.read(t.Context()); much || err != nil {
			t.Fatal(much, err)
		}
		// The facts of the bucket are read anew, and say the same.
		w.change("walnut", func(b *records.Bucket) { b.Tags = append(b.Tags, &records.Tag{Key: want[i]}) })
	}
	if w.position() != 0 {
		t.Error("it is noted that segments are read whose lines are in memory only")
	}
	w.deliver()
	if found, _, _ := w.delivered("logs"); len(found) != 1 || !slices.Equal(w.all(), want) {
		t.Errorf("%d log objects with %v", len(found), w.all())
	}
}

// TestBehind: a reader that is behind reads on in parts of bounded size, in order, and loses nothing.
func TestBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
	w.log.most = 100_000
	const n = 500 // of a thousand bytes each: more than is gathered at once
	for i := range n {
		r := w.get(fmt.Sprintf("%04d", i))
		r.UserAgent = strings.Repeat("x", 1000)
		w.record(r)
		if i%10 == 9 {
			w.flush()
		}
	}
	if much, err := w.log.read(t.Context()); !much || err != nil {
		t.Fatalf("gathered are %d bytes, much: %v, %v", w.log.gathered.size, much, err)
	}
	if size := w.log.gathered.size; size < 100_000 || size > 120_000 {
		t.Errorf("gathered are %d bytes", size)
	}
	before := w.log.gathered.to
	if much, err := w.log.read(t.Context()); !much || err != nil || w.log.gathered.to != before {
		t.Errorf("more was gathered: %d bytes, %v, %v", w.log.gathered.size, much, err)
	}
	w.deliver()
	seen := map[string]int{}
	for _, id := range w.all() {
		seen[id]++
	}
	if len(seen) != n || w.counts.delivered != n || w.counts.ended != 0 || w.counts.objects < 5 {
		t.Errorf("%d lines, counted %+v", len(seen), &w.counts)
	}
}

// TestTwoServers: services on one store do not write lines twice, wherever each of them is.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
	one, two := w.log, w.service()
	read := func(s *Service) {
		t.Helper()
		w.flush()
		if _, err := s.read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.request("R1")
	read(one)
	read(two)
	w.request("R2")
	read(one)
	// two has the first line only, and is the first to commit: one must not commit its own.
	if err := two.commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := one.commit(t.Context()); err != nil || one.gathered != nil {
		t.Fatalf("one keeps %+v, %v", one.gathered, err)
	}
	if _, n := w.left(); n != 1 {
		t.Errorf("%d log objects wait, want that of two", n)
	}
	read(one)
	read(two)
	if err := one.commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := two.commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.deliver()
	if err := two.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := w.all()
	if slices.Sort(got); !slices.Equal(got, []string{"R1", "R2"}) {
		t.Errorf("delivered are %v", got)
	}
}

// TestNothingToLog: segments without lines are passed, and that is noted with the next delivery.
func TestNothingToLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for range 3 {
		w.keep(&audit.Record{Service: "s3", Time: w.now(), Bucket: "logs", Status: 403})
		w.keep(&audit.Record{Service: "iam", Time: w.now(), Status: 403})
		w.flush()
		if _, err := w.log.read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if w.position() != 0 {
		t.Error("it was noted before the delivery that segments are read")
	}
	w.deliver()
	if b, err := w.journal.After(t.Context(), w.position()); b != nil || err != nil {
		t.Errorf("after what is read comes %+v, %v", b, err)
	}
	if n, m := w.left(); n+m != 0 {
		t.Errorf("%d and %d wait", n, m)
	}
	w.log.gathered = newGathered(w.position(), maxGathered)
	for w.log.gathered.passed < maxPassed {
		w.log.gathered.add(w.log.gathered.to+1, &part{passed: 1 << 20})
	}
	if !w.log.gathered.much() {
		t.Error("what is passed is not noted before the interval is over, however much it is")
	}
}

// TestSettingsOfTheMoment: the setting of the bucket when a record is read says where its line goes.
func TestSettingsOfTheMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) { b.Policy = strings.ReplaceAll(allowed, "logs/walnut/", "logs/") })
	read := func() {
		t.Helper()
		w.flush()
		if _, err := w.log.read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.request("R1")
	read()
	w.change("walnut", func(b *records.Bucket) { b.Logging = &records.Logging{Bucket: "logs", Prefix: "new/"} })
	w.request("R2")
	read()
	w.change("walnut", func(b *records.Bucket) { b.Logging = nil })
	w.keep(w.get("R3"))
	w.deliver()
	found, _, _ := w.delivered("logs")
	if got := w.all(); !slices.Equal(got, []string{"R2", "R1"}) || !strings.HasPrefix(found[0], "new/2026") || !strings.HasPrefix(found[1], "walnut/2026") {
		t.Errorf("delivered are %v with %v", found, got)
	}
}

// TestBucketsOfTheSameName: what was done to a bucket of another account is not told to who made one of its name later.
// With a bucket that is gone the lines go that were not read.
func TestBucketsOfTheSameName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
	was, err := w.access.Bucket(t.Context(), "walnut")
	if err != nil {
		t.Fatal(err)
	}
	note := func(id string, owner ids.AccountID, source bool) {
		r := w.get(id)
		if r.ResourceOwner = owner; source {
			r.Bucket, r.Source = "logs", &audit.Source{Bucket: "walnut", Key: "k"}
		}
		w.keep(r)
	}
	note("of the owner", was.Owner, false)
	note("of another", "222222222222", false)
	note("of nobody", "", false)
	note("copied", "222222222222", true)
	if err := w.objects.DeleteBucket(t.Context(), was.ID, "walnut"); err != nil {
		t.Fatal(err)
	}
	w.flush()
	if _, err := w.log.read(t.Context()); err != nil || len(w.log.gathered.all) != 0 {
		t.Fatalf("of a bucket that is gone came %+v, %v", w.log.gathered, err)
	}
	w.clock.Add(int64(time.Second))
	n := objects.NewBucket{Name: "walnut", Account: was.Owner, Canonical: was.Canonical, Region: "us-east-1"}
	if err := w.objects.CreateBucket(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	w.change("walnut", func(b *records.Bucket) { b.Logging = was.Record.Logging })
	w.open() // what was read, and not committed, is read anew
	note("later, refused before its owner was known", "", false)
	note("later, CreateBucket by another", "222222222222", false)
	w.deliver()
	want := []string{"of the owner", "later, refused before its owner was known", "later, CreateBucket by another"}
	for i := range want {
		want[i] = clean(want[i])
	}
	if got := w.all(); !slices.Equal(got, want) {
		t.Errorf("delivered are %v", got)
	}
}

// TestLinesAreThoseOfTheRecords: what a line tells does not suffer from the way through the journal.
func TestLinesAreThoseOfTheRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b, err := w.access.Bucket(t.Context(), "walnut")
	if err != nil {
		t.Fatal(err)
	}
	size := int64(5)
	byACL := authz.Explain(&authz.Input{
		Request: policy.Request{
			Action: "s3:ListBucket", Resource: "arn:aws:s3:::walnut", Context: new(policy.Context),
			Principal: &policy.Principal{Kind: policy.Root, Account: "222222222222", CanonicalID: "bb", ARN: "arn:aws:iam::222222222222:root"},
		},
		Owner: b.Owner, S3: &authz.S3{OwnerCanonicalID: b.Canonical, BucketACL: acl.ACL{
			Owner: b.Canonical, Grants: []acl.Grant{{Grantee: acl.Grantee{ID: "bb"}, Permission: acl.Read}},
		}},
	})
	r := &audit.Record{
		RequestID: "R", HostID: "H", Time: w.now(), Duration: 7 * time.Millisecond, TurnAround: 3 * time.Millisecond, Service: "s3",
		Operation: "ListObjectsV2", Method: "GET", Path: "/walnut/\xff", Query: "list-type=2&versionId=v\xff", Protocol: "HTTP/1.1", SourceIP: "::1",
		UserAgent: "a\xff", Referer: "r\"", Host: "h", TLSVersion: "TLSv1.3", CipherSuite: "TLS_AES_128_GCM_SHA256", Authentication: "AuthHeader",
		CallerARN: "arn:aws:iam::222222222222:root", CallerAccount: "222222222222", CallerCanonicalID: "bb", Bucket: "walnut", Key: "k\xff",
		ResourceOwner: b.Owner, ObjectSize: &size, Source: &audit.Source{Bucket: "walnut", Key: "s\xff", VersionID: "v", Size: &size},
		Deleted: []audit.Deleted{{Key: "d\xff", VersionID: "w", Size: &size, Status: 403, ErrorCode: "AccessDenied"}},
		Status:  200, ErrorCode: "E", BytesIn: 1, BytesOut: 2, Decisions: []audit.Decision{{Action: "s3:ListBucket", Explanation: byACL}},
	}
	from := sourceOf(b)
	whole, part, copied := request(r, from), deleted(r, from, &r.Deleted[0]), copied(r, from)
	if whole.aclRequired != "Yes" {
		t.Errorf("the line is %s", whole.String())
	}
	w.record(r)
	w.flush()
	if _, err := w.log.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := w.log.gathered.all[0].lines.Lines, []string{whole.String(), part.String(), copied.String()}; !slices.Equal(got, want) {
		t.Errorf("the lines are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestBoundOfASegment: a segment may become many times as many bytes of lines, of which so many are taken as there is
// room for.
func TestBoundOfASegment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for range 4 {
		r := w.get("R")
		r.Host = strings.Repeat("h", 8<<10)
		r.Deleted = make([]audit.Deleted, 1000)
		w.record(r)
	}
	w.flush()
	if _, err := w.log.read(t.Context()); err != nil || w.log.gathered.size > maxSegment || w.counts.ended < 1000 || w.counts.ended > 3000 {
		t.Errorf("gathered are %d bytes, %d lines are dropped, %v", w.log.gathered.size, w.counts.ended, err)
	}
}

// TestWhatCannotBeRead: an entry or a segment that cannot be read does not keep the others from being read.
func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
	w.request("R1")
	w.flush()
	err := w.store.Update(t.Context(), func(tx meta.Tx) error {
		from, to := keys.JournalSegments(0, math.MaxUint64)
		all, err := meta.Keys(tx, from, to, 1)
		if err != nil {
			return err
		}
		sequence, err := keys.ParseJournalSegment(all[0])
		return errors.Join(err, records.Put(tx, keys.JournalContent(sequence), &records.JournalContent{Zstd: []byte("x")}))
	})
	if err != nil {
		t.Fatal(err)
	}
	w.journal.Append(w.now(), []byte{0xff})
	w.request("R2")
	w.deliver()
	if got := w.all(); !slices.Equal(got, []string{"R2"}) {
		t.Errorf("delivered are %v", got)
	}
}

// TestLeftLines: the lines that a server of format 5 left are delivered with the first delivery.
func TestLeftLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.change("logs", func(b *records.Bucket) { b.Policy = allowed })
	b, err := w.access.Bucket(t.Context(), "walnut")
	if err != nil {
		t.Fatal(err)
	}
	line := func(id string) string {
		l := request(w.get(id), sourceOf(b))
		return l.String()
	}
	for i, texts := range [][]string{{line("R1"), line("R2")}, {line("R3")}} {
		err := w.store.Update(t.Context(), func(tx meta.Tx) error {
			return records.Put(tx, keys.LogLines(b.ID, keys.Place{Sequence: uint64(i + 1)}), &records.LogLines{
				Bucket: "walnut", Account: string(b.Owner), CanonicalId: string(b.Canonical), Region: "us-east-1", Logging: b.Record.Logging, Lines: texts,
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.deliver()
	w.deliver()
	found, _, _ := w.delivered("logs")
	if n, m := w.left(); len(found) != 1 || !slices.Equal(w.all(), []string{"R1", "R2", "R3"}) || n+m != 0 {
		t.Errorf("delivered are %v with %v; %d and %d are left", found, w.all(), n, m)
	}
}
