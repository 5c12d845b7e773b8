package delivery

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/archive"
	"crossgrant/internal/cloudtrail/selector"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// sorted returns texts in order.
func sorted(texts ...string) []string {
	slices.Sort(texts)
	return texts
}

// TestDelivery: the events that a trail selects come into a log file, as documented, in a bucket of another account.
func TestDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := []string{
		w.user(),
		w.request(audit.Record{Service: "s3", Operation: "CreateBucket", Bucket: "walnut", ResourceOwner: work}),
		w.request(audit.Record{Service: "iam", Operation: "ListUsers"}),
		// Somebody of another account at a bucket of this one.
		w.request(audit.Record{Service: "s3", Operation: "GetBucketAcl", Bucket: "walnut", ResourceOwner: work, CallerAccount: others, CallerARN: "arn:aws:iam::333333333333:root", CallerID: "333333333333"}),
	}
	w.request(audit.Record{Service: "s3", Operation: "GetObject", Bucket: "walnut", Key: "k", ResourceOwner: work}) // a data event
	w.request(audit.Record{Service: "iam", Operation: "ListUsers", CallerAccount: others, CallerARN: "arn:aws:iam::333333333333:root", CallerID: "333333333333"})
	w.deliver()
	if got := w.ids("archive"); !slices.Equal(got, sorted(want...)) {
		t.Errorf("delivered are %v, want %v", w.events("archive"), want)
	}
	for _, e := range w.events("archive") {
		if e.RecipientAccountID != string(work) {
			t.Errorf("the account gets %+v", e)
		}
	}
	found := w.keysIn("archive", "/CloudTrail/")
	form := regexp.MustCompile(`^AWSLogs/111111111111/CloudTrail/us-east-1/2026/01/02/111111111111_CloudTrail_us-east-1_20260102T2330Z_[0-9A-Za-z]{16}\.json\.gz$`)
	if len(found) != 1 || !form.MatchString(found[0]) {
		t.Fatalf("the log files are %q", found)
	}
	o, _ := w.object("archive", found[0])
	owner, err := w.access.Bucket(t.Context(), "archive")
	w.must(err)
	if o.Metadata.ContentType != "application/json" || o.Metadata.ContentEncoding != "gzip" || o.Owner != string(archive.CanonicalID) ||
		!slices.ContainsFunc(o.Acl, func(g *records.Grant) bool {
			return g.CanonicalId == string(owner.Canonical) && g.Permission == "FULL_CONTROL"
		}) {
		t.Errorf("the log file is %+v", o)
	}
	files, size := w.waits()
	if s := w.state("main"); s.Delivered == 0 || s.Error != "" || files != 0 || size != 0 || w.counts.delivered != len(want) || w.counts.files != 1 {
		t.Errorf("the state is %+v, counted %+v", s, &w.counts)
	}
	if n := len(w.published); n != 1 || w.published[0].ResourceOwner != logs || w.published[0].Status != 200 || !w.published[0].Decisions[0].Allowed() {
		t.Errorf("published are %d records", n)
	}
	w.deliver()
	if got := w.keysIn("archive", "/CloudTrail/"); len(got) != 1 {
		t.Errorf("nothing happened, and there are log files %q", got)
	}
}

// TestDataEvents: data events are delivered for trails that select them, and are not wanted otherwise.
func TestDataEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	get := audit.Record{Service: "s3", Operation: "GetObject", Bucket: "walnut", Key: "k", ResourceOwner: work, CallerAccount: work}
	if w.delivery.Wants(&get) {
		t.Error("a data event is wanted that no trail selects")
	}
	w.must(w.selectData("arn:aws:s3:::walnut/logged"))
	w.pass(time.Millisecond)
	var want []string
	for _, key := range []string{"logged/a", "logged", "other"} {
		get.Key = key
		id := w.request(get)
		if key != "other" {
			want = append(want, id)
		}
	}
	w.deliver()
	if got := w.ids("archive"); !slices.Equal(got, sorted(want...)) {
		t.Errorf("delivered are %v, want %v", got, want)
	}
}

// selectData lets the trail select management events, and the data events of objects whose ARNs begin so.
func (w *world) selectData(prefix string) error {
	_, err := w.trails.PutSelectors(w.t.Context(), work, "main", []selector.Basic{{
		ReadWriteType: selector.All, IncludeManagementEvents: true, DataResources: []selector.Resource{{Type: "AWS::S3::Object", Values: []string{prefix}}},
	}}, nil)
	return err
}

// TestRefused: what the bucket refuses waits, the status says so, and it is delivered when that is mended.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy("archive", strings.ReplaceAll(allowed, "NAME", "attic"))
	var want []string
	for range 3 {
		want = append(want, w.user())
		w.deliver()
		w.pass(time.Minute)
	}
	s := w.state("main")
	files, size := w.waits()
	if s.Error != "AccessDenied" || s.Delivered != 0 || s.Attempted == 0 || files != 3 || size == 0 || len(w.keysIn("archive", "")) != 0 {
		t.Errorf("the state is %+v", s)
	}
	if w.counts.refused != 3 || w.counts.waitingFiles != 3 || w.counts.waitingBytes != size {
		t.Errorf("counted are %+v", &w.counts)
	}
	if last := w.published[len(w.published)-1]; last.Status != 403 || last.ErrorCode != "AccessDenied" || last.ResourceOwner != logs {
		t.Errorf("published is %+v", last)
	}
	w.open() // what waits outlives the server
	w.policy("archive", strings.ReplaceAll(allowed, "NAME", "archive"))
	w.deliver()
	if got := w.ids("archive"); !slices.Equal(got, sorted(want...)) || w.left("main") != 3 {
		t.Errorf("delivered are %v, want %v", got, want)
	}
	files, size = w.waits()
	if s := w.state("main"); s.Error != "" || s.Delivered == 0 || files != 0 || size != 0 || w.counts.waitingFiles != 0 {
		t.Errorf("the state is %+v", s)
	}
}

// TestBounds: what is refused for too long, or is too much, is given up, the oldest first, and counted.
func TestBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy("archive", "")
	var want []string
	for range 4 {
		want = append(want, w.user())
		w.deliver()
		w.pass(time.Minute)
	}
	_, size := w.waits()
	w.delivery.opts.Backlog = size - 1
	w.deliver()
	files, _ := w.waits()
	if s := w.state("main"); files != 3 || s.Dropped != 1 || w.counts.ended != 1 {
		t.Errorf("the state is %+v, counted %+v", s, &w.counts)
	}
	w.pass(30*24*time.Hour - 2*time.Minute) // the second is now older than 30 days
	w.deliver()
	w.policy("archive", strings.ReplaceAll(allowed, "NAME", "archive"))
	w.deliver()
	if got := w.ids("archive"); !slices.Equal(got, sorted(want[2:]...)) || w.counts.ended != 2 {
		t.Errorf("delivered are %v, want %v, counted %+v", got, want[2:], &w.counts)
	}
}

// TestEndings: each way to end the logging, or to lead it elsewhere, is delivered to where events went before it.
func TestEndings(t *testing.T) {
	t.Parallel()
	attic := "attic"
	for name, end := range map[string]func(w *world) error{
		"StopLogging": func(w *world) error { return w.trails.StopLogging(w.t.Context(), work, "main") },
		"DeleteTrail": func(w *world) error { return w.trails.Delete(w.t.Context(), work, "main") },
		"UpdateTrail": func(w *world) error {
			_, err := w.trails.Update(w.t.Context(), work, "main", cloudtrail.Settings{Bucket: &attic})
			return err
		},
		"PutEventSelectors": func(w *world) error {
			_, err := w.trails.PutSelectors(w.t.Context(), work, "main", []selector.Basic{{ReadWriteType: selector.ReadOnly, IncludeManagementEvents: true}}, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			want := []string{w.user()}
			accepted := w.now()
			w.pass(time.Millisecond)
			w.must(end(w))
			w.pass(time.Millisecond)
			// The request that ended it came before and is recorded after it.
			later := w.now()
			w.clock.Store(accepted.UnixNano())
			want = append(want, w.request(audit.Record{Service: "cloudtrail", Operation: name}))
			w.clock.Store(later.UnixNano())
			w.user()
			w.must(w.journal.Flush(t.Context()))
			w.open() // nothing of it is in memory only
			w.deliver()
			if got := w.ids("archive"); !slices.Equal(got, sorted(want...)) {
				t.Errorf("delivered are %v, want %v", got, want)
			}
			w.pass(2 * time.Hour)
			w.user()
			w.deliver()
			w.pass(2 * time.Hour)
			w.deliver()
			if n := len(w.keysIn("archive", "/CloudTrail-Digest/")); n == 0 {
				t.Error("no digest file tells of the last log file")
			}
			if name == "DeleteTrail" && w.left("main") != 0 {
				t.Errorf("%d values are left", w.left("main"))
			}
		})
	}
}

// TestCrash: wherever the server ends, each event is delivered, and comes into one log file.
func TestCrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := []string{w.user()}
	w.must(w.journal.Flush(t.Context()))
	if _, err := w.delivery.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.open() // after it was read
	want = append(want, w.user())
	w.must(w.journal.Flush(t.Context()))
	if _, err := w.delivery.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.must(w.delivery.commit(t.Context()))
	w.open() // after it was committed
	waiting, err := w.delivery.waiting(t.Context())
	w.must(err)
	f := waiting[0].files[0]
	content := new(records.TrailContent)
	w.read(waiting[0].content(&f), content)
	w.must(w.delivery.archive.Write(t.Context(), &archive.Object{Trail: f.Trail, Account: work, Bucket: f.Bucket, Key: f.Key, Gzip: content.Gzip}))
	w.open() // after it was delivered, and before that was noted
	w.deliver()
	if got := w.ids("archive"); !slices.Equal(got, sorted(want...)) {
		t.Errorf("delivered are %v, want %v", got, want)
	}
}

// TestTwoServers: services on one store deliver each event once.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.delivery, w.service(w.delivery.archive)
	want := []string{w.user()}
	w.must(w.journal.Flush(t.Context()))
	for _, s := range []*Service{one, two} {
		if _, err := s.read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want = append(want, w.user())
	w.must(w.journal.Flush(t.Context()))
	if _, err := one.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.must(two.commit(t.Context()))
	w.must(one.commit(t.Context()))
	w.must(one.Deliver(t.Context()))
	w.must(two.Deliver(t.Context()))
	if got := w.ids("archive"); !slices.Equal(got, sorted(want...)) {
		t.Errorf("delivered are %v, want %v", got, want)
	}
}

// TestManyEvents: events beyond what one log file holds come into others, and all of them can be read.
func TestManyEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := []byte(`{"userName":"` + strings.Repeat("x", 90_000) + `"}`)
	var want []string
	for range 400 {
		want = append(want, w.request(audit.Record{Service: "iam", Operation: "CreateUser", Parameters: long}))
		if len(want)%50 == 0 {
			w.must(w.journal.Flush(t.Context()))
		}
	}
	w.deliver()
	if got := w.ids("archive"); !slices.Equal(got, sorted(want...)) || len(w.keysIn("archive", "/CloudTrail/")) < 3 {
		t.Errorf("delivered are %d events in %d log files", len(got), len(w.keysIn("archive", "/CloudTrail/")))
	}
}

// TestClosedAccount: the trails of a closed account log nothing.
func TestClosedAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user()
	account := new(records.Account)
	w.read(keys.Account(work), account)
	account.Closed = w.now().UnixNano()
	w.write(keys.Account(work), account)
	w.deliver()
	if got := w.keysIn("archive", ""); len(got) != 0 || w.left("main") != 0 {
		t.Errorf("delivered is %q", got)
	}
}

// TestRefusedFederation: the account of an identity provider is told of whom that vouches for in vain, although its record
// names no account.
func TestRefusedFederation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := &audit.Record{
		RequestID: "R", Time: w.now(), Service: "sts", Operation: "AssumeRoleWithWebIdentity", Status: 403, ErrorCode: "AccessDenied",
		CallerID: "arn:aws:iam::111111111111:oidc-provider/example.com:aud:sub",
	}
	if !w.delivery.Wants(r) {
		t.Fatal("it is not wanted")
	}
	w.journal.Append(r.Time, r.AppendTo(nil))
	w.deliver()
	if got := w.ids("archive"); !slices.Equal(got, []string{"R"}) {
		t.Errorf("delivered are %v", got)
	}
}

// TestLeaver: the trail of an organization has what a member did before it left, also if it is read after that; and not
// what it does then, or what an account did that joined.
func TestLeaver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const org = "o-abcdefghij"
	w.write(keys.Organization(org), &records.Organization{
		Id: org, ManagementAccount: string(work), FeatureSet: "ALL", Services: []*records.TrustedService{{Principal: cloudtrail.ServicePrincipal}},
	})
	w.write(keys.OrganizationNode(org, "r-root"), &records.OrganizationNode{Id: "r-root"})
	join := func(account ids.AccountID) {
		w.write(keys.Membership(account), &records.Membership{Account: string(account), Organization: org, Parent: "r-root"})
	}
	join(work)
	join(others)
	w.policy("archive", strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
		"Action":["s3:GetBucketAcl","s3:PutObject"],"Resource":["arn:aws:s3:::NAME","arn:aws:s3:::NAME/*"]}]}`, "NAME", "archive"))
	yes := true
	_, err := w.trails.Update(t.Context(), work, "main", cloudtrail.Settings{Organization: &yes})
	w.must(err)
	w.pass(time.Second)
	as := func(account ids.AccountID) string {
		return w.request(audit.Record{Service: "iam", Operation: "CreateUser", CallerAccount: account, CallerARN: "arn:aws:iam::" + string(account) + ":root"})
	}
	want := []string{as(others), as(work)}
	w.must(w.store.Update(t.Context(), func(tx meta.Tx) error { return tx.Delete(keys.Membership(others)) }))
	as(others)
	as(logs)
	join(logs)
	want = append(want, as(logs))
	w.deliver()
	if got := w.ids("archive"); !slices.Equal(got, sorted(want...)) {
		t.Errorf("delivered are %v, want %v", got, sorted(want...))
	}
}
