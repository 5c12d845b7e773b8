package iam

import (
	"fmt"
	"sync"
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// countedKinds are the kinds of which the numbers are kept.
var countedKinds = []keys.Kind{keys.UserKind, keys.GroupKind, keys.RoleKind, keys.PolicyKind, keys.InstanceProfileKind, keys.MFADeviceKind, keys.OIDCProviderKind, keys.SAMLProviderKind}

// checkCount compares the number that is kept with what is there. Every test of this package ends with it.
func (v view) checkCount(k keys.Kind) error {
	kept, err := quotas.Count(v, v.account, k)
	if err != nil {
		return err
	}
	from, to := keys.Entities(v.account, k)
	found, err := v.count(from, to, 1<<31-1)
	if err == nil && kept != found {
		err = fmt.Errorf("account %s: %d of kind %q are counted, and %d are there", v.account, kept, k, found)
	}
	return err
}

// forgetCounts leaves the account as a program left it that kept no numbers.
func (w *world) forgetCounts() {
	w.Helper()
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error {
		for _, k := range countedKinds {
			if err := tx.Delete(keys.EntityCount(accountA, k)); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestWhatWasNeverCountedIsCounted(t *testing.T) {
	t.Parallel()
	quotas := DefaultQuotas()
	quotas.Users, quotas.Groups = 3, 2
	w := newWorld(t, quotas)
	w.user(accountA, "a")
	w.user(accountA, "b")
	w.group(accountA, "g")
	w.forgetCounts()
	w.user(accountA, "c")
	_, err := w.CreateUser(w.ctx, accountA, NewUser{Name: "d"})
	w.refused(err, "LimitExceeded", "Cannot exceed quota for UsersPerAccount: 3")
	w.must(w.DeleteUser(w.ctx, accountA, "a"))
	w.user(accountA, "d")
	w.forgetCounts()
	w.must(w.DeleteGroup(w.ctx, accountA, "g"))
	w.group(accountA, "g")
	w.group(accountA, "h")
	_, err = w.CreateGroup(w.ctx, accountA, "i", "")
	w.refused(err, "LimitExceeded", "Cannot exceed quota for GroupsPerAccount: 2")
}

// TestCountBelowZeroIsCountedAnew is about what a program makes that keeps no numbers, after one that does.
func TestCountBelowZeroIsCountedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.user(accountA, "a")
	w.user(accountA, "b")
	w.must(w.write(w.ctx, accountA, func(c change) error {
		return records.Put(c.tx, keys.EntityCount(accountA, keys.UserKind), new(records.EntityCount))
	}))
	w.must(w.DeleteUser(w.ctx, accountA, "a"))
	w.user(accountA, "c")
}

func TestRefusedChangesAreNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.user(accountA, "a")
	_, err := w.CreateUser(w.ctx, accountA, NewUser{Name: "A"})
	w.refused(err, "EntityAlreadyExists", "")
	w.must(w.AttachPolicy(w.ctx, accountA, keys.UserKind, "a", s3Full))
	w.refused(w.DeleteUser(w.ctx, accountA, "a"), "DeleteConflict", "")
	w.must(w.UpdateUser(w.ctx, accountA, "a", "b", ""))
}

// TestCountsOfManyAtOnce makes and removes users from several goroutines, up to the quota and beyond it.
func TestCountsOfManyAtOnce(t *testing.T) {
	t.Parallel()
	quotas := DefaultQuotas()
	quotas.Users = 10
	w := newWorld(t, quotas)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 20 {
				name := fmt.Sprintf("u%d-%d", i, j%4)
				if _, err := w.CreateUser(w.ctx, accountA, NewUser{Name: name}); err == nil && j%3 > 0 {
					if err := w.DeleteUser(w.ctx, accountA, name); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	users, err := w.Users(w.ctx, accountA, "/", Page{Max: 100})
	w.must(err)
	if len(users.Items) > 10 {
		t.Errorf("there are %d users, and 10 may be", len(users.Items))
	}
}
