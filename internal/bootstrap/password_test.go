package bootstrap

import (
	"strings"
	"testing"

	"crossgrant/internal/iam"
)

// TestPasswords: what the file gives signs in, is not told, and does not replace what is there.
func TestPasswords(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	progress, err := f.apply(t, setting)
	if err != nil || strings.Contains(progress, "Walnut-1") || strings.Contains(progress, "Almond-2") || !strings.Contains(progress, "password of user fixed") {
		t.Fatalf("%s, %v", progress, err)
	}
	in := func(claim iam.Claim) {
		t.Helper()
		if _, err := f.IAM.SignIn(t.Context(), owner, claim); err != nil {
			t.Errorf("%q: %v", claim.User, err)
		}
	}
	in(iam.Claim{Password: "Walnut-1"})
	in(iam.Claim{User: "fixed", Password: "Almond-2"})
	for text, value := range f.dump(t) {
		if strings.Contains(text+value, "Walnut-1") || strings.Contains(text+value, "Almond-2") {
			t.Errorf("%q holds a password", text)
		}
	}
	if err := f.IAM.SetRootPassword(t.Context(), owner, "Hazel-3!"); err != nil {
		t.Fatal(err)
	}
	r := &run{Services: f.Services, progress: new(strings.Builder)}
	if err := r.rootPassword(t.Context(), owner, &Account{Root: Root{Password: "Walnut-1"}}); err != nil {
		t.Fatal(err)
	}
	in(iam.Claim{Password: "Hazel-3!"})
}

// TestBadPasswords: a password that AWS would not take is an error, which does not repeat it.
func TestBadPasswords(t *testing.T) {
	t.Parallel()
	for _, users := range []string{"root: {password: tooplain}", "users: [{name: u, password: tooplain}]"} {
		f := newFixture(t)
		_, err := f.apply(t, "accounts: [{name: a, id: \"111122223333\", "+users+"}]")
		if err == nil || !strings.Contains(err.Error(), "Password should meet") || strings.Contains(err.Error(), "tooplain") {
			t.Errorf("%s: %v", users, err)
		}
	}
}
