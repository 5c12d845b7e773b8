package orgs

import (
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// setQuotas does what the operator does who sets quotas of the management account.
func (w *world) setQuotas(set map[string]int64) {
	w.Helper()
	w.changeAccount(management, func(r *records.Account) { r.Quotas = set })
}

func (w *world) changeAccount(id ids.AccountID, change func(*records.Account)) {
	w.Helper()
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error {
		r := new(records.Account)
		if err := records.Get(tx, keys.Account(id), r); err != nil {
			return err
		}
		change(r)
		return records.Put(tx, keys.Account(id), r)
	}))
}

// TestQuotasOfAnOrganization holds that what the operator set for the management account is in force for the next
// operation.
func TestQuotasOfAnOrganization(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.organization()
	_, err := w.EnablePolicyType(w.ctx, management, root, managed.RCP)
	w.must(err)
	w.unit(root, "one")
	w.policy(managed.SCP, "one", denyDelete)
	w.policy(managed.RCP, "one", denyRCP)
	two := w.policy(managed.SCP, "two", denyDelete)
	for name, try := range map[string]struct {
		value  int64
		reason string
		try    func() error
	}{
		quotas.Units: {1, "OU_NUMBER_LIMIT_EXCEEDED", func() error {
			_, err := w.CreateUnit(w.ctx, management, root, "more", nil)
			return err
		}},
		quotas.SCPs: {2, "POLICY_NUMBER_LIMIT_EXCEEDED", func() error {
			_, err := w.CreatePolicy(w.ctx, management, NewPolicy{Type: managed.SCP, Name: "more", Content: denyDelete})
			return err
		}},
		quotas.RCPs: {1, "POLICY_NUMBER_LIMIT_EXCEEDED", func() error {
			_, err := w.CreatePolicy(w.ctx, management, NewPolicy{Type: managed.RCP, Name: "more", Content: denyRCP})
			return err
		}},
		quotas.AttachedPolicies: {1, "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", func() error {
			return w.AttachPolicy(w.ctx, management, two, root)
		}},
	} {
		w.setQuotas(map[string]int64{name: try.value})
		w.refused(try.try(), "ConstraintViolation", try.reason)
		w.setQuotas(nil)
		w.must(try.try())
	}
}
