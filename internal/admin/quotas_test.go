package admin

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"crossgrant/internal/accounts"
	"crossgrant/internal/apierr"
)

func TestClientKeepsQuotas(t *testing.T) {
	t.Parallel()
	local := newLocal(t)
	client := newClient(t, local)
	ctx := t.Context()
	if _, err := client.CreateAccount(ctx, NewAccount{Name: "a", AccountID: "111122223333"}); err != nil {
		t.Fatal(err)
	}
	set, err := client.SetQuotas(ctx, "a", QuotaChange{Set: map[string]int{"UsersPerAccount": 7}, Reset: []string{"RolesPerAccount"}})
	if err != nil || set.AccountID != "111122223333" {
		t.Fatalf("%+v, %v", set, err)
	}
	if q := set.Quotas[0]; q.Name != "UsersPerAccount" || q.Value != 7 || q.Default != 5000 || q.Used == nil || *q.Used != 0 {
		t.Errorf("%+v", q)
	}
	got, err := client.Quotas(ctx, "111122223333")
	want, _ := local.Quotas(ctx, "a")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if diff := cmp.Diff(set, got); diff != "" {
		t.Error(diff)
	}
	if _, err := client.SetQuotas(ctx, "a", QuotaChange{Set: map[string]int{"Unicorns": 7}}); !apierr.Is(err, accounts.CodeInvalid) {
		t.Errorf("an unknown quota: %v", err)
	}
	for _, do := range []func() error{
		func() error { _, err := client.Quotas(ctx, "nobody"); return err },
		func() error { _, err := client.SetQuotas(ctx, "nobody", QuotaChange{}); return err },
	} {
		if err := do(); !apierr.Is(err, accounts.CodeNotFound) {
			t.Errorf("of nobody: %v", err)
		}
	}
}
