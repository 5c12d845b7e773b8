package oidcissuer

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// TestTokensVerify: a token verifies with the key that the issuer serves, and with no other.
func TestTokensVerify(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.ES384, jose.ES512} {
		i, err := Start(Options{Path: "/auth/realms/demo", Host: "localhost", Algorithm: algorithm})
		if err != nil {
			t.Fatal(err)
		}
		defer i.Close()
		token, err := i.Token(map[string]any{"sub": "ann", "iat": nil})
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Issuer string `json:"issuer"`
			JWKS   string `json:"jwks_uri"`
		}
		get(t, i.URL+discovery, &document)
		var set jose.JSONWebKeySet
		get(t, document.JWKS, &set)
		signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{algorithm})
		if err != nil {
			t.Fatal(err)
		}
		payload, err := signed.Verify(set.Keys[0])
		if err != nil || document.Issuer != i.URL || i.Asked() != 1 {
			t.Errorf("%s: %v, document %+v, asked %d", algorithm, err, document, i.Asked())
		}
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil || claims["iss"] != i.URL || claims["sub"] != "ann" || claims["iat"] != nil {
			t.Errorf("claims %v (%v)", claims, err)
		}
		if err := i.Rotate(); err != nil {
			t.Fatal(err)
		}
		next := i.Key()
		if _, err := signed.Verify(next.Public()); err == nil || next.KeyID == set.Keys[0].KeyID {
			t.Error("the key is the same after a rotation")
		}
	}
}

func get(t *testing.T, url string, document any) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(document); err != nil {
		t.Fatal(err)
	}
}
