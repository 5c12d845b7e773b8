package iam

import (
	"fmt"
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

const powerUser = "arn:aws:iam::aws:policy/PowerUserAccess"

// TestRecoverIndexesTheUsesOfPolicies leaves the store as an older program left it. What Recover makes of it is
// compared with the entities when the test ends.
func TestRecoverIndexesTheUsesOfPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	mine := w.policy(accountA, "mine").ARN
	for i := range 3 {
		name := fmt.Sprintf("Ann%d", i)
		w.user(accountA, name)
		w.role(accountB, name)
		w.must(w.AttachPolicy(w.ctx, accountA, keys.UserKind, name, s3Full))
		w.must(w.SetBoundary(w.ctx, accountA, keys.UserKind, name, mine))
		w.must(w.SetBoundary(w.ctx, accountB, keys.RoleKind, name, powerUser))
	}
	w.group(accountB, "g")
	w.must(w.AttachPolicy(w.ctx, accountB, keys.GroupKind, "g", powerUser))
	for range 2 {
		w.must(w.store.Update(w.ctx, func(tx meta.Tx) error {
			for _, account := range []ids.AccountID{accountA, accountB} {
				for _, policyARN := range []string{mine, s3Full, powerUser} {
					if err := tx.Delete(keys.PolicyUses(account, policyARN)); err != nil {
						return err
					}
					it := tx.Scan(keys.BoundaryUses(account, policyARN))
					for it.Next() {
						if err := tx.Delete(it.Key()); err != nil {
							return err
						}
					}
					if err := it.Close(); err != nil {
						return err
					}
				}
			}
			return tx.Delete(keys.Meta(usesFact))
		}))
		w.must(w.Recover(w.ctx))
		w.must(w.Recover(w.ctx)) // does nothing
	}
	p, err := w.Policy(w.ctx, accountB, powerUser)
	w.must(err)
	if p.Attachments != 1 || p.BoundaryUses != 3 {
		t.Errorf("after recovery %+v", p)
	}
}

func TestBoundaryFollowsARename(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	_, err := w.CreateUser(w.ctx, accountA, NewUser{Name: "ann", Boundary: powerUser})
	w.must(err)
	w.must(w.UpdateUser(w.ctx, accountA, "ann", "Zoe", ""))
	w.must(w.UpdateUser(w.ctx, accountA, "Zoe", "zoe", ""))
	list, err := w.EntitiesForPolicy(w.ctx, accountA, powerUser, EntityFilter{Usage: "PermissionsBoundary"}, Page{})
	w.must(err)
	if len(list.Items) != 1 || list.Items[0].Name != "zoe" {
		t.Errorf("the boundary is that of %+v", list.Items)
	}
	w.must(w.DeleteUser(w.ctx, accountA, "zoe"))
	if p, err := w.Policy(w.ctx, accountA, powerUser); err != nil || p.BoundaryUses != 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestServiceRolePoliciesCannotBeAttached: AWS's text for roles is one that users report.
func TestServiceRolePoliciesCannotBeAttached(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.user(accountA, "ann")
	w.group(accountA, "g")
	w.role(accountA, "r")
	const lens = "arn:aws:iam::aws:policy/aws-service-role/S3StorageLensServiceRolePolicy"
	w.refused(w.AttachPolicy(w.ctx, accountA, keys.RoleKind, "r", lens), "PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.")
	w.refused(w.AttachPolicy(w.ctx, accountA, keys.UserKind, "ann", lens), "PolicyNotAttachable", "")
	w.refused(w.AttachPolicy(w.ctx, accountA, keys.GroupKind, "g", lens), "PolicyNotAttachable", "")
	w.refused(w.SetBoundary(w.ctx, accountA, keys.UserKind, "ann", lens), "PolicyNotAttachable", "")
}

// TestEntitiesForPolicyInPages lists entities that have a policy attached, as their boundary, or both, in pages of
// every size.
func TestEntitiesForPolicyInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	for i := range 4 {
		name := fmt.Sprintf("N%d", i)
		w.group(accountA, name)
		w.role(accountA, name)
		w.user(accountA, name)
		w.must(w.AttachPolicy(w.ctx, accountA, keys.GroupKind, name, powerUser))
		for _, k := range []keys.Kind{keys.RoleKind, keys.UserKind} {
			if i%2 == 0 {
				w.must(w.AttachPolicy(w.ctx, accountA, k, name, powerUser))
			}
			if i > 1 {
				w.must(w.SetBoundary(w.ctx, accountA, k, name, powerUser))
			}
		}
	}
	for _, c := range []struct {
		filter EntityFilter
		want   string
	}{
		{EntityFilter{}, "gN0 gN1 gN2 gN3 rN0 rN2 rN3 uN0 uN2 uN3 "},
		{EntityFilter{Kind: keys.RoleKind}, "rN0 rN2 rN3 "},
		{EntityFilter{Usage: "PermissionsPolicy", Kind: keys.UserKind}, "uN0 uN2 "},
		{EntityFilter{Usage: "PermissionsBoundary"}, "rN2 rN3 uN2 uN3 "},
		{EntityFilter{PathPrefix: "/x/"}, ""},
	} {
		for size := 1; size < 12; size++ {
			got := ""
			p := Page{Max: size}
			for {
				list, err := w.EntitiesForPolicy(w.ctx, accountA, powerUser, c.filter, p)
				w.must(err)
				if len(list.Items) > size {
					t.Fatalf("%d items on a page of %d", len(list.Items), size)
				}
				for _, e := range list.Items {
					got += string(e.Kind) + e.Name + " "
				}
				if p.Marker = list.Marker; p.Marker == "" {
					break
				}
			}
			if got != c.want {
				t.Errorf("%+v in pages of %d: %s, want %s", c.filter, size, got, c.want)
			}
		}
	}
}
