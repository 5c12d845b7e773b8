package admin

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crossgrant/internal/accounts"
	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
)

// shelf is a part of what an account has: n books, of which one is removed at a time.
type shelf struct {
	mu sync.Mutex
	n  int
}

func (s *shelf) AccountContents(_ meta.Reader, _ ids.AccountID, exactly bool, tell func(string, int)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tell("Books", s.n)
	tell("Globes", 0)
	if exactly {
		tell("Pages", 100*s.n)
	}
	return nil
}

func (s *shelf) EraseAccount(context.Context, ids.AccountID) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n == 0 {
		return 0, nil
	}
	s.n--
	return 1, nil
}

func TestClientEndsAccounts(t *testing.T) {
	t.Parallel()
	client := newClient(t, newLocal(t))
	ctx := t.Context()
	made, err := client.CreateAccount(ctx, NewAccount{Name: "a", AccountID: "111122223333"})
	if err != nil {
		t.Fatal(err)
	}
	want := Contents{AccountID: "111122223333", CanonicalID: made.CanonicalID, Name: "a", State: Active, Contents: []Item{{"Books", 3}}}
	if got, err := client.AccountContents(ctx, "a", false); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	refuse := func(what, code string, err error) {
		t.Helper()
		if !apierr.Is(err, code) {
			t.Errorf("%s: %v, want %s", what, err, code)
		}
	}
	_, err = client.ReopenAccount(ctx, "a")
	refuse("to open what is open", accounts.CodeNotClosed, err)
	_, err = client.DeletableContents(ctx, "a")
	refuse("to tell of the deletion of an open account", accounts.CodeNotClosed, err)
	_, err = client.DeleteAccount(ctx, "a")
	refuse("to delete an open account", accounts.CodeNotClosed, err)
	_, err = client.ContinueDeletion(ctx, "111122223333")
	refuse("to go on with what has not begun", accounts.CodeNotClosed, err)
	for range 2 {
		if _, err := client.CloseAccount(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		if a, err := client.ReopenAccount(ctx, "a"); err != nil || a.State != Active || a.Closed != nil {
			t.Errorf("%+v, %v", a, err)
		}
	}
	if _, err := client.CloseAccount(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	want.State, want.Contents = Closed, []Item{{"Books", 3}, {"Pages", 300}}
	if got, err := client.DeletableContents(ctx, "a"); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for range 2 { // the second one finds it begun
		if d, err := client.DeleteAccount(ctx, "a"); err != nil || d.State != Deleting || d.Name != "a" {
			t.Fatalf("%+v, %v", d, err)
		}
	}
	if a, err := client.ShowAccount(ctx, "a"); err != nil || a.State != Deleting {
		t.Errorf("%+v, %v", a, err)
	}
	_, err = client.ReopenAccount(ctx, "a")
	refuse("to open what is being deleted", accounts.CodeNotClosed, err)
	for range 2 {
		if d, err := client.ContinueDeletion(ctx, "111122223333"); err != nil || d.State != Deleted || d.Removed != 3 {
			t.Errorf("%+v, %v", d, err)
		}
	}
	_, err = client.ShowAccount(ctx, "111122223333")
	refuse("to show what is deleted", accounts.CodeNotFound, err)
	_, err = client.CreateAccount(ctx, NewAccount{Name: "b", AccountID: "111122223333"})
	refuse("to give an ID out again", accounts.CodeDuplicate, err)
	_, err = client.CreateAccount(ctx, NewAccount{Name: "b", CanonicalID: made.CanonicalID})
	refuse("to give a canonical ID out again", accounts.CodeDuplicate, err)
	for _, do := range []func() error{
		func() error { _, err := client.AccountContents(ctx, "nobody", true); return err },
		func() error { _, err := client.DeleteAccount(ctx, "nobody"); return err },
		func() error { _, err := client.ContinueDeletion(ctx, "999999999999"); return err },
		func() error { _, err := client.ReopenAccount(ctx, "nobody"); return err },
	} {
		refuse("nobody", accounts.CodeNotFound, do())
	}
	if _, err := client.ContinueDeletion(ctx, "nobody"); err == nil {
		t.Error("a deletion of no ID goes on")
	}
}
