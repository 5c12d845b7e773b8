package sse

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

// oneKMS has one KMS key, whatever it is asked for.
type oneKMS [KeySize]byte

func (k *oneKMS) Encrypt(_ context.Context, _ string, secret, context []byte) ([]byte, error) {
	return Wrap(k[:], secret, context)
}

func (k *oneKMS) Decrypt(_ context.Context, _ string, sealed, context []byte) ([]byte, error) {
	return Unwrap(k[:], sealed, context)
}

func testKeyring(t *testing.T) *Keyring {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	k := new(oneKMS)
	rand.Read(k[:])
	return &Keyring{Master: box, KMS: k}
}

func customer(t *testing.T, fill byte) *CustomerKey {
	t.Helper()
	k, ok := NewCustomerKey(bytes.Repeat([]byte{fill}, KeySize))
	if !ok {
		t.Fatal("no key")
	}
	return k
}

var here = Place{keys.BucketID{1}, "a/key"}

// ways are the ways in which an object can be encrypted.
func ways(t *testing.T) map[string]struct {
	e *records.Encryption
	c *CustomerKey
} {
	return map[string]struct {
		e *records.Encryption
		c *CustomerKey
	}{
		"SSE-S3":   {e: &records.Encryption{Algorithm: AES256}},
		"SSE-KMS":  {e: &records.Encryption{Algorithm: KMS, KmsKeyId: "arn:k", Context: "e30="}},
		"DSSE-KMS": {e: &records.Encryption{Algorithm: DSSE, KmsKeyId: "arn:k"}},
		"SSE-C":    {e: &records.Encryption{Algorithm: AES256}, c: customer(t, 1)},
	}
}

func TestKeyringOpensWhatItSealed(t *testing.T) {
	t.Parallel()
	for name, way := range ways(t) {
		r := testKeyring(t)
		k, err := r.Draw(t.Context(), way.e, way.c, here)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := r.Open(t.Context(), way.e, way.c, here)
		if err != nil || fmt.Sprint(got.secrets) != fmt.Sprint(k.secrets) {
			t.Errorf("%s: %v", name, err)
		}
		if wire, err := proto.Marshal(way.e); err != nil || bytes.Contains(wire, k.secrets[0][:]) {
			t.Errorf("%s: the record holds the key, %v", name, err)
		}
	}
}

// TestSealedKeysAreBound holds that a sealed content key opens nowhere but where it was sealed for, and for
// nothing but the encryption that it was sealed for.
func TestSealedKeysAreBound(t *testing.T) {
	t.Parallel()
	changes := map[string]func(e *records.Encryption, p *Place){
		"bucket":            func(_ *records.Encryption, p *Place) { p.Bucket[0] ^= 1 },
		"key":               func(_ *records.Encryption, p *Place) { p.Key += "2" },
		"context":           func(e *records.Encryption, _ *Place) { e.Context += "x" },
		"KMS key":           func(e *records.Encryption, _ *Place) { e.KmsKeyId += "2" },
		"sealed":            func(e *records.Encryption, _ *Place) { e.SealedKey[len(e.SealedKey)/2] ^= 1 },
		"unknown algorithm": func(e *records.Encryption, _ *Place) { e.Algorithm = "ROT13" },
		"no sealed":         func(e *records.Encryption, _ *Place) { e.SealedKey = nil },
		"algorithm": func(e *records.Encryption, _ *Place) {
			e.Algorithm = map[string]string{AES256: KMS, KMS: DSSE, DSSE: KMS}[e.Algorithm]
		},
	}
	for name, way := range ways(t) {
		for what, change := range changes {
			r := testKeyring(t)
			if _, err := r.Draw(t.Context(), way.e, way.c, here); err != nil {
				t.Fatal(err)
			}
			e, p := proto.CloneOf(way.e), here
			change(e, &p)
			if _, err := r.Open(t.Context(), e, way.c, p); !errors.Is(err, meta.ErrCorrupt) {
				t.Errorf("%s with another %s: %v", name, what, err)
			}
		}
	}
}

func TestLayersAreSealedApart(t *testing.T) {
	t.Parallel()
	r := testKeyring(t)
	e := &records.Encryption{Algorithm: DSSE, KmsKeyId: "arn:k"}
	if _, err := r.Draw(t.Context(), e, nil, here); err != nil {
		t.Fatal(err)
	}
	e.SealedOuterKey[0] ^= 1
	if _, err := r.Open(t.Context(), e, nil, here); !errors.Is(err, meta.ErrCorrupt) {
		t.Errorf("another outer key: %v", err)
	}
}

func TestCustomerKeys(t *testing.T) {
	t.Parallel()
	r := testKeyring(t)
	e := &records.Encryption{Algorithm: AES256}
	if _, err := r.Draw(t.Context(), e, customer(t, 1), here); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Open(t.Context(), e, nil, here); err != ErrCustomerKeyNeeded {
		t.Errorf("without the key: %v", err)
	}
	if _, err := r.Open(t.Context(), e, customer(t, 2), here); err != ErrCustomerKeyWrong {
		t.Errorf("with another key: %v", err)
	}
	plain := &records.Encryption{Algorithm: AES256}
	if _, err := r.Draw(t.Context(), plain, nil, here); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Open(t.Context(), plain, customer(t, 1), here); err != ErrCustomerKeyWrong {
		t.Errorf("with a key that is not needed: %v", err)
	}
	for _, size := range []int{0, 16, 31, 33} {
		if _, ok := NewCustomerKey(make([]byte, size)); ok {
			t.Errorf("a key of %d bytes is accepted", size)
		}
	}
}

func TestKeyringRefuses(t *testing.T) {
	t.Parallel()
	r := testKeyring(t)
	for _, e := range []*records.Encryption{{}, {Algorithm: "aws:fsx"}, {Algorithm: "aes256"}} {
		if _, err := r.Draw(t.Context(), e, nil, here); err == nil {
			t.Errorf("%s is accepted", e.Algorithm)
		}
	}
	if _, err := r.Draw(t.Context(), &records.Encryption{Algorithm: KMS}, customer(t, 1), here); err == nil {
		t.Error("a customer's key goes with KMS")
	}
	asked := &records.Encryption{Algorithm: AES256, CustomerMd5: customer(t, 1).MD5()}
	if _, err := r.Draw(t.Context(), asked, nil, here); err != ErrCustomerKeyNeeded {
		t.Errorf("a customer's key that is asked for and does not come: %v", err)
	}
	if _, err := r.Draw(t.Context(), asked, customer(t, 2), here); err != ErrCustomerKeyWrong {
		t.Errorf("another customer's key than is asked for: %v", err)
	}
	r.KMS = nil
	if _, err := r.Draw(t.Context(), &records.Encryption{Algorithm: KMS}, nil, here); err == nil {
		t.Error("KMS without KMS is accepted")
	}
}

func TestSecretsPrintRedacted(t *testing.T) {
	t.Parallel()
	k, err := NewKey(bytes.NewReader(bytes.Repeat([]byte{7}, KeySize)), 1)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s %v", k, k, k, k, customer(t, 7)); strings.Contains(text, "7") {
		t.Errorf("printed %s", text)
	}
}

// FuzzUnwrap holds that nothing but what Wrap made opens: what is given is no sealed secret, and neither is
// one that it was laid over.
func FuzzUnwrap(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 1})
	f.Add(bytes.Repeat([]byte{1}, wrapSalt+6+16))
	f.Fuzz(func(t *testing.T, b []byte) {
		key := bytes.Repeat([]byte{3}, KeySize)
		if secret, err := Unwrap(key, b, []byte("context")); err != ErrKey {
			t.Errorf("opened as %q, %v", secret, err)
		}
		sealed, err := Wrap(key, []byte("secret"), []byte("context"))
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Clone(sealed)
		for i := range changed {
			if i < len(b) {
				changed[i] ^= b[i]
			}
		}
		secret, err := Unwrap(key, changed, []byte("context"))
		if same := bytes.Equal(changed, sealed); same != (err == nil) || same && string(secret) != "secret" {
			t.Errorf("changed by %x: %q, %v", b, secret, err)
		}
	})
}

// TestLayersDoNotUndoEachOther holds that content in two layers is encrypted even under two times the same
// secret.
func TestLayersDoNotUndoEachOther(t *testing.T) {
	t.Parallel()
	k, err := NewKey(bytes.NewReader(bytes.Repeat([]byte{7}, 2*KeySize)), 2)
	if err != nil {
		t.Fatal(err)
	}
	run, err := k.Run(make([]byte, SaltSize))
	if err != nil {
		t.Fatal(err)
	}
	content := []byte("content that is long enough")
	if bytes.Contains(run.Seal(content), content[:8]) {
		t.Error("the two layers cancel each other")
	}
}
