package iam

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/enginetest"
	"crossgrant/internal/password"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

const (
	accountA   ids.AccountID       = "111111111111"
	accountB   ids.AccountID       = "222222222222"
	closed     ids.AccountID       = "333333333333"
	canonicalB ids.CanonicalUserID = "e280db54f21834544a8162b8fc5d23851972d31e1ae3560240156fa14d66b952"

	allowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	trustB   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole"}}`
	s3Full   = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
)

// world is the service over an empty store with two open accounts and a closed one. Its clock moves
// by a second with every reading. When the test ends, the indexes must be right.
type world struct {
	*testing.T
	*Service
	ctx context.Context
}

func newWorld(t *testing.T, quotas Quotas) *world {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	var seconds atomic.Int64
	now := func() time.Time {
		return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(seconds.Add(1)) * time.Second)
	}
	store := meta.New(enginetest.New(t))
	w := &world{T: t, Service: New(store, box, Options{Now: now, Quotas: quotas, PasswordCost: password.Cost{Time: 1, Memory: 64, Threads: 1}}), ctx: context.Background()}
	t.Cleanup(func() {
		w.checkIndexes()
		store.Close()
	})
	w.must(store.Update(w.ctx, func(tx meta.Tx) error {
		for _, r := range []*records.Account{
			{Id: string(accountA), CanonicalId: strings.Repeat("a", 64), Name: "A"},
			{Id: string(accountB), CanonicalId: string(canonicalB), Name: "B"},
			{Id: string(closed), CanonicalId: strings.Repeat("c", 64), Name: "C", Closed: 1},
		} {
			if err := records.Put(tx, keys.Account(ids.AccountID(r.Id)), r); err != nil {
				return err
			}
			if err := tx.Put(keys.CanonicalID(ids.CanonicalUserID(r.CanonicalId)), []byte(r.Id)); err != nil {
				return err
			}
		}
		return nil
	}))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refused holds that err has this code, and this message unless it is empty.
func (w *world) refused(err error, code, message string) {
	w.Helper()
	var e *apierr.Error
	if !errors.As(err, &e) {
		w.Errorf("got %v, want %s", err, code)
		return
	}
	if e.Code != code || message != "" && e.Message != message {
		w.Errorf("got %s: %s\nwant %s: %s", e.Code, e.Message, code, message)
	}
}

func (w *world) user(account ids.AccountID, name string) User {
	w.Helper()
	u, err := w.CreateUser(w.ctx, account, NewUser{Name: name})
	w.must(err)
	return u
}

func (w *world) group(account ids.AccountID, name string) Group {
	w.Helper()
	g, err := w.CreateGroup(w.ctx, account, name, "/")
	w.must(err)
	return g
}

func (w *world) role(account ids.AccountID, name string) Role {
	w.Helper()
	r, err := w.CreateRole(w.ctx, account, NewRole{Name: name, Trust: trustB})
	w.must(err)
	return r
}

func (w *world) policy(account ids.AccountID, name string) Policy {
	w.Helper()
	p, err := w.CreatePolicy(w.ctx, account, NewPolicy{Name: name, Document: allowAll})
	w.must(err)
	return p
}

// checkIndexes compares every index of the store with the records that it should be made from.
func (w *world) checkIndexes() {
	w.Helper()
	want := map[string]string{}
	uses, boundaries := map[string]int32{}, map[string]int32{}
	var policies []*records.ManagedPolicy
	expect := func(key []byte, value string) { want[string(key)] = value }
	err := w.store.View(w.ctx, func(r meta.Reader) error {
		for _, account := range []ids.AccountID{accountA, accountB, closed} {
			v := view{r, account}
			root := new(records.Account)
			if err := records.Get(r, keys.Account(account), root); err != nil {
				return err
			}
			for _, id := range root.AccessKeys {
				expect(keys.AccessKey(ids.AccessKeyID(id)), "root "+string(account))
			}
			for _, k := range []keys.Kind{keys.UserKind, keys.GroupKind, keys.RoleKind} {
				err := v.each(k, func() entity { return newHolder(k) }, func(e entity) {
					h := e.(holder)
					id := ids.UniqueID(h.GetId())
					expect(keys.UniqueID(account, id), string(k)+strings.ToLower(h.GetName()))
					if k != keys.GroupKind {
						expect(keys.EntityAccount(id), string(account))
						if b := *boundaryOf(h); b != "" {
							boundaries[b]++
							expect(keys.BoundaryUse(account, b, k, h.GetName()), h.GetName())
						}
					}
					for _, p := range h.GetAttached() {
						uses[p]++
						expect(keys.Attachment(account, p, k, h.GetName()), h.GetName())
					}
					if u, ok := h.(*records.User); ok {
						for _, g := range u.Groups {
							expect(keys.Member(account, g, u.Name), u.Name)
							named := new(records.Group)
							if err := v.get(keys.GroupKind, g, named); err != nil || named.Name != g {
								w.Errorf("user %s is in group %q: %v", u.Name, g, err)
							}
						}
						for _, id := range u.AccessKeys {
							expect(keys.AccessKey(ids.AccessKeyID(id)), "user "+u.Name+" "+u.Id)
						}
					}
				})
				if err != nil {
					return err
				}
			}
			if root.Alias != "" {
				expect(keys.AccountAlias(root.Alias), string(account))
			}
			roles := map[string]string{}
			err := v.each(keys.InstanceProfileKind, func() entity { return new(records.InstanceProfile) }, func(e entity) {
				expect(keys.UniqueID(account, ids.UniqueID(e.GetId())), "i"+strings.ToLower(e.GetName()))
				if role := e.(*records.InstanceProfile).Role; role != "" {
					roles[e.GetName()] = role
				}
			})
			if err != nil {
				return err
			}
			err = v.each(keys.RoleKind, func() entity { return new(records.Role) }, func(e entity) {
				for _, profile := range e.(*records.Role).InstanceProfiles {
					if roles[profile] != e.GetName() {
						w.Errorf("role %s is in the instance profile %s, which has the role %q", e.GetName(), profile, roles[profile])
					}
					delete(roles, profile)
				}
			})
			if err != nil {
				return err
			}
			if len(roles) > 0 {
				w.Errorf("roles do not know of their instance profiles: %v", roles)
			}
			for _, k := range countedKinds {
				if err := v.checkCount(k); err != nil {
					w.Error(err)
				}
			}
			devices, err := v.virtualMFADevices(Assigned, Page{Max: 1000}) // fails for an owner who is gone
			if err != nil {
				return err
			}
			for _, d := range devices.Items {
				_, device, _ := strings.Cut(d.SerialNumber, ":mfa")
				expect(keys.EnabledMFADevice(account, string(d.Owner.ID), device), "")
			}
			err = v.each(keys.PolicyKind, func() entity { return new(records.ManagedPolicy) }, func(e entity) {
				p := e.(*records.ManagedPolicy)
				policies = append(policies, p)
				expect(keys.UniqueID(account, ids.UniqueID(p.Id)), "p"+strings.ToLower(p.Name))
				arn := v.entityARN(keys.PolicyKind, p)
				if p.Attachments != uses[arn] || p.BoundaryUses != boundaries[arn] {
					w.Errorf("policy %s counts %d and %d, has %d and %d", arn, p.Attachments, p.BoundaryUses, uses[arn], boundaries[arn])
				}
			})
			if err != nil {
				return err
			}
			for _, p := range managed.All() {
				if attached, bounded := uses[p.ARN()], boundaries[p.ARN()]; attached+bounded > 0 {
					expect(keys.PolicyUses(account, p.ARN()), fmt.Sprint(attached, bounded))
				}
			}
			clear(uses)
			clear(boundaries)
		}
		return compareIndexes(r, want)
	})
	if err != nil {
		w.Error(err)
	}
}

// each calls fn for every entity of a kind.
func (v view) each(k keys.Kind, record func() entity, fn func(entity)) error {
	from, to := keys.Entities(v.account, k)
	it := v.Scan(from, to)
	for it.Next() {
		e := record()
		if err := records.Unmarshal(it.Value(), e); err != nil {
			return errors.Join(err, it.Close())
		}
		fn(e)
	}
	return it.Close()
}

// compareIndexes walks the whole store and compares what is not an entity with want.
func compareIndexes(r meta.Reader, want map[string]string) error {
	var problems []error
	it := r.Scan([]byte{1}, nil)
	for it.Next() {
		key, value := it.Key(), string(it.Value())
		switch {
		case key[0] == 'K':
			k := new(records.AccessKey)
			if err := records.Unmarshal(it.Value(), k); err != nil {
				return errors.Join(err, it.Close())
			}
			value = "root " + k.Account
			if k.UserName != "" {
				value = "user " + k.UserName + " " + k.UserId
			}
		case key[0] == 'I' && key[13] == 't':
			u := new(records.PolicyUses)
			if err := records.Unmarshal(it.Value(), u); err != nil {
				return errors.Join(err, it.Close())
			}
			value = fmt.Sprint(u.Attachments, u.BoundaryUses)
		case key[0] == 'N', key[0] == 'a', key[0] == 'I' && bytes.IndexByte([]byte("nmabe"), key[13]) >= 0:
		default:
			continue
		}
		if w, ok := want[string(key)]; !ok || w != value {
			problems = append(problems, fmt.Errorf("index %q holds %q, want %q", key, value, w))
		}
		delete(want, string(key))
	}
	for key, value := range want {
		problems = append(problems, fmt.Errorf("index %q is missing, want %q", key, value))
	}
	return errors.Join(append(problems, it.Close())...)
}

// TestManagedARN keeps the constant of this file true.
func TestManagedARN(t *testing.T) {
	t.Parallel()
	if _, ok := managed.Lookup(s3Full); !ok {
		t.Errorf("%s is missing", s3Full)
	}
}
