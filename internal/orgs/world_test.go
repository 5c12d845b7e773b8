package orgs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/enginetest"
	"crossgrant/internal/records"
)

const (
	management ids.AccountID = "111111111111"
	member     ids.AccountID = "222222222222"
	outsider   ids.AccountID = "333333333333"
	closed     ids.AccountID = "444444444444"

	denyDelete = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"}}`
	denyRCP    = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}`
)

// world is the service over a store with accounts, and what it makes accounts and roles with. When the
// test ends, the indexes of every organization must be right.
type world struct {
	*testing.T
	*Service
	ctx   context.Context
	clock time.Time
	// made are the accounts that were made, roles their roles; fail is what making a role returns.
	made  map[ids.AccountID]string
	roles map[ids.AccountID]string
	fail  error
}

func newWorld(t *testing.T, quotas Quotas) *world {
	t.Helper()
	return newWorldOver(t, quotas, enginetest.New(t))
}

func newWorldOver(t *testing.T, quotas Quotas, engine meta.Engine) *world {
	t.Helper()
	w := &world{
		T: t, ctx: context.Background(), clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		made: map[ids.AccountID]string{}, roles: map[ids.AccountID]string{},
	}
	store := meta.New(engine)
	w.Service = New(store, Options{Now: func() time.Time { return w.clock }, Quotas: quotas, Accounts: w, Roles: w, Principals: w})
	t.Cleanup(func() {
		w.checkIndexes()
		store.Close()
	})
	for _, id := range []ids.AccountID{management, member, outsider, closed} {
		w.putAccount(id, string(id[:1])+"@example.com", id == closed)
	}
	return w
}

func (w *world) putAccount(id ids.AccountID, email string, closed bool) {
	w.Helper()
	record := &records.Account{Id: string(id), Name: "account " + string(id[:1]), Email: email}
	if closed {
		record.Closed = 1
	}
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error {
		return errors.Join(records.Put(tx, keys.Account(id), record), tx.Put(keys.Email(email), []byte(id)))
	}))
}

// CreateMember implements Accounts.
func (w *world) CreateMember(_ context.Context, id ids.AccountID, name, email string) error {
	if email == "taken@example.com" {
		return apierr.New(409, "DuplicateAccountException", "taken")
	}
	if email == "broken" {
		return apierr.New(400, "InvalidInputException", "no address")
	}
	w.made[id] = name
	w.putAccount(id, email, false)
	return nil
}

// CloseMember implements Accounts.
func (w *world) CloseMember(_ context.Context, id ids.AccountID) error {
	return w.store.Update(w.ctx, func(tx meta.Tx) error {
		record := new(records.Account)
		if err := records.Get(tx, keys.Account(id), record); err != nil {
			return err
		}
		record.Closed = w.clock.UnixNano()
		return records.Put(tx, keys.Account(id), record)
	})
}

// CreateAdministratorRole implements Roles.
func (w *world) CreateAdministratorRole(_ context.Context, id ids.AccountID, name string, trusted ids.AccountID) error {
	if w.fail != nil {
		return w.fail
	}
	w.roles[id] = name + " trusts " + string(trusted)
	return nil
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refused holds that err has this code, without its suffix, and this reason unless it is empty.
func (w *world) refused(err error, code, reason string) {
	w.Helper()
	var e *apierr.Error
	if !errors.As(err, &e) || e.Code != code+"Exception" {
		w.Errorf("got %v, want %s", err, code)
		return
	}
	if got := fmt.Sprint(e.Detail); reason != "" && got != "[{Reason "+reason+"}]" {
		w.Errorf("%s has %s, want reason %s", code, got, reason)
	}
}

// organization makes an organization of the management account and returns its root.
func (w *world) organization() string {
	w.Helper()
	_, err := w.CreateOrganization(w.ctx, management, AllFeatures)
	w.must(err)
	roots, err := w.Roots(w.ctx, management, Page{})
	w.must(err)
	return roots.Items[0].ID
}

// join brings an account into the organization by invitation.
func (w *world) join(account ids.AccountID) {
	w.Helper()
	h, err := w.Invite(w.ctx, management, Invitation{Target: string(account), TargetType: AccountParty})
	w.must(err)
	_, err = w.Accept(w.ctx, account, h.ID)
	w.must(err)
}

func (w *world) unit(parent, name string) string {
	w.Helper()
	u, err := w.CreateUnit(w.ctx, management, parent, name, nil)
	w.must(err)
	return u.ID
}

func (w *world) policy(policyType, name, content string) string {
	w.Helper()
	p, err := w.CreatePolicy(w.ctx, management, NewPolicy{Type: policyType, Name: name, Content: content})
	w.must(err)
	return p.ID
}

// attached returns the IDs of what is attached to a target.
func (w *world) attached(target, policyType string) string {
	w.Helper()
	list, err := w.PoliciesForTarget(w.ctx, management, target, policyType, Page{})
	w.must(err)
	var all []string
	for _, p := range list.Items {
		all = append(all, p.ID)
	}
	return strings.Join(all, " ")
}

// checkIndexes compares every index with the records that it should be made from.
func (w *world) checkIndexes() {
	w.Helper()
	want, got := map[string]bool{}, map[string]bool{}
	counted, counts := map[ids.OrganizationID]*records.OrganizationCounts{}, map[ids.OrganizationID]*records.OrganizationCounts{}
	err := w.store.View(w.ctx, func(r meta.Reader) error {
		it := r.Scan([]byte{'D'}, []byte{'S'})
		for it.Next() {
			key := it.Key()
			switch {
			case key[0] == 'D':
				m := new(records.Membership)
				if err := records.Unmarshal(it.Value(), m); err != nil {
					return err
				}
				org := ids.OrganizationID(m.Organization)
				want[string(keys.OrganizationAccount(org, ids.AccountID(m.Account)))] = true
				want[string(keys.ChildAccount(org, m.Parent, ids.AccountID(m.Account)))] = true
				of(counted, org).Accounts++
				for _, p := range slices.Concat(m.Scps, m.Rcps, m.S3Policies) {
					want[string(keys.PolicyTarget(org, p, m.Account))] = true
				}
			case key[0] == 'H':
				h := new(records.Handshake)
				if err := records.Unmarshal(it.Value(), h); err != nil {
					return err
				}
				if h.State == Open && actionOf(h) == InviteAction {
					want[string(keys.OpenInvitation(ids.OrganizationID(h.Organization), h.Id))] = true
				}
			case key[0] == 'R':
				w.expectOf(key, it.Value(), want, got, counted, counts)
			}
		}
		return it.Close()
	})
	w.must(err)
	for org, n := range counted {
		if got := of(counts, org); n.Accounts != got.Accounts || n.Units != got.Units || !maps.Equal(positive(n.Policies), positive(got.Policies)) {
			w.Errorf("counted %v, want %v", got, n)
		}
	}
	for key := range want {
		if !got[key] {
			w.Errorf("index %q is missing", key)
		}
	}
	for key := range got {
		if !want[key] {
			w.Errorf("index %q should not be", key)
		}
	}
}

// expectOf notes what a record of an organization is indexed by, or that there is an index.
func (w *world) expectOf(key, value []byte, want, got map[string]bool, counted, counts map[ids.OrganizationID]*records.OrganizationCounts) {
	w.Helper()
	end := slices.Index(key, 0)
	org, kind := ids.OrganizationID(key[1:end]), key[end+2]
	switch kind {
	case 'n':
		n := new(records.OrganizationNode)
		w.must(records.Unmarshal(value, n))
		if n.Parent != "" {
			want[string(keys.ChildUnit(org, n.Parent, n.Id))] = true
			want[string(keys.UnitName(org, n.Parent, n.Name))] = true
			of(counted, org).Units++
		}
		for _, p := range slices.Concat(n.Scps, n.Rcps, n.S3Policies) {
			want[string(keys.PolicyTarget(org, p, n.Id))] = true
		}
	case 'p':
		p := new(records.OrganizationPolicy)
		w.must(records.Unmarshal(value, p))
		want[string(keys.OrganizationPolicyName(org, p.Type, p.Name))] = true
		of(counted, org).Policies[p.Type]++
	case 'k':
		w.must(records.Unmarshal(value, of(counts, org)))
	case 'm', 'c', 'u', 't', 'a', 'b', 'i':
		got[string(key)] = true
	}
}

// of returns the counts of an organization, which may be made for it.
func of(all map[ids.OrganizationID]*records.OrganizationCounts, org ids.OrganizationID) *records.OrganizationCounts {
	if all[org] == nil {
		all[org] = &records.OrganizationCounts{Policies: map[string]int64{}}
	}
	return all[org]
}

// positive returns the numbers that are not zero.
func positive(numbers map[string]int64) map[string]int64 {
	out := maps.Clone(numbers)
	maps.DeleteFunc(out, func(_ string, n int64) bool { return n == 0 })
	return out
}
