package cloudtrail

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
)

const (
	management ids.AccountID      = "111111111111"
	member     ids.AccountID      = "222222222222"
	delegate   ids.AccountID      = "333333333333"
	outside    ids.AccountID      = "444444444444"
	orgID      ids.OrganizationID = "o-exampleorgid"
	bucket                        = "logs"
)

// world is a store with four accounts, of which three are in an organization that trusts CloudTrail, and a time that
// tests move. It answers what the service asks of others as the store says, and takes log files into one bucket.
type world struct {
	*testing.T
	*Service
	store  *meta.Store
	now    time.Time
	mu     sync.Mutex
	probes []string // what the bucket was asked; mu protects it
	// refuse is what a probe answers if it is not nil.
	refuse error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, store: meta.New(memory.New()), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	t.Cleanup(func() { w.store.Close() })
	w.Service = New(w.store, Options{Region: "us-east-1", World: w, Destination: w, Now: func() time.Time { return w.now }})
	w.organization(true)
	for _, id := range []ids.AccountID{management, member, delegate, outside} {
		w.put(keys.Account(id), &records.Account{Id: string(id)})
		if id != outside {
			w.put(keys.Membership(id), &records.Membership{Account: string(id), Organization: string(orgID), Parent: "r-root"})
		}
	}
	return w
}

// organization writes the organization; it trusts CloudTrail or not.
func (w *world) organization(trusts bool) {
	w.Helper()
	o := &records.Organization{Id: string(orgID), ManagementAccount: string(management), FeatureSet: "ALL"}
	if trusts {
		o.Services = []*records.TrustedService{
			{Principal: "access-analyzer.amazonaws.com"},
			{Principal: ServicePrincipal, Administrators: []*records.DelegatedAdministrator{{Account: string(delegate)}}},
		}
	}
	w.put(keys.Organization(orgID), o)
}

func (w *world) put(key []byte, m proto.Message) {
	w.Helper()
	w.must(w.store.Update(context.Background(), func(tx meta.Tx) error { return records.Put(tx, key, m) }))
}

func (w *world) remove(key []byte) {
	w.Helper()
	w.must(w.store.Update(context.Background(), func(tx meta.Tx) error { return tx.Delete(key) }))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refused fails the test unless err is the error of this code, and of this message unless that is empty.
func (w *world) refused(err error, code, message string) {
	w.Helper()
	if !apierr.Is(err, code+"Exception") || message != "" && apierr.From(err).Message != message {
		w.Errorf("got %v, want %sException: %s", err, code, message)
	}
}

// Organization implements World.
func (w *world) Organization(ctx context.Context, account ids.AccountID, principal string) (org ids.OrganizationID, of ids.AccountID, trusts bool, err error) {
	err = w.store.View(ctx, func(r meta.Reader) error {
		p, err := placeOf(r, account)
		if err == nil {
			org, of, trusts = ids.OrganizationID(p.organization.GetId()), p.management(), p.trust() != nil && principal == ServicePrincipal
		}
		return err
	})
	return org, of, trusts, err
}

// Open implements World.
func (w *world) Open(ctx context.Context, account ids.AccountID) (open bool, err error) {
	err = w.store.View(ctx, func(r meta.Reader) error {
		a := new(records.Account)
		err := records.Get(r, keys.Account(account), a)
		open = err == nil && a.Closed == 0
		if errors.Is(err, meta.ErrNotFound) {
			err = nil
		}
		return err
	})
	return open, err
}

// Probe implements Destination.
func (w *world) Probe(_ context.Context, account ids.AccountID, trailARN, bucket, prefix, organization string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.probes = append(w.probes, string(account)+" "+trailARN+" "+bucket+"/"+prefix+" "+organization)
	return w.refuse
}

func to[T any](v T) *T { return &v }

// create makes a trail that delivers to the bucket.
func (w *world) create(account ids.AccountID, name string, change ...func(*Settings)) *Trail {
	w.Helper()
	set := Settings{Bucket: to(bucket)}
	for _, f := range change {
		f(&set)
	}
	t, err := w.Create(w.Context(), account, name, set, nil)
	w.must(err)
	return t
}

func ofOrganization(s *Settings) { s.Organization = to(true) }

// place returns where an account stands now.
func (w *world) place(account ids.AccountID) Place {
	w.Helper()
	p, err := w.Place(w.Context(), account)
	w.must(err)
	return p
}

// names returns the names of the trails that log an account now.
func (w *world) names(account ids.AccountID) []string {
	w.Helper()
	all, err := w.At(w.Context(), account, w.place(account), w.now.Add(time.Minute))
	w.must(err)
	names := namesOf(all)
	slices.Sort(names)
	return names
}

func namesOf(all []*Trail) (names []string) {
	for _, t := range all {
		names = append(names, t.Record.Name)
	}
	return names
}

// logs fails the test unless these trails log the account, and no others.
func (w *world) logs(account ids.AccountID, want ...string) {
	w.Helper()
	if got := w.names(account); !slices.Equal(got, want) {
		w.Errorf("account %s is logged by %q, want %q", account, got, want)
	}
}
