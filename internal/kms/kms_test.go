package kms

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/enginetest"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

const (
	ann = ids.AccountID("111111111111")
	bob = ids.AccountID("222222222222")

	keyID  = "01234567-89ab-4def-8123-456789abcdef"
	keyARN = "arn:aws:kms:eu-west-1:111111111111:key/" + keyID
)

type fixture struct {
	*Service
	box   *seal.Box
	store *meta.Store
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	store := meta.New(enginetest.New(t))
	t.Cleanup(func() { store.Close() })
	err = store.Update(t.Context(), func(tx meta.Tx) error {
		for _, account := range []ids.AccountID{ann, bob} {
			if err := records.Put(tx, keys.Account(account), &records.Account{Id: string(account)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{New(store, box, Options{Region: "eu-west-1", Principals: asWritten{}}), box, store}
}

// asWritten stores principals as they are written.
type asWritten struct{}

func (asWritten) ResolvePrincipal(_ context.Context, value string) (string, error) {
	if strings.Contains(value, "nobody") {
		return "", errors.New("there is no such principal")
	}
	return value, nil
}

func (f *fixture) create(t *testing.T, n NewKey) *Key {
	t.Helper()
	k, err := f.Create(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestResolve(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	k := f.create(t, NewKey{Account: ann, ID: keyID, Alias: "app/one"})
	if k.ARN() != keyARN {
		t.Fatalf("ARN %s", k.ARN())
	}
	const alias = "arn:aws:kms:eu-west-1:111111111111:alias/"
	for _, c := range []struct {
		as        ids.AccountID
		ref, want string // ARN, or message of NotFoundException
	}{
		{ann, keyID, keyARN},
		{ann, "alias/app/one", keyARN},
		{ann, keyARN, keyARN},
		{ann, alias + "app/one", keyARN},
		{bob, keyARN, keyARN},
		{bob, alias + "app/one", keyARN},
		{bob, keyID, "Key 'arn:aws:kms:eu-west-1:222222222222:key/" + keyID + "' does not exist"},
		{bob, "alias/app/one", "Alias arn:aws:kms:eu-west-1:222222222222:alias/app/one is not found."},
		{ann, "fake-key-id", "Invalid keyId 'fake-key-id'"},
		{ann, "aws/s3", "Invalid keyId 'aws/s3'"},
		{ann, strings.ToUpper(keyID), "Invalid keyId '" + strings.ToUpper(keyID) + "'"},
		{ann, strings.Replace(keyARN, "0123", "9999", 1), "Key '" + strings.Replace(keyARN, "0123", "9999", 1) + "' does not exist"},
		{ann, strings.Replace(keyARN, "111111111111", "222222222222", 1), "Key '" + strings.Replace(keyARN, "111111111111", "222222222222", 1) + "' does not exist"},
		{ann, strings.Replace(keyARN, "eu-west-1", "us-west-2", 1), "Invalid arn us-west-2"},
		{ann, "arn:aws:s3:::b", "Invalid keyId 'arn:aws:s3:::b'"},
		{ann, "arn:aws:kms:eu-west-1:ann:key/" + keyID, "Invalid keyId 'arn:aws:kms:eu-west-1:ann:key/" + keyID + "'"},
	} {
		got, err := f.Resolve(t.Context(), c.as, c.ref)
		switch {
		case strings.HasPrefix(c.want, "arn:"):
			if err != nil || got.ARN() != c.want {
				t.Errorf("%s as %s: %v, %v", c.ref, c.as, got, err)
			}
		case !apierr.Is(err, CodeNotFound) || apierr.From(err).Message != c.want:
			t.Errorf("%s as %s: %v, want %q", c.ref, c.as, err, c.want)
		}
	}
}

// TestManagedKeyIsMadeOnce holds that an account has one managed key, whoever asks for it first.
func TestManagedKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var running sync.WaitGroup
	arns := make([]string, 8)
	refs := []string{"", "alias/aws/s3", "arn:aws:kms:eu-west-1:111111111111:alias/aws/s3", ""}
	for i := range arns {
		running.Go(func() {
			k, err := f.Resolve(t.Context(), ann, refs[i%len(refs)])
			if err != nil {
				t.Error(err)
				return
			}
			arns[i] = k.ARN()
		})
	}
	running.Wait()
	for _, got := range arns {
		if got != arns[0] {
			t.Errorf("got %v", arns)
		}
	}
	list, err := f.List(t.Context())
	if err != nil || len(list) != 1 || !list[0].Managed || !list[0].Enabled || list[0].Account != ann {
		t.Errorf("List: %+v, %v", list, err)
	}
	other, err := f.Resolve(t.Context(), bob, "")
	if err != nil || other.ARN() == arns[0] {
		t.Errorf("another account has the same key: %v, %v", other, err)
	}
}

func TestRotatedKeysOpenWhatTheySealed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, NewKey{Account: ann, ID: keyID})
	var sealed [][]byte
	for range 3 {
		s, err := f.Encrypt(t.Context(), keyARN, []byte("secret"), []byte("here"))
		if err != nil {
			t.Fatal(err)
		}
		sealed = append(sealed, s)
		if _, err := f.Rotate(t.Context(), keyID); err != nil {
			t.Fatal(err)
		}
		if err := f.box.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range sealed {
		if s[3] != byte(i) {
			t.Errorf("value %d is sealed under material %d", i, s[3])
		}
		if got, err := f.Decrypt(t.Context(), keyARN, s, []byte("here")); err != nil || string(got) != "secret" {
			t.Errorf("value %d: %q, %v", i, got, err)
		}
		if _, err := f.Decrypt(t.Context(), keyARN, s, []byte("there")); err != sse.ErrKey {
			t.Errorf("value %d in another context: %v", i, err)
		}
	}
	for _, bad := range [][]byte{nil, {0, 0}, {0, 0, 0, 99, 1}, append([]byte{0, 0, 0, 1}, sealed[0][4:]...)} {
		if _, err := f.Decrypt(t.Context(), keyARN, bad, []byte("here")); err != sse.ErrKey {
			t.Errorf("%x: %v", bad, err)
		}
	}
}

func TestDisabledKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, NewKey{Account: ann, ID: keyID})
	sealed, err := f.Encrypt(t.Context(), keyARN, []byte("secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := f.SetEnabled(t.Context(), keyARN, false); err != nil || k.Enabled {
		t.Fatalf("%+v, %v", k, err)
	}
	_, errEncrypt := f.Encrypt(t.Context(), keyARN, []byte("secret"), nil)
	_, errDecrypt := f.Decrypt(t.Context(), keyARN, sealed, nil)
	_, errRotate := f.Rotate(t.Context(), keyID)
	for _, err := range []error{errEncrypt, errDecrypt, errRotate} {
		if !apierr.Is(err, CodeDisabled) || apierr.From(err).Message != keyARN+" is disabled." {
			t.Errorf("got %v", err)
		}
	}
	if k, err := f.SetEnabled(t.Context(), keyID, true); err != nil || !k.Enabled {
		t.Fatalf("%+v, %v", k, err)
	}
	if got, err := f.Decrypt(t.Context(), keyARN, sealed, nil); err != nil || string(got) != "secret" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, NewKey{Account: ann, ID: keyID, Alias: "alias/a"})
	f.create(t, NewKey{Account: bob, Alias: "a"})
	for _, c := range []struct {
		n    NewKey
		code string
	}{
		{NewKey{Account: bob, ID: keyID}, CodeExists},
		{NewKey{Account: ann, Alias: "a"}, CodeExists},
		{NewKey{Account: "333333333333"}, CodeNotFound},
		{NewKey{Account: ann, ID: "k"}, CodeInvalid},
		{NewKey{Account: ann, Alias: "aws/s3"}, CodeInvalid},
		{NewKey{Account: ann, Alias: "alias/"}, CodeInvalid},
		{NewKey{Account: ann, Alias: "a b"}, CodeInvalid},
		{NewKey{Account: ann, Policy: "{}"}, CodeInvalid},
		{NewKey{Account: ann, Policy: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/nobody"},"Action":"kms:*","Resource":"*"}}`}, CodeInvalid},
	} {
		if k, err := f.Create(t.Context(), c.n); !apierr.Is(err, c.code) {
			t.Errorf("%+v: %v, %v, want %s", c.n, k, err, c.code)
		}
	}
	if list, err := f.List(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("%d keys, %v", len(list), err)
	}
}

// TestMaterialIsSealed holds that the store has no material in the clear, and none that opens for another key.
func TestMaterialIsSealed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, NewKey{Account: ann, ID: keyID})
	err := f.store.View(t.Context(), func(r meta.Reader) error {
		record, err := find(r, keyID)
		if err != nil {
			return err
		}
		material, err := f.material(record, 0)
		if err != nil {
			return err
		}
		if value, err := r.Get(keys.KMSKey(keyID)); err != nil || bytes.Contains(value, material) {
			t.Errorf("the record holds the material, %v", err)
		}
		record.Id = strings.Replace(keyID, "0", "1", 1)
		if _, err := f.material(record, 0); !errors.Is(err, meta.ErrCorrupt) {
			t.Errorf("material of another key: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestPolicies holds whom the key policies let use a key, beside the identity policies of its account.
//
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
func TestPolicies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	plain := f.create(t, NewKey{Account: ann})
	shared := f.create(t, NewKey{Account: ann, Policy: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"kms:Decrypt","Resource":"*"}}`})
	managed, err := f.Resolve(t.Context(), ann, "")
	if err != nil {
		t.Fatal(err)
	}
	allow, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	user := func(account ids.AccountID) *policy.Principal {
		return &policy.Principal{Kind: policy.User, Account: account, ARN: "arn:aws:iam::" + string(account) + ":user/u", EntityARN: "arn:aws:iam::" + string(account) + ":user/u"}
	}
	root := func(account ids.AccountID) *policy.Principal {
		return &policy.Principal{Kind: policy.Root, Account: account, ARN: "arn:aws:iam::" + string(account) + ":root"}
	}
	for _, c := range []struct {
		what   string
		k      *Key
		who    *policy.Principal
		says   bool // an identity policy allows
		action string
		via    string
		want   bool
	}{
		{"a user whose policy says so", plain, user(ann), true, "kms:Decrypt", "", true},
		{"a user of whom nothing says so", plain, user(ann), false, "kms:Decrypt", "", false},
		{"the root user", plain, root(ann), false, "kms:GenerateDataKey", "", true},
		{"another account", plain, user(bob), true, "kms:Decrypt", "", false},
		{"another account's root user", plain, root(bob), true, "kms:Decrypt", "", false},
		{"the account that the key policy names", shared, user(bob), true, "kms:Decrypt", "", true},
		{"a user of it of whom nothing says so", shared, user(bob), false, "kms:Decrypt", "", false},
		{"what the key policy does not say", shared, user(bob), true, "kms:GenerateDataKey", "", false},
		{"the own account, which the key policy leaves out", shared, user(ann), true, "kms:Decrypt", "", false},
		{"its root user", shared, root(ann), false, "kms:Decrypt", "", false},
		{"the managed key through S3", managed, user(ann), false, "kms:GenerateDataKey", ViaService("eu-west-1"), true},
		{"the managed key through S3 elsewhere", managed, user(ann), true, "kms:GenerateDataKey", ViaService("eu-west-2"), false},
		{"the managed key directly", managed, user(ann), true, "kms:Decrypt", "", false},
		{"the managed key of another account", managed, user(bob), true, "kms:Decrypt", ViaService("eu-west-1"), false},
		{"the managed key without an account", managed, &policy.Principal{}, false, "kms:Decrypt", ViaService("eu-west-1"), false},
	} {
		var keys policy.Context
		if c.who.Account != "" {
			keys.Set("kms:CallerAccount", string(c.who.Account))
		}
		if c.via != "" {
			keys.Set("kms:ViaService", c.via)
		}
		in := authz.Input{
			Request: policy.Request{Action: c.action, Resource: c.k.ARN(), Principal: c.who, Context: &keys},
			Owner:   c.k.Account, Resource: c.k.Policy(), MustTrust: true,
		}
		if in.Resource.Fault != nil {
			t.Fatal(in.Resource.Fault)
		}
		if c.says {
			in.Identity = authz.Layer{{Name: "identity", Document: allow}}
		}
		d := authz.Decide(&in)
		if d.Allowed() != c.want || !d.Allowed() && d.By.Layer == authz.TrustPolicy {
			t.Errorf("%s: %v by %v", c.what, d.Effect, d.By.Layer)
		}
	}
}
