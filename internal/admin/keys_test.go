package admin

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"crossgrant/internal/apierr"
	"crossgrant/internal/kms"
)

func TestClientKeepsKeys(t *testing.T) {
	t.Parallel()
	local := newLocal(t)
	client := newClient(t, local)
	ctx := t.Context()
	if _, err := client.CreateAccount(ctx, NewAccount{Name: "a", AccountID: "111122223333"}); err != nil {
		t.Fatal(err)
	}
	const id = "01234567-89ab-4def-8123-456789abcdef"
	made, err := client.CreateKey(ctx, NewKey{Account: "a", KeyID: id, Alias: "app", Region: "eu-west-1"})
	if err != nil || made.ARN != "arn:aws:kms:us-east-1:111122223333:key/"+id || !made.Enabled || len(made.Aliases) != 1 {
		t.Fatalf("%+v, %v", made, err)
	}
	list, err := client.ListKeys(ctx)
	if err != nil || len(list.Keys) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if diff := cmp.Diff(made, list.Keys[0]); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct {
		change  string
		enabled bool
	}{{DisableKey, false}, {EnableKey, true}, {RotateKey, true}} {
		if k, err := client.ChangeKey(ctx, made.ARN, c.change); err != nil || k.Enabled != c.enabled {
			t.Errorf("%s: %+v, %v", c.change, k, err)
		}
	}
	if kept, err := local.KMS.List(ctx); err != nil || len(kept) != 1 || len(kept[0].Rotated) != 2 {
		t.Errorf("after a rotation: %+v, %v", kept, err)
	}
	sealed, err := local.Box.Seal([]byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.RotateMasterKey(ctx); err != nil {
		t.Error(err)
	}
	if again, err := local.Box.Seal([]byte("x"), nil); err != nil || string(again[:5]) == string(sealed[:5]) {
		t.Errorf("sealed with the same key: %v", err)
	}
	for name, do := range map[string]func() error{
		"no account": func() error { _, err := client.CreateKey(ctx, NewKey{Account: "nobody"}); return err },
		"no key":     func() error { _, err := client.ChangeKey(ctx, "k", RotateKey); return err },
		"no change":  func() error { _, err := client.ChangeKey(ctx, id, "delete"); return err },
		"taken":      func() error { _, err := client.CreateKey(ctx, NewKey{Account: "a", KeyID: id}); return err },
	} {
		want := map[string]string{"no account": "AccountNotFoundException", "no key": kms.CodeNotFound, "no change": kms.CodeInvalid, "taken": kms.CodeExists}[name]
		if err := do(); !apierr.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
