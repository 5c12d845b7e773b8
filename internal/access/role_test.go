package access

import (
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// TestRole: a role is read once, and anew once it or its account was changed; one that is not there is none.
func TestRole(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const name = "arn:aws:iam::111111111111:role/R"
	find := func() (sid string, there bool) {
		role, err := f.access.Role(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if role == nil {
			return "", false
		}
		return role.Trust.Document.Statements[0].Sid, true
	}
	trust := func(sid string) {
		f.put(keys.Entity(accountID, keys.RoleKind, "R"), &records.Role{Name: "R", Id: "AROAR", Path: "/",
			Trust: `{"Version":"2012-10-17","Statement":{"Sid":"` + sid + `","Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}}`})
	}
	if _, there := find(); there {
		t.Error("there is a role before it was made")
	}
	trust("One")
	if sid, _ := find(); sid != "One" {
		t.Errorf("the trust policy is %q", sid)
	}
	before := f.engine.views.Load()
	find()
	if n := f.engine.views.Load() - before; n != 0 {
		t.Errorf("a known role was read %d times", n)
	}
	trust("Two")
	if sid, _ := find(); sid != "Two" {
		t.Errorf("after a change the trust policy is %q", sid)
	}
	f.put(keys.Account(accountID), &records.Account{Id: string(accountID), CanonicalId: "aa", Name: "A", Closed: 1})
	if _, there := find(); there {
		t.Error("a role of a closed account is there")
	}
	if _, err := f.access.Role(t.Context(), "arn:aws:iam::111111111111:user/R"); !apierr.Is(err, "ValidationError") {
		t.Errorf("a user is taken for a role: %v", err)
	}
}
