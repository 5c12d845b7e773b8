package decisions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/journal"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/policy"
	"crossgrant/internal/questions"
	"crossgrant/internal/records"
)

const (
	accountA ids.AccountID = "111122223333" // owns the bucket
	accountB ids.AccountID = "380701114427" // calls
)

var start = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

type noMeter struct{}

func (noMeter) JournalWrote(int, int) {}
func (noMeter) JournalDropped(int)    {}

// opened is a Service and the store below it.
type opened struct {
	*Service
	store *meta.Store
}

func open(t *testing.T, opts Options) *opened {
	t.Helper()
	store := meta.New(memory.New())
	now := func() time.Time { return start }
	j := journal.New(store, journal.Options{Meter: noMeter{}, Now: now, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		j.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	opts.Now = now
	return &opened{New(j, asker{t}, opts), store}
}

// asker puts every question as one about an upload of today.
type asker struct{ t *testing.T }

func (a asker) Ask(_ context.Context, q questions.Question) (*questions.Asked, error) {
	r := upload(a.t, start, strings.TrimPrefix(q.Resource, "arn:aws:s3:::walnut/"))
	return &questions.Asked{Checks: []questions.Judged{{Input: r.Decisions[0].Input}}}, nil
}

func identity(t *testing.T, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse(policy.Identity, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// upload is the record of a request of B's testuser to put an object into A's bucket, which A's policy allows under
// a condition, and B's policy elsewhere only.
func upload(t *testing.T, at time.Time, key string) *audit.Record {
	t.Helper()
	document, err := policy.ParseBucket([]byte(`{"Version":"2012-10-17","Statement":{"Sid":"OwnersSecret","Effect":"Allow",
		"Principal":{"AWS":"arn:aws:iam::380701114427:user/testuser"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::walnut/*"}}`), "walnut")
	if err != nil {
		t.Fatal(err)
	}
	id, err := ids.NewRequestID(strings.NewReader(strings.Repeat("crossgrant", 10)+key), at)
	if err != nil {
		t.Fatal(err)
	}
	var keys policy.Context
	keys.Set("aws:PrincipalTag/callerssecret", "blue")
	keys.SetMulti("aws:TagKeys", []string{"a", "b"})
	caller := policy.Principal{
		Kind: policy.User, Account: accountB, CanonicalID: "bb", ARN: "arn:aws:iam::380701114427:user/testuser",
		EntityARN: "arn:aws:iam::380701114427:user/testuser", EntityID: "AIDATESTUSER", Name: "testuser",
	}
	in := &authz.Input{
		Request: policy.Request{Action: "s3:PutObject", Resource: "arn:aws:s3:::walnut/" + key, Principal: &caller, Context: &keys},
		Identity: authz.Layer{{Name: "user/testuser/CallersPolicy", Document: identity(t,
			`{"Version":"2012-10-17","Statement":{"Sid":"CallersSecret","Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::walnut/mine/*"}}`)}},
		Owner: accountA, Resource: &authz.Source{Name: "bucket policy of walnut", Document: document}, S3: &authz.S3{OwnerCanonicalID: "aa"},
	}
	r := &audit.Record{
		RequestID: id, Time: at, Service: "s3", Operation: "PutObject", SourceIP: "203.0.113.7", UserAgent: "aws-cli", AccessKeyID: "AKIACALLERSKEY",
		CallerARN: caller.ARN, CallerAccount: accountB, CallerCanonicalID: "bb", CallerEntityID: caller.EntityID, Bucket: "walnut", Key: key,
		ResourceOwner: accountA, Status: 200, Decisions: []audit.Decision{{Action: "s3:PutObject", Resource: in.Request.Resource}},
	}
	x := &r.Decisions[0].Explanation
	if *x = authz.Explain(in); !x.Allowed() {
		r.Status, r.ErrorCode = 403, "AccessDenied"
	} else {
		*x = authz.Explanation{Decision: x.Decision, Input: in} // as the pipeline has it
	}
	return r
}

// TestKept: every denial is kept; of what was allowed a few, and what others want, of which only the outcome is kept.
func TestKept(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Allows: 5, Readers: []Reader{{ID: audit.ForAccessLog, Wants: func(r *audit.Record) bool { return strings.HasPrefix(r.Key, "mine/logged") }}}})
	for i := range 100 {
		s.Record(upload(t, start, fmt.Sprintf("denied%d", i)))
		s.Record(upload(t, start, fmt.Sprintf("mine/allowed%d", i)))
	}
	for i := range 10 {
		s.Record(upload(t, start, fmt.Sprintf("mine/logged%d", i)))
	}
	for _, c := range []struct {
		outcome            string
		explained, unknown int
	}{{Denied, 100, 0}, {Allowed, 5, 10}} {
		page, err := s.Find(t.Context(), Query{Outcome: c.outcome}, Operator)
		if err != nil {
			t.Fatal(err)
		}
		explained := 0
		for _, r := range page.Requests {
			if r.Report != nil {
				explained++
				if r.Report.Allowed != (c.outcome == Allowed) || len(r.Report.Checks[0].Layers) == 0 {
					t.Errorf("%s is explained as %+v", r.Key, r.Report)
				}
			}
		}
		if explained != c.explained || len(page.Requests) != c.explained+c.unknown {
			t.Errorf("%s: %d of %d are explained, want %d of %d", c.outcome, explained, len(page.Requests), c.explained, c.explained+c.unknown)
		}
	}
}

// TestHalves: neither account is told anything of the other's half, a third one nothing, the operator all.
func TestHalves(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Allows: 100})
	denied, allowed := upload(t, start, "denied"), upload(t, start.Add(time.Second), "mine/allowed")
	s.Record(denied)
	s.Record(allowed)
	callers := []string{"CallersSecret", "CallersPolicy", "callerssecret", "AKIACALLERSKEY"}
	owners := []string{"OwnersSecret", string(accountA), "bucket policy of walnut"}
	for _, c := range []struct {
		name         string
		viewer       Viewer
		seen, hidden []string
	}{
		{"caller", Of(accountB, "bb"), callers[:2], owners},
		{"owner", Of(accountA, "aa"), owners, callers},
		{"operator", Operator, append(callers[:2:2], owners...), nil},
	} {
		page, err := s.Find(t.Context(), Query{}, c.viewer)
		if err != nil || len(page.Requests) != 2 {
			t.Fatalf("%s: %d requests, %v", c.name, len(page.Requests), err)
		}
		text, err := json.Marshal(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, hidden := range c.hidden {
			if strings.Contains(string(text), hidden) {
				t.Errorf("the %s is told of %s:\n%s", c.name, hidden, text)
			}
		}
		for _, seen := range c.seen {
			if !strings.Contains(string(text), seen) {
				t.Errorf("the %s is not told of %s:\n%s", c.name, seen, text)
			}
		}
	}
	third := Of("999999999999", "cc")
	if page, err := s.Find(t.Context(), Query{}, third); err != nil || len(page.Requests) != 0 {
		t.Errorf("another account is told of %d requests, %v", len(page.Requests), err)
	}
	for _, viewer := range []Viewer{third, Of("", "")} {
		_, err := s.Explain(t.Context(), denied.RequestID, viewer)
		var failure *apierr.Error
		if !errors.As(err, &failure) || failure.Code != "NoSuchRequest" {
			t.Errorf("another account asks for the request: %v", err)
		}
	}
	if r, err := s.Explain(t.Context(), denied.RequestID, Operator); err != nil || r.Key != "denied" || r.Now != Denied || len(r.Report.Checks[0].Remedies) == 0 {
		t.Errorf("the operator is told of %+v, %v", r, err)
	}
	for _, c := range []struct {
		viewer Viewer
		hidden []string
	}{{Of(accountB, "bb"), owners}, {Of(accountA, "aa"), callers}} {
		r, err := s.Explain(t.Context(), denied.RequestID, c.viewer)
		text, _ := json.Marshal(r)
		for _, hidden := range c.hidden {
			if err != nil || r.Now != "" || strings.Contains(string(text), hidden) {
				t.Errorf("%v is told of %s, %v:\n%s", c.viewer, hidden, err, text)
			}
		}
	}
}

// TestMany: a request with as many decisions as there can be, about the longest keys, is kept, the first with why.
func TestMany(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	r := upload(t, start, strings.Repeat("k", 1024))
	for range 999 {
		d := r.Decisions[0]
		r.Decisions = append(r.Decisions, d)
	}
	for range 1000 {
		r.Deleted = append(r.Deleted, audit.Deleted{Key: r.Key, Status: 403, ErrorCode: "AccessDenied"})
	}
	s.Record(r)
	got, err := s.Explain(t.Context(), r.RequestID, Operator)
	if err != nil || len(got.Report.Checks) != maxExplained || got.Unexplained != 1000-maxExplained {
		t.Errorf("%d decisions are explained, and %d not: %v", len(got.Report.Checks), got.Unexplained, err)
	}
}

// TestFind holds what a query finds.
func TestFind(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Allows: 100})
	for i := range 20 {
		s.Record(upload(t, start.Add(time.Duration(i-20)*time.Minute), fmt.Sprintf("mine/%d", i)))
	}
	role := upload(t, start, "denied")
	role.CallerARN = "arn:aws:sts::380701114427:assumed-role/Uploader/session"
	s.Record(role)
	for _, c := range []struct {
		q    Query
		want int
	}{
		{Query{}, 21}, {Query{Outcome: Denied}, 1}, {Query{Outcome: Allowed}, 20},
		{Query{From: start.Add(-5*time.Minute - time.Second)}, 6}, {Query{To: start.Add(-15 * time.Minute)}, 6},
		{Query{Principal: "arn:aws:iam::380701114427:user/testuser"}, 20},
		{Query{Principal: "arn:aws:iam::380701114427:role/path/Uploader"}, 1},
		{Query{Principal: "arn:aws:iam::380701114427:role/Up"}, 0},
		{Query{Principal: "arn:aws:sts::380701114427:assumed-role/Uploader/session"}, 1},
		{Query{Account: accountA}, 21}, {Query{Account: accountB}, 21}, {Query{Account: "999999999999"}, 0},
		{Query{Bucket: "walnut"}, 21}, {Query{Bucket: "wal"}, 0},
		{Query{Action: "s3:Put*"}, 21}, {Query{Action: "S3:putobject"}, 21}, {Query{Action: "s3:GetObject"}, 0},
		{Query{RequestID: role.RequestID}, 1}, {Query{Limit: 3}, 3},
	} {
		page, err := s.Find(t.Context(), c.q, Operator)
		if err != nil || len(page.Requests) != c.want || page.More != (c.q.Limit > 0) {
			t.Errorf("%+v finds %d, want %d: more %t, %v", c.q, len(page.Requests), c.want, page.More, err)
		}
	}
	for _, q := range []Query{{RequestID: "x"}, {Outcome: "maybe"}, {Action: "s3:Nothing"}, {Principal: "testuser"}, {Limit: -1}, {Limit: MaxFound + 1}} {
		if _, err := s.Find(t.Context(), q, Operator); err == nil {
			t.Errorf("%+v is a query", q)
		}
	}
}

// TestRestored: a decision that is asked again has the condition keys, the session policies and the object of then.
func TestRestored(t *testing.T) {
	t.Parallel()
	r := upload(t, start, "mine/x")
	in := r.Decisions[0].Input
	in.Session = &authz.Layer{{Name: "session/s/0", Document: identity(t, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)}}
	in.S3.Object = &authz.Object{Owner: "cc"}
	in.S3.AcceptsCharge, in.BothSides = true, true
	d, err := decision(r, &r.Decisions[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	again := *in
	again.Session, again.Request.Context, again.BothSides = nil, nil, false
	s3 := *in.S3
	s3.Object, s3.AcceptsCharge = nil, false
	again.S3 = &s3
	restore(&again, d)
	restoreS3(&again, d, false)
	if v, multi, _ := again.Request.Context.Lookup("aws:TagKeys"); !multi || len(v) != 2 {
		t.Errorf("aws:TagKeys is %v", v)
	}
	if !again.BothSides || !again.S3.AcceptsCharge || again.S3.Object == nil || again.S3.Object.Owner != "cc" {
		t.Errorf("the input is %+v", again)
	}
	if by := authz.Decide(&again).By; by.Layer != authz.SessionPolicy || by.Effect != authz.ExplicitDeny {
		t.Errorf("it is decided by %v", by.Layer)
	}
}

// TestObjectThen holds which object a decision is asked again with: that of then if it was looked at, else that of now.
func TestObjectThen(t *testing.T) {
	t.Parallel()
	now := &authz.Object{Owner: "now"}
	for _, c := range []struct {
		action  string
		effect  authz.Effect
		then    bool
		current bool
		want    string
	}{
		{"s3:GetObject", authz.ImplicitDeny, true, false, "then"},
		{"s3:GetObject", authz.ImplicitDeny, true, true, "now"},
		{"s3:GetObject", authz.ImplicitDeny, false, false, ""},
		{"s3:PutObject", authz.Allow, false, false, ""},
		{"s3:PutObject", authz.Allow, true, false, "then"},
		{"s3:PutObject", authz.ImplicitDeny, false, false, "now"},
		{"s3:DeleteObject", authz.ImplicitDeny, true, false, "now"}, // it was assumed to be the caller's
		{"s3:DeleteObject", authz.Allow, true, false, "then"},
	} {
		in := &authz.Input{S3: &authz.S3{Object: now}}
		d := &records.RequestDecision{Action: c.action, Effect: int32(c.effect), Question: &records.RequestQuestion{HasObject: c.then, ObjectOwner: "then"}}
		restoreS3(in, d, c.current)
		got := ""
		if in.S3.Object != nil {
			got = string(in.S3.Object.Owner)
		}
		if got != c.want {
			t.Errorf("%+v: the object of %q", c, got)
		}
	}
}

// TestAtOnce: who asks before the record is made is told all the same.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Allows: 100})
	r := upload(t, start, "denied")
	go s.Record(r)
	if got, err := s.Explain(t.Context(), r.RequestID, Operator); err != nil || got.Key != "denied" {
		t.Errorf("%+v, %v", got, err)
	}
	old := upload(t, start.Add(-time.Minute), "old")
	if s.onItsWay(old.RequestID) || !s.onItsWay(r.RequestID) {
		t.Error("an old request is waited for, or a new one is not")
	}
}

// TestChange holds what a change does to the input of a decision, and what is none.
func TestChange(t *testing.T) {
	t.Parallel()
	const all = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	user := "arn:aws:iam::380701114427:user/testuser"
	for _, c := range []struct {
		change  Change
		about   bool
		allowed bool // of an upload that B has not delegated
	}{
		{Change{OfUser, user, "", all}, true, true},
		{Change{OfUser, user, "CallersPolicy", all}, true, true},
		{Change{OfUser, user, "Another", all}, true, true},
		{Change{OfUser, user + "2", "", all}, false, false},
		{Change{OfUser, user, "CallersPolicy", ""}, true, false},
		{Change{OfBucket, "walnut", "", ""}, true, false},
		{Change{OfBucket, "wal", "", ""}, false, false},
		{Change{OfTrust, "arn:aws:iam::380701114427:role/r", "", ""}, false, false},
		{Change{OfPolicy, "arn:aws:iam::380701114427:policy/p", "", all}, false, false},
	} {
		compiled, err := c.change.compile()
		if err != nil {
			t.Fatalf("%+v: %v", c.change, err)
		}
		in := upload(t, start, "denied").Decisions[0].Input
		changed, about, err := compiled.apply(in)
		if err != nil || about != c.about {
			t.Errorf("%+v: %t, %v", c.change, about, err)
			continue
		}
		if d := authz.Decide(changed); about && d.Allowed() != c.allowed {
			t.Errorf("%+v: allowed is %t", c.change, d.Allowed())
		}
		if before := authz.Decide(in); before.Allowed() {
			t.Errorf("%+v changes what it is applied to", c.change)
		}
	}
	for _, c := range []Change{
		{"group", user, "", all}, {OfUser, "testuser", "", all}, {OfRole, user, "", all}, {OfBucket, "walnut", "name", all},
		{OfUser, user, "", "{}"}, {OfBucket, "walnut", "", all},
	} {
		if _, err := c.compile(); err == nil {
			t.Errorf("%+v is a change", c)
		}
	}
	none, err := Change{OfUser, user, "Missing", ""}.compile()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := none.apply(upload(t, start, "x").Decisions[0].Input); err == nil {
		t.Error("a policy that is not there is taken away")
	}
}
