package admin

import (
	"testing"

	"crossgrant/internal/accounts"
	"crossgrant/internal/apierr"
	"crossgrant/internal/iam"
)

func TestClientSetsRootPasswords(t *testing.T) {
	t.Parallel()
	local := newLocal(t)
	client := newClient(t, local)
	ctx := t.Context()
	if _, err := client.CreateAccount(ctx, NewAccount{Name: "a", AccountID: "111122223333", Email: "root@a.example"}); err != nil {
		t.Fatal(err)
	}
	given, err := client.SetRootPassword(ctx, "a", NewRootPassword{"Walnut-1"})
	if want := (RootPassword{AccountID: "111122223333", Email: "root@a.example"}); err != nil || given != want {
		t.Fatalf("%+v, %v", given, err)
	}
	signIn := func(text string) error {
		_, err := local.Passwords.(*iam.Service).SignIn(ctx, "111122223333", iam.Claim{Password: text})
		return err
	}
	if err := signIn("Walnut-1"); err != nil {
		t.Error(err)
	}
	drawn, err := client.SetRootPassword(ctx, "root@a.example", NewRootPassword{})
	if err != nil || len(drawn.Password) < 20 {
		t.Fatalf("%+v, %v", drawn, err)
	}
	if err := signIn("Walnut-1"); err != iam.ErrPassword {
		t.Error(err)
	}
	if err := signIn(drawn.Password); err != nil {
		t.Error(err)
	}
	if _, err := client.SetRootPassword(ctx, "a", NewRootPassword{"short"}); !apierr.Is(err, "PasswordPolicyViolation") {
		t.Errorf("a short one: %v", err)
	}
	if _, err := client.SetRootPassword(ctx, "nobody", NewRootPassword{}); !apierr.Is(err, accounts.CodeNotFound) {
		t.Errorf("of nobody: %v", err)
	}
}
