package iam

import (
	"strings"
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
	"crossgrant/internal/saml/samltest"
)

// setQuota does what the operator does who sets a quota of account A.
func (w *world) setQuota(name string, value int) {
	w.Helper()
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error {
		r := new(records.Account)
		if err := records.Get(tx, keys.Account(accountA), r); err != nil {
			return err
		}
		r.Quotas = map[string]int64{name: int64(value)}
		return records.Put(tx, keys.Account(accountA), r)
	}))
}

// TestQuotasOfOneAccount holds that each quota that the operator can set for an account is in force for that
// account, for the next operation, and in no other one.
func TestQuotasOfOneAccount(t *testing.T) {
	t.Parallel()
	const policyARN = "arn:aws:iam::111111111111:policy/p"
	document := func(resource string) string {
		return strings.Replace(allowAll, `"Resource":"*"`, `"Resource":"`+resource+`"`, 1)
	}
	// Each is at its limit: one more, or something larger, is refused.
	operations := map[string]struct {
		value int
		told  string
		try   func(w *world) error
	}{
		quotas.Users:  {1, "", func(w *world) error { _, err := w.CreateUser(w.ctx, accountA, NewUser{Name: "n"}); return err }},
		quotas.Groups: {1, "", func(w *world) error { _, err := w.CreateGroup(w.ctx, accountA, "n", ""); return err }},
		quotas.Roles: {1, "", func(w *world) error {
			_, err := w.CreateRole(w.ctx, accountA, NewRole{Name: "n", Trust: trustB})
			return err
		}},
		quotas.Policies: {1, "", func(w *world) error {
			_, err := w.CreatePolicy(w.ctx, accountA, NewPolicy{Name: "n", Document: allowAll})
			return err
		}},
		quotas.InstanceProfiles: {0, "", func(w *world) error {
			_, err := w.CreateInstanceProfile(w.ctx, accountA, NewInstanceProfile{Name: "n"})
			return err
		}},
		quotas.OIDCProviders: {0, "", func(w *world) error {
			_, err := w.CreateOIDCProvider(w.ctx, accountA, NewOIDCProvider{URL: "https://idp.example.com"})
			return err
		}},
		quotas.SAMLProviders: {0, "", func(w *world) error {
			idp, err := samltest.New("https://idp.example.com/saml")
			w.must(err)
			_, err = w.CreateSAMLProvider(w.ctx, accountA, NewSAMLProvider{Name: "n", Metadata: idp.Metadata("")})
			return err
		}},
		quotas.VirtualMFADevices: {0, "", func(w *world) error {
			_, _, err := w.CreateVirtualMFADevice(w.ctx, accountA, NewMFADevice{Name: "n"})
			return err
		}},
		quotas.AccessKeysPerUser: {1, "", func(w *world) error { _, _, err := w.CreateAccessKey(w.ctx, accountA, "u"); return err }},
		quotas.GroupsPerUser:     {0, "", func(w *world) error { return w.AddUserToGroup(w.ctx, accountA, "g", "u") }},
		quotas.AttachedPerUser: {0, "PoliciesPerUser: 0", func(w *world) error {
			return w.AttachPolicy(w.ctx, accountA, keys.UserKind, "u", s3Full)
		}},
		quotas.AttachedPerGroup: {0, "PoliciesPerGroup: 0", func(w *world) error {
			return w.AttachPolicy(w.ctx, accountA, keys.GroupKind, "g", s3Full)
		}},
		quotas.AttachedPerRole: {0, "PoliciesPerRole: 0", func(w *world) error {
			return w.AttachPolicy(w.ctx, accountA, keys.RoleKind, "r", s3Full)
		}},
		quotas.VersionsPerPolicy: {1, "up to 1 versions", func(w *world) error {
			_, err := w.CreatePolicyVersion(w.ctx, accountA, policyARN, allowAll, false)
			return err
		}},
		quotas.PolicySize: {100, "", func(w *world) error {
			_, err := w.CreatePolicyVersion(w.ctx, accountA, policyARN, document("arn:aws:s3:::a-rather-long-name-of-a-bucket"), false)
			return err
		}},
		quotas.UserPolicySize: {50, "exceeded for user u", func(w *world) error {
			return w.PutInlinePolicy(w.ctx, accountA, keys.UserKind, "u", "i", allowAll)
		}},
		quotas.GroupPolicySize: {50, "exceeded for group g", func(w *world) error {
			return w.PutInlinePolicy(w.ctx, accountA, keys.GroupKind, "g", "i", allowAll)
		}},
		quotas.RolePolicySize: {50, "exceeded for role r", func(w *world) error {
			return w.PutInlinePolicy(w.ctx, accountA, keys.RoleKind, "r", "i", allowAll)
		}},
		quotas.TrustPolicySize: {50, "ACLSizePerRole: 50", func(w *world) error { return w.UpdateTrust(w.ctx, accountA, "r", trustB) }},
	}
	elsewhere := map[string]bool{
		quotas.Buckets:           true, // package objects
		quotas.MFADevicesPerUser: true, // mfa_test.go
		quotas.Accounts:          true, // these are of package orgs
		quotas.Units:             true,
		quotas.SCPs:              true,
		quotas.RCPs:              true,
		quotas.AttachedPolicies:  true,
		quotas.RequestRate:       true, // package httpapi
		quotas.RequestBurst:      true,
	}
	for _, q := range quotas.All() {
		o, ok := operations[q.Name]
		if !ok {
			if !elsewhere[q.Name] {
				t.Errorf("nothing is tried of %s", q.Name)
			}
			continue
		}
		t.Run(q.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Quotas{})
			w.user(accountA, "u")
			w.group(accountA, "g")
			w.role(accountA, "r")
			w.policy(accountA, "p")
			_, _, err := w.CreateAccessKey(w.ctx, accountA, "u")
			w.must(err)
			w.setQuota(q.Name, o.value)
			err = o.try(w)
			w.refused(err, "LimitExceeded", "")
			told := o.told
			if told == "" {
				told = "Cannot exceed quota for " + q.Name
			}
			if err != nil && !strings.Contains(err.Error(), told) {
				t.Errorf("%v, want %s", err, told)
			}
			w.setQuota("other", 0)
			w.must(o.try(w))
		})
	}
}

// TestQuotasAboveTheDefault holds that the default is no limit where the operator set a larger value.
func TestQuotasAboveTheDefault(t *testing.T) {
	t.Parallel()
	defaults := DefaultQuotas()
	defaults.Users = 1
	w := newWorld(t, defaults)
	w.user(accountA, "a")
	w.setQuota(quotas.Users, 2)
	w.user(accountA, "b")
	_, err := w.CreateUser(w.ctx, accountA, NewUser{Name: "c"})
	w.refused(err, "LimitExceeded", "Cannot exceed quota for UsersPerAccount: 2")
	_, _, err = w.CreateVirtualMFADevice(w.ctx, accountA, NewMFADevice{Name: "1"})
	w.must(err)
	_, _, err = w.CreateVirtualMFADevice(w.ctx, accountA, NewMFADevice{Name: "2"})
	w.must(err)
	_, _, err = w.CreateVirtualMFADevice(w.ctx, accountA, NewMFADevice{Name: "3"})
	w.refused(err, "LimitExceeded", "Cannot exceed quota for VirtualMFADevicesPerAccount: 2")
}

// TestNothingIsMadeInAClosedAccount is about requests that are under way when the account is closed.
func TestNothingIsMadeInAClosedAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	for _, account := range []ids.AccountID{closed, "444444444444"} {
		_, err := w.CreateUser(w.ctx, account, NewUser{Name: "u"})
		w.refused(err, "AccessDenied", "The account is closed.")
		_, err = w.CreateRole(w.ctx, account, NewRole{Name: "r", Trust: trustB})
		w.refused(err, "AccessDenied", "")
		_, _, err = w.CreateVirtualMFADevice(w.ctx, account, NewMFADevice{Name: "m"})
		w.refused(err, "AccessDenied", "")
	}
}
