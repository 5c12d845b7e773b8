package accounts

import (
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/quotas"
)

func TestQuotas(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a, _ := mustCreate(t, s, NewAccount{Name: "a"})
	b, _ := mustCreate(t, s, NewAccount{Name: "b"})
	get := func(id Account, name string) QuotaValue {
		t.Helper()
		list, err := s.Quotas(t.Context(), id.ID)
		if err != nil || len(list) != len(quotas.All()) {
			t.Fatalf("%d quotas, %v", len(list), err)
		}
		for _, q := range list {
			if q.Name == name {
				return q
			}
		}
		t.Fatalf("there is no quota %s", name)
		return QuotaValue{}
	}
	if q := get(a, quotas.Users); q.Value != 5000 || q.Default != 5000 || q.Used != 0 {
		t.Errorf("a new account: %+v", q)
	}
	if q := get(a, quotas.PolicySize); q.Used != -1 {
		t.Errorf("the size of a policy is counted: %+v", q)
	}
	// PoliciesPerRole is what the error text calls it.
	if err := s.SetQuotas(t.Context(), a.ID, map[string]int{quotas.Users: 10_000, "PoliciesPerRole": 25, quotas.Groups: 0}, nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{quotas.Users: 10_000, quotas.VirtualMFADevices: 10_000, quotas.AttachedPerRole: 25, quotas.Groups: 0, quotas.Roles: 1000} {
		if q := get(a, name); q.Value != want {
			t.Errorf("%s is %d, want %d", name, q.Value, want)
		}
	}
	if q := get(b, quotas.Users); q.Value != 5000 {
		t.Errorf("the quota of another account is %d", q.Value)
	}
	if err := s.SetQuotas(t.Context(), a.ID, map[string]int{quotas.Roles: 7}, []string{quotas.Users, quotas.Policies}); err != nil {
		t.Fatal(err)
	}
	if users, roles := get(a, quotas.Users), get(a, quotas.Roles); users.Value != 5000 || roles.Value != 7 {
		t.Errorf("after a reset: %+v, %+v", users, roles)
	}
}

func TestSetQuotasRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a, _ := mustCreate(t, s, NewAccount{Name: "a"})
	for name, c := range map[string]struct {
		set   map[string]int
		reset []string
	}{
		"unknown":       {map[string]int{"Users": 1}, nil},
		"empty":         {map[string]int{"": 1}, nil},
		"unknown reset": {nil, []string{"x"}},
		"negative":      {map[string]int{quotas.Users: 1, quotas.Roles: -1}, nil},
		"too large":     {map[string]int{quotas.PolicySize: 131_073}, nil},
		"both":          {map[string]int{quotas.Users: 1}, []string{quotas.Users}},
		"two names":     {map[string]int{quotas.AttachedPerRole: 1, "PoliciesPerRole": 1}, nil},
		"twice":         {nil, []string{quotas.Users, quotas.Users}},
	} {
		if err := s.SetQuotas(t.Context(), a.ID, c.set, c.reset); !apierr.Is(err, CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.SetQuotas(t.Context(), "999999999999", map[string]int{quotas.Users: 1}, nil); !apierr.Is(err, CodeNotFound) {
		t.Errorf("no account: %v", err)
	}
	if _, err := s.Quotas(t.Context(), "999999999999"); !apierr.Is(err, CodeNotFound) {
		t.Errorf("no account: %v", err)
	}
	list, err := s.Quotas(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range list {
		if q.Value != q.Default {
			t.Errorf("after refusals %s is %d", q.Name, q.Value)
		}
	}
}
