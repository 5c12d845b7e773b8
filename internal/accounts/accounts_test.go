package accounts

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/enginetest"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func newService(t *testing.T) *Service {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	store := meta.New(enginetest.New(t))
	t.Cleanup(func() { store.Close() })
	return New(store, box, Options{Now: func() time.Time { return noon }})
}

func mustCreate(t *testing.T, s *Service, n NewAccount) (Account, Key) {
	t.Helper()
	a, k, err := s.Create(t.Context(), n)
	if err != nil {
		t.Fatalf("Create(%+v): %v", n, err)
	}
	return a, k
}

func TestCreateDrawsWhatIsLeftOpen(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a, key := mustCreate(t, s, NewAccount{Name: "Log Archive!"})
	if _, err := ids.ParseAccountID(string(a.ID)); err != nil {
		t.Error(err)
	}
	if _, err := ids.ParseCanonicalUserID(string(a.CanonicalID)); err != nil {
		t.Error(err)
	}
	if want := "log-archive+" + string(a.ID) + "@accounts.invalid"; a.Email != want {
		t.Errorf("email = %q, want %q", a.Email, want)
	}
	if !a.Created.Equal(noon) || !a.Closed.IsZero() {
		t.Errorf("created %v, closed %v, want created at %v and open", a.Created, a.Closed, noon)
	}
	if !strings.HasPrefix(string(key.ID), "AKIA") || len(key.Secret) != 40 {
		t.Errorf("key = %s with a secret of %d characters", key.ID, len(key.Secret))
	}
}

func TestCreateSealsTheRootKey(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a, key := mustCreate(t, s, NewAccount{Name: "a", AccessKeyID: "AKIAAAAAAAAAAAAAAAAA", SecretAccessKey: "a-secret-of-mine"})
	var record records.AccessKey
	err := s.store.View(t.Context(), func(r meta.Reader) error { return records.Get(r, keys.AccessKey(key.ID), &record) })
	if err != nil {
		t.Fatal(err)
	}
	if record.Account != string(a.ID) || record.UserName != "" || record.Inactive {
		t.Errorf("record = %v, want an active key of the root user of %s", &record, a.ID)
	}
	if strings.Contains(string(record.SealedSecret), "a-secret-of-mine") {
		t.Error("the secret is stored in the clear")
	}
	secret, err := s.box.Open(record.SealedSecret, []byte(key.ID))
	if err != nil || string(secret) != "a-secret-of-mine" {
		t.Errorf("the sealed secret opens as %q, %v", secret, err)
	}
	got, err := s.RootKeys(t.Context(), a.ID)
	if err != nil || len(got) != 1 || got[0] != key.ID {
		t.Errorf("RootKeys = %v, %v, want %s alone", got, err, key.ID)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	canonical := strings.Repeat("ab", 32)
	taken := NewAccount{
		Name: "taken", ID: "111122223333", CanonicalID: canonical,
		Email: "taken@example.com", AccessKeyID: "AKIAAAAAAAAAAAAAAAAA",
	}
	tests := []struct {
		name string
		in   NewAccount
		code string
	}{
		{"no name", NewAccount{}, CodeInvalid},
		{"long name", NewAccount{Name: strings.Repeat("a", 51)}, CodeInvalid},
		{"control character in name", NewAccount{Name: "a\nb"}, CodeInvalid},
		{"blank before name", NewAccount{Name: " a"}, CodeInvalid},
		{"short id", NewAccount{Name: "a", ID: "123"}, CodeInvalid},
		{"upper-case canonical id", NewAccount{Name: "a", CanonicalID: strings.ToUpper(canonical)}, CodeInvalid},
		{"email without domain", NewAccount{Name: "a", Email: "someone@example"}, CodeInvalid},
		{"long email", NewAccount{Name: "a", Email: strings.Repeat("a", 60) + "@b.com"}, CodeInvalid},
		{"short key id", NewAccount{Name: "a", AccessKeyID: "AKIA"}, CodeInvalid},
		{"secret without key id", NewAccount{Name: "a", SecretAccessKey: "0123456789"}, CodeInvalid},
		{"short secret", NewAccount{Name: "a", AccessKeyID: "AKIAAAAAAAAAAAAAAAAB", SecretAccessKey: "short"}, CodeInvalid},
		{"id taken", NewAccount{Name: "a", ID: "111122223333"}, CodeDuplicate},
		{"canonical id taken", NewAccount{Name: "a", CanonicalID: canonical}, CodeDuplicate},
		{"email taken, other case", NewAccount{Name: "a", Email: "Taken@Example.com"}, CodeDuplicate},
		{"key id taken", NewAccount{Name: "a", AccessKeyID: "AKIAAAAAAAAAAAAAAAAA"}, CodeDuplicate},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			mustCreate(t, s, taken)
			if _, _, err := s.Create(t.Context(), test.in); !apierr.Is(err, test.code) {
				t.Errorf("Create = %v, want %s", err, test.code)
			}
			page, err := s.List(t.Context(), "", 10)
			if err != nil || len(page.Accounts) != 1 {
				t.Errorf("after a refusal there are %d accounts (%v), want 1", len(page.Accounts), err)
			}
		})
	}
}

func TestCreateNeverRepeatsTheSecretInAnError(t *testing.T) {
	t.Parallel()
	_, _, err := newService(t).Create(t.Context(), NewAccount{Name: "a", AccessKeyID: "AKIAAAAAAAAAAAAAAAAB", SecretAccessKey: "my secret"})
	if err == nil || strings.Contains(err.Error(), "my secret") {
		t.Errorf("Create = %v, want an error without the secret", err)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, id := range []string{"000000000003", "000000000001", "000000000002"} {
		mustCreate(t, s, NewAccount{Name: "same", ID: id})
	}
	var got []string
	after := ids.AccountID("")
	for {
		page, err := s.List(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Accounts {
			got = append(got, string(a.ID))
			after = a.ID
		}
		if !page.More {
			break
		}
	}
	if want := "000000000001 000000000002 000000000003"; strings.Join(got, " ") != want {
		t.Errorf("pages hold %v, want %s", got, want)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	s := newService(t)
	one, _ := mustCreate(t, s, NewAccount{Name: "one", Email: "one@example.com"})
	mustCreate(t, s, NewAccount{Name: "twin"})
	mustCreate(t, s, NewAccount{Name: "twin"})
	digits, _ := mustCreate(t, s, NewAccount{Name: "999999999999"})
	for who, want := range map[string]ids.AccountID{
		string(one.ID): one.ID, string(one.CanonicalID): one.ID, "ONE@example.com": one.ID, "one": one.ID,
		"999999999999": digits.ID,
	} {
		if got, err := s.Lookup(t.Context(), who); err != nil || got.ID != want {
			t.Errorf("Lookup(%q) = %s, %v, want %s", who, got.ID, err, want)
		}
	}
	for who, code := range map[string]string{
		"twin": CodeInvalid, "nobody": CodeNotFound, "123456789012": CodeNotFound, "": CodeNotFound,
		"nobody@example.com": CodeNotFound, strings.Repeat("0", 64): CodeNotFound,
	} {
		if _, err := s.Lookup(t.Context(), who); !apierr.Is(err, code) {
			t.Errorf("Lookup(%q) = %v, want %s", who, err, code)
		}
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a, _ := mustCreate(t, s, NewAccount{Name: "a"})
	closed, err := s.Close(t.Context(), a.ID)
	if err != nil || !closed.Closed.Equal(noon) {
		t.Fatalf("Close = %+v, %v", closed, err)
	}
	if got, err := s.Lookup(t.Context(), "a"); err != nil || got != closed {
		t.Errorf("Lookup of the closed account = %+v, %v, want %+v", got, err, closed)
	}
	if _, err := s.Close(t.Context(), a.ID); !apierr.Is(err, CodeAlreadyClosed) {
		t.Errorf("a second Close = %v, want %s", err, CodeAlreadyClosed)
	}
	if _, err := s.Close(t.Context(), "000000000000"); !apierr.Is(err, CodeNotFound) {
		t.Errorf("Close of a missing account = %v, want %s", err, CodeNotFound)
	}
}

func TestInternalErrorsNameTheOperation(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := s.Create(ctx, NewAccount{Name: "a"})
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "create account a: ") {
		t.Errorf("Create with an ended context = %v", err)
	}
}

func TestPublicAccessBlock(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a, _ := mustCreate(t, s, NewAccount{Name: "A"})
	for _, want := range []*records.PublicAccessBlock{{IgnorePublicAcls: true}, {}, nil} {
		if err := s.SetPublicAccessBlock(t.Context(), a.ID, want); err != nil {
			t.Fatal(err)
		}
		record := new(records.Account)
		err := s.store.View(t.Context(), func(r meta.Reader) error { return records.Get(r, keys.Account(a.ID), record) })
		if got := record.PublicAccessBlock; err != nil || (got == nil) != (want == nil) || got.GetIgnorePublicAcls() != want.GetIgnorePublicAcls() {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	if err := s.SetPublicAccessBlock(t.Context(), "999999999999", nil); !apierr.Is(err, CodeNotFound) {
		t.Errorf("setting the block of no account: %v", err)
	}
}
