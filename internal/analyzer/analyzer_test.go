package analyzer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

const (
	alice ids.AccountID = "111111111111"
	bob   ids.AccountID = "222222222222"
	carol ids.AccountID = "333333333333"
)

// world is a store with three accounts, of which alice has the bucket b, and a time that tests move.
type world struct {
	*testing.T
	*Service
	store *meta.Store
	now   time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, store: meta.New(memory.New()), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	t.Cleanup(func() { w.store.Close() })
	box, err := seal.New()
	w.must(err)
	w.Service = New(w.store, Options{Region: "us-east-1", World: access.New(w.store, box, nil), Principals: shownAsStored{}, Now: func() time.Time { return w.now }})
	for _, id := range []ids.AccountID{alice, bob, carol} {
		w.account(id)
	}
	w.policy("")
	w.must(w.store.Update(context.Background(), func(tx meta.Tx) error { return tx.Put(keys.BucketOf(alice, "b"), nil) }))
	return w
}

// shownAsStored shows principals as policies have them.
type shownAsStored struct{}

func (shownAsStored) PrincipalARN(_ context.Context, stored string) (string, error) {
	return stored, nil
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// account makes an account.
func (w *world) account(id ids.AccountID) {
	w.Helper()
	r := &records.Account{Id: string(id), CanonicalId: strings.Repeat(string(id[:1]), 64)}
	w.must(w.store.Update(context.Background(), func(tx meta.Tx) error {
		return errors.Join(records.Put(tx, keys.Account(id), r), tx.Put(keys.CanonicalID(ids.CanonicalUserID(r.CanonicalId)), []byte(id)))
	}))
}

// policy gives the bucket a policy.
func (w *world) policy(text string) {
	w.Helper()
	w.must(w.store.Update(context.Background(), func(tx meta.Tx) error {
		return records.Put(tx, keys.Bucket("b"), &records.Bucket{
			Name: "b", Id: make([]byte, 8), Account: string(alice), CanonicalId: strings.Repeat("1", 64), Policy: text, Ownership: access.Enforced,
		})
	}))
}

// share lets accounts read the bucket.
func (w *world) share(with ...ids.AccountID) {
	w.Helper()
	var statements []string
	for _, id := range with {
		statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`, id))
	}
	w.policy(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
}

// list returns the findings of alice's analyzer: principal and status of each.
func (w *world) list(f Filter) string {
	w.Helper()
	found, err := w.Findings(context.Background(), alice, "main", Query{Filter: f, SortBy: "principal.AWS"})
	w.must(err)
	var lines []string
	for _, f := range found {
		lines = append(lines, f.Principal+" "+f.Status)
	}
	return strings.Join(lines, ", ")
}

func (w *world) want(what, got, want string) {
	w.Helper()
	if got != want {
		w.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func (w *world) create(account ids.AccountID, n NewAnalyzer) {
	w.Helper()
	_, err := w.Create(context.Background(), account, n)
	w.must(err)
}

// TestLifeOfFinding follows findings from the first time that they are seen to their end.
func TestLifeOfFinding(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	w.create(alice, NewAnalyzer{Name: "main", Type: AccountType})
	w.want("before", w.list(nil), "")

	w.share(bob, carol)
	w.want("shared", w.list(nil), "222222222222 ACTIVE, 333333333333 ACTIVE")
	first, err := w.Findings(ctx, alice, "main", Query{})
	w.must(err)
	w.now = w.now.Add(time.Hour)
	again, err := w.Findings(ctx, alice, "main", Query{})
	w.must(err)
	if again[0].ID != first[0].ID || !again[0].Created.Equal(first[0].Created) || !again[0].Updated.Equal(first[0].Updated) || !again[0].Analyzed.After(first[0].Analyzed) {
		t.Errorf("analyzed again, %+v became %+v", first[0], again[0])
	}

	w.must(w.CreateRule(ctx, alice, "main", "bob", Filter{"principal.AWS": {Eq: []string{string(bob)}}}, ""))
	w.want("a rule leaves what is there", w.list(nil), "222222222222 ACTIVE, 333333333333 ACTIVE")
	w.must(w.ApplyRule(ctx, alice, "main", "bob"))
	w.want("applied", w.list(nil), "222222222222 ARCHIVED, 333333333333 ACTIVE")

	w.share(carol)
	w.want("withdrawn", w.list(nil), "222222222222 RESOLVED, 333333333333 ACTIVE")
	w.must(w.SetStatus(ctx, alice, "main", nil, "arn:aws:s3:::b", Archived))
	w.want("archived by resource", w.list(nil), "222222222222 RESOLVED, 333333333333 ARCHIVED")
	w.share(bob, carol)
	w.want("back, and archived by the rule", w.list(Filter{"status": {Eq: []string{Archived}}}), "222222222222 ARCHIVED, 333333333333 ARCHIVED")

	w.policy("")
	w.must(w.Scan(ctx, alice, "main", "arn:aws:s3:::b"))
	w.want("all gone", w.list(nil), "222222222222 RESOLVED, 333333333333 RESOLVED")
	w.now = w.now.Add(91 * 24 * time.Hour)
	w.want("their time is over", w.list(nil), "")
	w.must(w.store.View(ctx, func(r meta.Reader) error {
		from, to := keys.AnalyzerFindings(alice, "main")
		left, err := meta.Keys(r, from, to, 10)
		if len(left) > 0 {
			t.Errorf("%d findings are kept", len(left))
		}
		return err
	}))
}

func (w *world) refused(what string, err error, code string) {
	w.Helper()
	if !apierr.Is(err, code) {
		w.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestAnalyzers(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	n := NewAnalyzer{Name: "main", Type: AccountType, Token: "t", Tags: []Tag{{"b", "2"}, {"a", "1"}}, Rules: []Rule{{Name: "r", Filter: Filter{"isPublic": {Eq: []string{"true"}}}}}}
	w.create(alice, n)
	w.create(alice, n) // sent again
	n.Token = "u"
	_, err := w.Create(ctx, alice, n)
	w.refused("the name again", err, "ConflictException")
	n.Name = "second"
	_, err = w.Create(ctx, alice, n)
	w.refused("a second one", err, "ServiceQuotaExceededException")
	_, err = w.Create(ctx, alice, NewAnalyzer{Name: "x", Type: "ACCOUNT_UNUSED_ACCESS"})
	w.refused("unused access", err, "ValidationException")
	_, err = w.Create(ctx, alice, NewAnalyzer{Name: "x", Type: OrganizationType})
	w.refused("no organization", err, "ValidationException")
	_, err = w.Create(ctx, bob, NewAnalyzer{Name: "x", Type: AccountType, Tags: []Tag{{"aws:x", ""}}})
	w.refused("a reserved tag", err, "ValidationException")

	a, err := w.Get(ctx, alice, "main")
	w.must(err)
	w.want("analyzer", fmt.Sprint(a.ARN, a.Tags, a.Status), "arn:aws:access-analyzer:us-east-1:111111111111:analyzer/main[{a 1} {b 2}]ACTIVE")
	_, err = w.Get(ctx, bob, "main")
	w.refused("of another account", err, "ResourceNotFoundException")
	rules, err := w.Rules(ctx, alice, "main")
	w.must(err)
	w.want("rules", fmt.Sprint(len(rules))+rules[0].Name, "1r")

	w.share(bob)
	w.list(nil)
	w.must(w.Service.Delete(ctx, alice, "main"))
	w.must(w.store.View(ctx, func(r meta.Reader) error {
		from, to := keys.AnalyzersOf(alice)
		left, err := meta.Keys(r, from, to, 10)
		if len(left) > 0 {
			t.Errorf("%q is left", left)
		}
		return err
	}))
	w.refused("deleted", w.Service.Delete(ctx, alice, "main"), "ResourceNotFoundException")
}

func TestEraseAccount(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	w.create(alice, NewAnalyzer{Name: "main", Type: AccountType})
	w.must(w.CreateRule(ctx, alice, "main", "r", Filter{"isPublic": {Eq: []string{"true"}}}, ""))
	w.share(bob)
	w.list(nil)
	total := 0
	for {
		n, err := w.EraseAccount(ctx, alice)
		w.must(err)
		if n == 0 {
			break
		}
		total += n
	}
	if total != 3 {
		t.Errorf("removed %d records, want analyzer, rule and finding", total)
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	f := &Finding{
		ID: "1", Resource: "arn:aws:s3:::logs", Type: "AWS::S3::Bucket", Owner: alice, Kind: "AWS", Principal: "222222222222",
		Condition: map[string]string{"aws:SourceIp": "192.0.2.0/24"}, Status: Active,
	}
	for _, c := range []struct {
		filter Filter
		want   bool
	}{
		{nil, true},
		{Filter{"resource": {Contains: []string{"x", "logs"}}}, true},
		{Filter{"resource": {Eq: []string{"logs"}}}, false},
		{Filter{"isPublic": {Eq: []string{"false"}}, "status": {Neq: []string{Archived}}}, true},
		{Filter{"isPublic": {Eq: []string{"false"}}, "status": {Neq: []string{Active}}}, false},
		{Filter{"principal.AWS": {Eq: []string{"222222222222"}}}, true},
		{Filter{"principal.Federated": {Exists: &no}}, true},
		{Filter{"principal.Federated": {Neq: []string{"x"}}}, true},
		{Filter{"error": {Exists: &yes}}, false},
		{Filter{"condition.aws:sourceip": {Eq: []string{"192.0.2.0/24"}}}, true},
		{Filter{"condition.aws:PrincipalOrgID": {Contains: []string{"o-"}}}, false},
	} {
		if err := c.filter.Check(false); err != nil {
			t.Errorf("%v: %v", c.filter, err)
		}
		if got := c.filter.Matches(f); got != c.want {
			t.Errorf("%v: got %t", c.filter, got)
		}
	}
	for _, bad := range []Filter{{"x": {Exists: &yes}}, {"resource": {}}, {"resource": {Eq: []string{}}}, {"status": {Exists: &yes}}, {"condition.": {Exists: &yes}}} {
		if bad.Check(true) == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
