package usage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
)

const (
	account ids.AccountID   = "111111111111"
	key     ids.AccessKeyID = "AKIAIOSFODNN7EXAMPLE"
	ann     ids.UniqueID    = "AIDAANN"
	deploy  ids.UniqueID    = "AROADEPLOY"
)

// start is when the tests begin.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world is a store with an account that has a user, a role and an access key.
type world struct {
	*testing.T
	*Service
	store *meta.Store
	now   time.Time
}

func newWorld(t *testing.T, opts Options) *world {
	t.Helper()
	w := &world{T: t, store: meta.New(memory.New()), now: start}
	t.Cleanup(func() { w.store.Close() })
	w.must(w.store.Update(context.Background(), func(tx meta.Tx) error {
		return errors.Join(
			records.Put(tx, keys.Account(account), &records.Account{Id: string(account)}),
			records.Put(tx, keys.AccessKey(key), &records.AccessKey{Id: string(key), Account: string(account)}),
			tx.Put(keys.EntityAccount(ann), []byte(account)), tx.Put(keys.EntityAccount(deploy), []byte(account)))
	}))
	opts.Now = func() time.Time { return w.now }
	w.Service = New(w.store, opts)
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) flushed() *world {
	w.Helper()
	w.must(w.Flush(context.Background()))
	return w
}

// request is the record of a request of ann that asked for actions.
func (w *world) request(service, operation string, actions ...string) *audit.Record {
	r := &audit.Record{
		Time: w.now, Service: service, Operation: operation, Authentication: "AuthHeader", AccessKeyID: key,
		CallerAccount: account, CallerEntityID: ann, Region: "eu-west-1",
	}
	for _, action := range actions {
		r.Decisions = append(r.Decisions, audit.Decision{Action: action})
	}
	return r
}

// tell writes what is known of a subject as a text.
func tell(u *records.Usage) string {
	text := fmt.Sprintf("%d %s %s", u.Used/int64(time.Second), u.Region, u.Service)
	for _, s := range u.Services {
		text += fmt.Sprintf("; %s %d", s.Namespace, s.Used/int64(time.Second))
		for _, a := range s.Actions {
			text += fmt.Sprintf(" %s %d", a.Name, a.Used/int64(time.Second))
		}
	}
	return text
}

func (w *world) principal(id string) string {
	w.Helper()
	u, err := w.Principal(context.Background(), account, id)
	w.must(err)
	return tell(u)
}

func (w *world) want(what, got, want string) {
	w.Helper()
	if got != want {
		w.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// TestUses holds what is learned from requests, before it is written, after it, and together.
func TestUses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{})
	never, err := w.Key(context.Background(), account, key)
	w.must(err)
	w.want("a key that was never used", tell(never), "0  ")
	w.Record(w.request("s3", "PutObject", "s3:PutObject", "kms:GenerateDataKey"))
	w.want("in memory", w.principal(string(ann)), "1767323045 eu-west-1 s3; kms 1767323045 GenerateDataKey 1767323045; s3 1767323045 PutObject 1767323045")
	w.flushed()
	w.now = w.now.Add(time.Second)
	w.Record(w.request("sts", "GetCallerIdentity")) // for which nothing is asked
	w.Record(w.request("s3", "", "s3:PutObject"))
	w.Record(&audit.Record{Time: w.now, Service: "s3", Operation: "GetObject"}) // anonymous
	want := "1767323046 eu-west-1 s3; kms 1767323045 GenerateDataKey 1767323045; s3 1767323046 PutObject 1767323046; sts 1767323046 GetCallerIdentity 1767323046"
	w.want("both", w.principal(string(ann)), want)
	w.flushed()
	w.want("written", w.principal(string(ann)), want)
	all, err := w.Accounts(context.Background(), []ids.AccountID{account, "222222222222"})
	w.must(err)
	w.want("the account", tell(all[0]), "1767323046 eu-west-1 s3; kms 1767323045; s3 1767323046; sts 1767323046")
	w.want("another account", tell(all[1]), "0  ")
	used, err := w.Keys(context.Background(), account, []ids.AccessKeyID{"AKIAANOTHERONE000000", key})
	w.must(err)
	w.want("another key", tell(used[0]), "0  ")
	w.want("the key", tell(used[1]), "1767323046 eu-west-1 s3")
	w.want("a recreated user", w.principal("AIDAANOTHER"), "0  ")
}

// TestSessionsAndRoots holds whose use the requests of role sessions and of root users are.
func TestSessionsAndRoots(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{})
	session := w.request("s3-control", "PutPublicAccessBlock", "s3:PutAccountPublicAccessBlock")
	session.AccessKeyID, session.CallerEntityID = "ASIAIOSFODNN7EXAMPLE", deploy
	w.Record(session)
	root := w.request("iam", "ListUsers", "iam:ListUsers")
	root.CallerEntityID = ""
	w.Record(root)
	w.flushed()
	w.want("the role", w.principal(string(deploy)), "1767323045 eu-west-1 s3; s3 1767323045 PutAccountPublicAccessBlock 1767323045")
	w.want("the root user", w.principal(string(account)), "1767323045 eu-west-1 iam; iam 1767323045 ListUsers 1767323045")
	temporary, err := w.Key(context.Background(), account, session.AccessKeyID)
	w.must(err)
	w.want("a temporary key", tell(temporary), "0  ")
}

// TestMemoryIsBounded holds that uses beyond the bound are dropped, and those that are kept go on.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{Pending: 10})
	w.Record(w.request("s3", "GetObject", "s3:GetObject"))
	for i := range 1000 {
		r := w.request("s3", "GetObject", "s3:GetObject")
		r.CallerEntityID, r.AccessKeyID = ids.UniqueID(fmt.Sprintf("AIDA%d", i)), ids.AccessKeyID(fmt.Sprintf("AKIA%d", i))
		w.Record(r)
	}
	w.now = w.now.Add(time.Second)
	w.Record(w.request("s3", "GetObject", "s3:GetObject"))
	if w.size > 10 || len(w.pending) > 10 || w.lost == 0 {
		t.Errorf("%d uses of %d subjects wait, %d are lost", w.size, len(w.pending), w.lost)
	}
	w.want("what was kept", w.principal(string(ann)), "1767323046 eu-west-1 s3; s3 1767323046 GetObject 1767323046")
	w.flushed()
	if w.size != 0 || len(w.pending) != 0 {
		t.Errorf("%d uses still wait", w.size)
	}
}

// TestWhatIsGoneIsNotWritten holds that nothing is written of what was deleted meanwhile, and that what was
// written before is removed.
func TestWhatIsGoneIsNotWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{})
	w.Record(w.request("s3", "GetObject", "s3:GetObject"))
	w.flushed()
	w.must(w.store.Update(context.Background(), func(tx meta.Tx) error {
		return errors.Join(tx.Delete(keys.EntityAccount(ann)), tx.Delete(keys.AccessKey(key)),
			records.Put(tx, keys.AccessReport(account, "job"), &records.AccessReport{Created: w.now.UnixNano()}),
			records.Put(tx, keys.AccessedEntities(account, "job", "s3", 0), &records.AccessedEntities{}),
			records.Put(tx, keys.AccessedEntities(account, "gone", "s3", 0), &records.AccessedEntities{}),
			records.Put(tx, keys.CredentialReport(account, 0), &records.CredentialReport{}))
	}))
	w.Record(w.request("s3", "PutObject", "s3:PutObject"))
	w.flushed()
	w.must(w.Sweep(context.Background()))
	w.want("after deletion", fmt.Sprint(w.stored()), `["u111111111111a" "u111111111111ejob\x00\x01s3\x00\x01\x00\x00\x00\x00" "u111111111111jjob" "u111111111111r\x00\x00\x00\x00"]`)
	w.now = w.now.Add(Period)
	w.must(w.Sweep(context.Background())) // the report first, then what belongs to it
	w.must(w.Sweep(context.Background()))
	w.want("after the tracking period", fmt.Sprint(w.stored()), `["u111111111111a" "u111111111111r\x00\x00\x00\x00"]`)
	w.now = w.now.Add(time.Second)
	w.must(w.store.Update(context.Background(), func(tx meta.Tx) error { return tx.Delete(keys.Account(account)) }))
	w.must(w.Sweep(context.Background()))
	w.want("after the account", fmt.Sprint(w.stored()), `[]`)
}

// stored returns all keys that are stored about real use, quoted.
func (w *world) stored() (found []string) {
	w.Helper()
	w.must(w.store.View(context.Background(), func(r meta.Reader) error {
		it := r.Scan(keys.AllUsage())
		for it.Next() {
			found = append(found, fmt.Sprintf("%+q", it.Key()))
		}
		return it.Close()
	}))
	if found == nil {
		return []string{}
	}
	return found
}

// TestSweepGoesOn holds that a sweep goes on where the one before it ended, and comes to an end.
func TestSweepGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{})
	w.must(w.store.Update(context.Background(), func(tx meta.Tx) error {
		for i := range 2*maxSwept + 10 {
			if err := records.Put(tx, keys.PrincipalUsage(account, fmt.Sprintf("AIDA%06d", i)), &records.Usage{Used: w.now.UnixNano()}); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, left := range []int{maxSwept + 10, 10, 0} {
		w.must(w.Sweep(context.Background()))
		if got := len(w.stored()); got != left {
			t.Fatalf("%d are left, want %d", got, left)
		}
	}
}

// TestEraseAccount holds that all of an account can be removed, a part at a time, with what waits in memory.
func TestEraseAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{})
	w.Record(w.request("s3", "GetObject", "s3:GetObject"))
	w.flushed()
	stored := len(w.stored())
	w.Record(w.request("iam", "GetUser", "iam:GetUser"))
	removed := 0
	for {
		var n int
		w.must(w.store.Update(context.Background(), func(tx meta.Tx) (err error) {
			n, err = erase(tx, account, 2)
			return err
		}))
		if n == 0 {
			break
		}
		removed += n
	}
	if n, err := w.EraseAccount(context.Background(), account); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if removed != stored || w.size != 0 {
		t.Errorf("%d of %d were removed, %d wait in memory", removed, stored, w.size)
	}
	w.flushed()
	w.want("what is left", fmt.Sprint(w.stored()), `[]`)
}

// TestTrackingPeriod holds that uses before the tracking period are not told, but for those of access keys.
func TestTrackingPeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{})
	w.Record(w.request("s3", "GetObject", "s3:GetObject"))
	w.flushed()
	w.now = w.now.Add(Period)
	w.Record(w.request("iam", "GetUser", "iam:GetUser"))
	w.want("at its end", w.principal(string(ann)), "1801883045 eu-west-1 iam; iam 1801883045 GetUser 1801883045; s3 1767323045 GetObject 1767323045")
	w.now = w.now.Add(time.Second)
	w.want("after it", w.principal(string(ann)), "1801883045 eu-west-1 iam; iam 1801883045 GetUser 1801883045")
	w.flushed()
	w.now = w.now.Add(Period)
	w.want("after another one", w.principal(string(ann)), "0  ")
	u, err := w.Key(context.Background(), account, key)
	w.must(err)
	w.want("the key", tell(u), "1801883045 eu-west-1 iam")
}

// failing refuses to commit.
type failing struct{ meta.Engine }

func (failing) Update(context.Context, func(meta.Tx) error) error { return errors.New("no") }

// TestFailedWritesAreTriedAgain holds that uses wait when they cannot be written.
func TestFailedWritesAreTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{})
	w.Record(w.request("s3", "GetObject", "s3:GetObject"))
	good := w.Service.store
	w.Service.store = meta.New(failing{good})
	if err := w.Flush(context.Background()); err == nil {
		t.Error("nothing failed")
	}
	w.Service.store = good
	want := "1767323045 eu-west-1 s3; s3 1767323045 GetObject 1767323045"
	w.want("waiting", w.principal(string(ann)), want)
	if w.size != 6 { // a key, an account with a service, a principal with a service and an action
		t.Errorf("%d uses wait", w.size)
	}
	w.flushed()
	w.want("written", w.principal(string(ann)), want)
}

// TestStartAndClose holds that uses are written at every interval and at the end, so that another server
// over the same store knows them.
func TestStartAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{Interval: time.Minute})
		w.Start()
		w.Record(w.request("s3", "GetObject", "s3:GetObject"))
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if got := len(w.stored()); got != 3 {
			t.Errorf("%d keys are written after the interval", got)
		}
		w.now = w.now.Add(time.Second)
		w.Record(w.request("iam", "GetUser", "iam:GetUser"))
		w.Close()
		w.Service = New(w.store, Options{Now: func() time.Time { return w.now }})
		w.want("after a restart", w.principal(string(ann)), "1767323046 eu-west-1 iam; iam 1767323046 GetUser 1767323046; s3 1767323045 GetObject 1767323045")
	})
}

// TestManyAtOnce records, writes and reads from several goroutines: a use that was recorded is told from
// then on.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{})
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 50 {
				r := w.request("s3", "GetObject", "s3:GetObject")
				r.Time = r.Time.Add(time.Duration(j*4+i) * time.Second)
				w.Record(r)
				u, err := w.Principal(context.Background(), account, string(ann))
				if err != nil || u.Used < r.Time.UnixNano() {
					t.Errorf("got %d, %v after %d", u.GetUsed(), err, r.Time.UnixNano())
				}
				if j%10 == 0 {
					w.must(w.Flush(context.Background()))
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkRecord measures what a request pays.
func BenchmarkRecord(b *testing.B) {
	s := New(nil, Options{})
	r := (&world{now: start}).request("s3", "GetObject", "s3:GetObject")
	b.ReportAllocs()
	for b.Loop() {
		s.Record(r)
	}
}
