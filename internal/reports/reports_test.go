package reports_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/audit"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
	"crossgrant/internal/reports"
	"crossgrant/internal/seal"
	"crossgrant/internal/sts"
	"crossgrant/internal/usage"
)

const account ids.AccountID = "111111111111"

var (
	root  = reports.Caller{Account: account, ID: string(account)}
	admin = arn.Policy("aws", "/", "AdministratorAccess")
)

// world is an account over a store, and the services that reports are made of.
type world struct {
	*testing.T
	*reports.Service
	store *meta.Store
	iam   *iam.Service
	usage *usage.Service
	now   time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, store: meta.New(memory.New()), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	t.Cleanup(func() { w.store.Close() })
	box, err := seal.New()
	w.must(err)
	authorizer := access.New(w.store, box, sts.New(w.store, box, sts.Options{}))
	w.must(w.store.Update(context.Background(), func(tx meta.Tx) error {
		return records.Put(tx, keys.Account(account), &records.Account{Id: string(account), Created: w.now.UnixNano()})
	}))
	quotas := iam.DefaultQuotas()
	now := func() time.Time { return w.now }
	w.iam = iam.New(w.store, box, iam.Options{Now: now, Quotas: quotas})
	w.usage = usage.New(w.store, usage.Options{Now: now})
	w.Service = reports.New(w.store, reports.Deps{Entities: w.iam, Policies: authorizer, Usage: w.usage}, reports.Options{Now: now})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// users makes users in a group that has a policy, and returns their IDs.
func (w *world) users(n int) []ids.UniqueID {
	w.Helper()
	ctx := context.Background()
	_, err := w.iam.CreateGroup(ctx, account, "all", "")
	w.must(err)
	w.must(w.iam.AttachPolicy(ctx, account, keys.GroupKind, "all", admin.String()))
	var out []ids.UniqueID
	for i := range n {
		u, err := w.iam.CreateUser(ctx, account, iam.NewUser{Name: fmt.Sprintf("u%04d", i)})
		w.must(errors.Join(err, w.iam.AddUserToGroup(ctx, account, "all", u.Name)))
		out = append(out, u.ID)
	}
	return out
}

func (w *world) use(id ids.UniqueID, service string) {
	w.usage.Record(&audit.Record{
		Time: w.now, Service: service, Authentication: "AuthHeader", AccessKeyID: "ASIA0000000000000000", CallerAccount: account,
		CallerEntityID: id, Region: "eu-west-1",
	})
}

// TestManyEntities holds the pages of a report about more users than one record lists: each is there once, the
// latest use first. Another server over the same store has the report too.
func TestManyEntities(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 2500
	users := w.users(n)
	for i, id := range users[:1200] {
		if i%2 == 0 {
			w.now = w.now.Add(time.Second)
		}
		w.use(id, "s3")
	}
	job, err := w.GenerateServices(t.Context(), root, admin, false)
	w.must(err)
	w.use(users[n-1], "s3") // after the report
	again := reports.New(w.store, reports.Deps{}, reports.Options{Now: func() time.Time { return w.now }})
	seen := map[string]bool{}
	latest := int64(1) << 62
	for page := (reports.Page{Max: 700}); ; {
		_, entities, next, err := again.ServiceEntities(t.Context(), root, job, "s3", page)
		w.must(err)
		for _, e := range entities {
			if seen[e.Id] || e.Used > latest || (e.Used > 0) != (len(seen) < 1200) {
				t.Fatalf("entity %d is %v, after %d", len(seen), e, latest)
			}
			seen[e.Id], latest = true, e.Used
		}
		if page.Marker = next; next == "" {
			break
		}
	}
	if len(seen) != n {
		t.Errorf("%d entities are listed", len(seen))
	}
	report, _, err := again.Services(t.Context(), root, job, reports.Page{})
	w.must(err)
	for _, s := range report.Services {
		if want := map[string]int32{"s3": 1200}[s.Namespace]; s.Total != want {
			t.Errorf("%s was used by %d, want %d", s.Namespace, s.Total, want)
		}
	}
}

// TestReportsAreBounded makes reports from several goroutines: an account never has more than a hundred, and
// nothing is left of those that are dropped.
func TestReportsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.use(w.users(1)[0], "s3")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 40 {
				if _, err := w.GenerateServices(context.Background(), root, admin, true); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	found := map[keys.UsageKind]int{}
	w.must(w.store.View(t.Context(), func(r meta.Reader) error {
		it := r.Scan(keys.UsageOf(account))
		for it.Next() {
			_, kind, _, err := keys.ParseUsage(it.Key())
			w.must(err)
			found[kind]++
		}
		return it.Close()
	}))
	// Each report lists all users, and those that used s3.
	if found[keys.AccessReportKind] != 100 || found[keys.AccessedEntitiesKind] != 200 {
		t.Errorf("stored: %v", found)
	}
}

// TestLongCredentialReport holds that a report of many users is stored in parts, and read whole.
func TestLongCredentialReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.store.Update(t.Context(), func(tx meta.Tx) error {
		for i := range 12000 {
			name := fmt.Sprintf("user-%056d", i)
			if err := records.Put(tx, keys.Entity(account, keys.UserKind, name), &records.User{Name: name, Id: fmt.Sprintf("AIDA%d", i), Path: "/"}); err != nil {
				return err
			}
		}
		return nil
	}))
	made, err := w.GenerateCredentials(t.Context(), account)
	if err != nil || !made {
		t.Fatalf("made %t, %v", made, err)
	}
	content, generated, err := w.Credentials(t.Context(), account)
	w.must(err)
	lines := 1
	for _, c := range content {
		if c == '\n' {
			lines++
		}
	}
	if lines != 12002 || len(content) < 2<<20 || !generated.Equal(w.now) {
		t.Errorf("%d lines, %d bytes, made at %s", lines, len(content), generated)
	}
}
