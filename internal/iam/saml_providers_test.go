package iam

import (
	"testing"

	"crossgrant/internal/saml/samltest"
)

// TestEndOfMetadata: a document that ends in a year that records cannot keep is not one that ends another time.
func TestEndOfMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	idp, err := samltest.New("https://idp.example.com/saml")
	w.must(err)
	for until, want := range map[string]int{"9999-12-31T23:59:59Z": 2262, "1001-01-01T00:00:00Z": 1970, "2030-01-02T03:04:05Z": 2030} {
		p, err := w.CreateSAMLProvider(w.ctx, accountA, NewSAMLProvider{Name: until[:4], Metadata: idp.Metadata(until)})
		w.must(err)
		if p.ValidUntil.Year() != want {
			t.Errorf("%s: valid until %s", until, p.ValidUntil)
		}
	}
}
