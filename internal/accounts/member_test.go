package accounts

import (
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
)

// TestCreateMember holds that a member account has no credentials, and that making it can be repeated.
func TestCreateMember(t *testing.T) {
	t.Parallel()
	s := newService(t)
	other, _ := mustCreate(t, s, NewAccount{Name: "other", Email: "other@example.com"})
	for range 2 {
		if err := s.CreateMember(t.Context(), "123456789012", "Dev", "dev@example.com"); err != nil {
			t.Fatal(err)
		}
	}
	a, err := s.Lookup(t.Context(), "dev@example.com")
	if err != nil || a.ID != "123456789012" || a.Name != "Dev" || len(a.CanonicalID) != 64 || !a.Created.Equal(noon) {
		t.Errorf("account %+v, %v", a, err)
	}
	if found, err := s.Lookup(t.Context(), string(a.CanonicalID)); err != nil || found.ID != a.ID {
		t.Errorf("by canonical id: %+v, %v", found, err)
	}
	if found, err := s.RootKeys(t.Context(), a.ID); err != nil || len(found) != 0 {
		t.Errorf("root keys %v, %v, want none", found, err)
	}
	for _, c := range []struct {
		id                ids.AccountID
		name, email, want string
	}{
		{"123456789013", "Dev", "OTHER@example.com", CodeDuplicate},
		{other.ID, "Dev", "new@example.com", CodeDuplicate},
		{"123456789013", "Dev", "no address", CodeInvalid},
		{"123456789013", "Dev", "", CodeInvalid},
		{"123456789013", " Dev", "new@example.com", CodeInvalid},
	} {
		if err := s.CreateMember(t.Context(), c.id, c.name, c.email); !apierr.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
