package iam

import (
	"strings"
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

func TestAccountAlias(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	has := func(want string) {
		t.Helper()
		list, err := w.AccountAliases(w.ctx, accountA, Page{})
		w.must(err)
		if got := strings.Join(list.Items, " "); got != want || list.Marker != "" {
			t.Errorf("aliases %q, want %q", got, want)
		}
	}
	taken := func(alias string, taken bool) {
		t.Helper()
		w.must(w.store.View(w.ctx, func(r meta.Reader) error {
			if owner, err := r.Get(keys.AccountAlias(alias)); (err == nil) != taken {
				t.Errorf("%s is of %q: %v", alias, owner, err)
			}
			return nil
		}))
	}
	has("")
	w.must(w.CreateAccountAlias(w.ctx, accountA, "walnut"))
	for _, account := range []func(string) error{
		func(alias string) error { return w.CreateAccountAlias(w.ctx, accountA, alias) },
		func(alias string) error { return w.CreateAccountAlias(w.ctx, accountB, alias) },
	} {
		w.refused(account("walnut"), "EntityAlreadyExists", "The account alias walnut already exists.")
	}
	w.must(w.CreateAccountAlias(w.ctx, accountA, "almond-2"))
	has("almond-2")
	taken("walnut", false)
	w.must(w.CreateAccountAlias(w.ctx, accountB, "walnut"))
	const message = "The account alias walnut does not exist."
	w.refused(w.DeleteAccountAlias(w.ctx, accountA, "walnut"), "NoSuchEntity", message)
	w.must(w.DeleteAccountAlias(w.ctx, accountA, "almond-2"))
	has("")
	taken("almond-2", false)
	taken("walnut", true)
	w.refused(w.DeleteAccountAlias(w.ctx, accountA, ""), "NoSuchEntity", "")

	for _, bad := range []string{"", "ab", strings.Repeat("a", 64), "Walnut", "-walnut", "walnut-", "wal--nut", "wal.nut", "wal_nut", "123456789012", "walnut\n"} {
		w.refused(w.CreateAccountAlias(w.ctx, accountA, bad), "ValidationError", "")
	}
	for _, good := range []string{"abc", "1-2", "a-b-c", strings.Repeat("a", 63), "1234567890123", "12345678901"} {
		w.must(w.CreateAccountAlias(w.ctx, accountA, good))
	}
}

func TestGlobalEndpointTokenVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.must(w.CreateAccountAlias(w.ctx, accountA, "walnut"))
	for _, version := range []int{1, 2, 1} {
		w.must(w.SetGlobalEndpointTokenVersion(w.ctx, accountA, version))
		w.must(w.read(w.ctx, accountA, func(v view) error {
			r, err := v.root()
			if r.GlobalEndpointTokenVersion != int32(version) || r.Alias != "walnut" {
				t.Errorf("account %v", r)
			}
			return err
		}))
	}
}
