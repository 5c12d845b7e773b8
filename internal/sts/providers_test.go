package sts

import (
	"context"
	"errors"
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/saml/samltest"
)

// TestProviders: providers are found in open accounts, by what they are registered as. A private key that
// cannot be opened is an error, and not a provider without it.
func TestProviders(t *testing.T) {
	t.Parallel()
	s := newService(t)
	idp, err := samltest.New("https://idp.example.com/saml")
	if err != nil {
		t.Fatal(err)
	}
	// The document itself, which may be large, is not read.
	corp := &records.SAMLProvider{
		Name: "Corp", Id: "ID", Metadata: "<", EntityId: idp.EntityID, Certificates: [][]byte{idp.Certificate.Raw}, EncryptionMode: "Required",
	}
	err = s.store.Update(context.Background(), func(tx meta.Tx) error {
		oidc := &records.OIDCProvider{Url: "https://idp.example.com/x", ClientIds: []string{"app"}, Thumbprints: []string{"aa"}}
		return errors.Join(
			records.Put(tx, keys.OIDCProvider(account, "idp.example.com/x"), oidc), records.Put(tx, keys.OIDCProvider(closed, "idp.example.com/x"), oidc),
			records.Put(tx, keys.SAMLProvider(account, "Corp"), corp), records.Put(tx, keys.SAMLProvider(closed, "Corp"), corp),
			records.Put(tx, keys.SAMLProvider(account, "bad"), &records.SAMLProvider{Metadata: idp.Metadata("")}),
			records.Put(tx, keys.SAMLProvider(account, "locked"), &records.SAMLProvider{
				EntityId: idp.EntityID, Certificates: corp.Certificates, PrivateKeys: []*records.SAMLPrivateKey{{Id: "K", Sealed: []byte("no seal")}},
			}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	p, err := s.OIDCProvider(ctx, account, "https://idp.example.com/x")
	if err != nil || p == nil || p.Account != account || p.URL != "https://idp.example.com/x" || len(p.ClientIDs) != 1 || len(p.Thumbprints) != 1 {
		t.Errorf("got %+v (%v)", p, err)
	}
	for _, issuer := range []string{"http://idp.example.com/x", "idp.example.com/x", "https://idp.example.com/x/", "https://idp.example.com", ""} {
		if p, err := s.OIDCProvider(ctx, account, issuer); p != nil || err != nil {
			t.Errorf("%q is %+v (%v)", issuer, p, err)
		}
	}
	found, err := s.SAMLProvider(ctx, account, "Corp")
	if err != nil || found == nil || found.ID != "ID" || !found.Encrypted || found.Metadata.EntityID != "https://idp.example.com/saml" {
		t.Errorf("got %+v (%v)", found, err)
	}
	if p, err := s.SAMLProvider(ctx, account, "corp"); p != nil || err != nil {
		t.Errorf("got %+v (%v)", p, err)
	}
	for _, other := range []ids.AccountID{closed, "999999999999"} {
		p, err := s.OIDCProvider(ctx, other, "https://idp.example.com/x")
		q, err2 := s.SAMLProvider(ctx, other, "Corp")
		if p != nil || q != nil || err != nil || err2 != nil {
			t.Errorf("account %s has %+v, %+v (%v, %v)", other, p, q, err, err2)
		}
	}
	for _, name := range []string{"bad", "locked"} {
		if p, err := s.SAMLProvider(ctx, account, name); p != nil || err == nil {
			t.Errorf("%s is %+v", name, p)
		}
	}
}
