package admin

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"crossgrant/internal/access"
	"crossgrant/internal/accounts"
	"crossgrant/internal/apierr"
	"crossgrant/internal/decisions"
	"crossgrant/internal/explain"
	"crossgrant/internal/journal"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/questions"
	"crossgrant/internal/seal"
	"crossgrant/internal/sts"
)

// A running server explains as the open folder does.
func TestClientExplains(t *testing.T) {
	t.Parallel()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	store := meta.New(memory.New())
	t.Cleanup(func() { store.Close() })
	local := newLocal(t)
	local.Accounts = accounts.New(store, box, accounts.Options{})
	asker := questions.New(access.New(store, box, sts.New(store, box, sts.Options{})), nil, nil, "us-east-1", nil)
	local.Decisions = decisions.New(journal.New(store, journal.Options{}), asker, decisions.Options{})
	ctx := t.Context()
	if _, err := local.CreateAccount(ctx, NewAccount{Name: "a", AccountID: "111122223333"}); err != nil {
		t.Fatal(err)
	}
	client := newClient(t, local)
	for _, c := range []struct {
		q       questions.Question
		allowed bool
	}{
		{questions.Question{As: "111122223333", Action: "iam:ListUsers"}, true},
		{questions.Question{As: "111122223333", Action: "iam:GetUser", Resource: "arn:aws:iam::444455556666:user/u"}, false},
	} {
		got, err := client.Explain(ctx, c.q)
		if err != nil || got.Allowed != c.allowed || len(got.Checks) != 1 {
			t.Errorf("%+v: %+v, %v", c.q, got, err)
		}
		want, err := local.Explain(ctx, c.q)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%+v: %v\n%s", c.q, err, diff)
		}
	}
	if _, err := client.Explain(ctx, questions.Question{As: "nobody", Action: "iam:ListUsers"}); !apierr.Is(err, "ValidationError") {
		t.Errorf("as nobody: %v", err)
	}
	var report explain.Report
	if err := client.do(ctx, "POST", "/explain", nil, map[string]string{"Unicorn": "x"}, &report); !apierr.Is(err, "InvalidInputException") {
		t.Errorf("an unknown member: %v", err)
	}
}
