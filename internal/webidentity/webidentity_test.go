package webidentity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"crossgrant/internal/apierr"
	"crossgrant/test/oidcissuer"
)

// world is a verifier and an issuer that it knows, with one clock.
type world struct {
	*testing.T
	*Verifier
	issuer   *oidcissuer.Issuer
	provider *Provider

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T, algorithm jose.SignatureAlgorithm) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	w.Verifier = New(Options{Now: w.clock})
	issuer, err := oidcissuer.Start(oidcissuer.Options{Path: "/realm", Algorithm: algorithm, Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { issuer.Close() })
	w.issuer = issuer
	w.provider = &Provider{Account: "111111111111", URL: issuer.URL, ClientIDs: []string{"app", "other"}}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// token mints a token for app.
func (w *world) token(claims map[string]any) string {
	w.Helper()
	all := map[string]any{"sub": "ann", "aud": "app"}
	maps.Copy(all, claims)
	token, err := w.issuer.Token(all)
	if err != nil {
		w.Fatal(err)
	}
	return token
}

// sign signs claims with another key or header than the issuer's.
func (w *world) sign(key any, id string, algorithm jose.SignatureAlgorithm, claims map[string]any) string {
	w.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		w.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		w.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		w.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		w.Fatal(err)
	}
	return token
}

func (w *world) verify(text string) (*Claims, error) {
	token, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return w.Verify(context.Background(), token, w.provider)
}

func (w *world) refused(text, want string) {
	w.Helper()
	if c, err := w.verify(text); code(err) != want {
		w.Errorf("got %v and %v (%v)\nwant %s", c, code(err), err, want)
	}
}

func code(err error) string {
	var e *apierr.Error
	if errors.As(err, &e) {
		return e.Code + ": " + e.Message
	}
	return fmt.Sprint(err)
}

const (
	notJWT      = "InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	noKey       = "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
	wrongKey    = "InvalidIdentityToken: The signature of the token is not valid."
	audience    = "InvalidIdentityToken: Incorrect token audience"
	unreachable = "IDPCommunicationError: The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming identity token could not be reached."
	otherIssuer = "InvalidIdentityToken: The issuer of the token is not the provider."
)

func TestVerify(t *testing.T) {
	t.Parallel()
	for _, algorithm := range algorithms {
		t.Run(string(algorithm), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, algorithm)
			c, err := w.verify(w.token(map[string]any{
				"azp": "other", "email": "ann@example.com", "amr": []string{"pwd", "otp"}, "n": 7, "b": true, "o": map[string]any{},
				"https://aws.amazon.com/source_identity": "ann",
				"https://aws.amazon.com/tags": map[string]any{
					"principal_tags": map[string]any{"Project": []string{"Automation"}, "Team": "red"}, "transitive_tag_keys": []string{"Project"},
				},
				"https://aws.amazon.com/tags/principal_tags/Flat": "f", "https://aws.amazon.com/tags/transitive_tag_keys": []string{"Flat"},
			}))
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string][]string{
				"email": {"ann@example.com"}, "amr": {"pwd", "otp"}, "n": {"7"}, "b": {"true"}, "o": nil, "none": nil, "aud": {"app"}, "EMAIL": nil,
			} {
				if got := c.Values(name); !reflect.DeepEqual(got, want) {
					t.Errorf("%s is %v", name, got)
				}
			}
			c.all = nil
			want := &Claims{
				Subject: "ann", Audience: "other", OriginalAudience: []string{"app"}, SourceIdentity: "ann",
				Tags: []Tag{{"Flat", "f"}, {"Project", "Automation"}, {"Team", "red"}}, TransitiveTagKeys: []string{"Project", "Flat"},
			}
			if !reflect.DeepEqual(c, want) {
				t.Errorf("got %+v", c)
			}
		})
	}
}

// TestClaims: each rule of what a token has to say, broken once.
func TestClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	at := w.now.Unix()
	tags := func(value any) map[string]any { return map[string]any{"https://aws.amazon.com/tags": value} }
	const badTags = "InvalidIdentityToken: The claim https://aws.amazon.com/tags is not valid."
	for name, c := range map[string]struct {
		claims map[string]any
		want   string
	}{
		"nothing else":             {nil, "<nil>"},
		"audience of several":      {map[string]any{"aud": []string{"x", "other"}}, "<nil>"},
		"another audience":         {map[string]any{"aud": "x"}, audience},
		"audience in another case": {map[string]any{"aud": "App"}, audience},
		"no audience":              {map[string]any{"aud": nil}, "InvalidIdentityToken: Missing a required claim: aud"},
		"empty audience":           {map[string]any{"aud": ""}, "InvalidIdentityToken: Missing a required claim: aud"},
		"no list of audiences":     {map[string]any{"aud": []any{"app", 1}}, "InvalidIdentityToken: Missing a required claim: aud"},
		"azp wins":                 {map[string]any{"azp": "x"}, audience},
		"azp is enough":            {map[string]any{"aud": "x", "azp": "app"}, "<nil>"},
		"azp is no text":           {map[string]any{"azp": []string{"app"}}, "InvalidIdentityToken: The claim azp is not valid."},
		"no subject":               {map[string]any{"sub": nil}, "InvalidIdentityToken: Missing a required claim: sub"},
		"subject is no text":       {map[string]any{"sub": 7}, "InvalidIdentityToken: The claim sub is not valid."},
		"long subject":             {map[string]any{"sub": strings.Repeat("ä", 256)}, "InvalidIdentityToken: The claim sub is not valid."},
		"expired":                  {map[string]any{"exp": at}, fmt.Sprintf("ExpiredTokenException: Token expired: current date/time %d must be before the expiration date/time %d", at, at)},
		"a second left":            {map[string]any{"exp": float64(at) + 1.5}, "<nil>"},
		"no end":                   {map[string]any{"exp": nil}, "InvalidIdentityToken: Missing a required claim: exp"},
		"end is text":              {map[string]any{"exp": "9999999999"}, "InvalidIdentityToken: The claim exp is not valid."},
		"end is huge":              {map[string]any{"exp": 1e300}, "InvalidIdentityToken: The claim exp is not valid."},
		"not issued":               {map[string]any{"iat": nil}, "InvalidIdentityToken: Missing a required claim: iat"},
		"issued a minute ahead":    {map[string]any{"iat": at + 60}, "<nil>"},
		"issued in the future":     {map[string]any{"iat": at + 61}, "InvalidIdentityToken: The token was issued in the future."},
		"not before a minute":      {map[string]any{"nbf": at + 60}, "<nil>"},
		"not yet":                  {map[string]any{"nbf": at + 61}, "InvalidIdentityToken: The token is not valid yet."},
		"another issuer":           {map[string]any{"iss": "https://idp.example.com"}, otherIssuer},
		"issuer with a slash":      {map[string]any{"iss": w.issuer.URL + "/"}, otherIssuer},
		"no issuer":                {map[string]any{"iss": nil}, "InvalidIdentityToken: Missing a required claim: iss"},
		"issuer by another name":   {map[string]any{"iss": nil, "ISS": w.issuer.URL}, "InvalidIdentityToken: Missing a required claim: iss"},
		"tags are no object":       {tags("x"), badTags},
		"tag of two values":        {tags(map[string]any{"principal_tags": map[string]any{"k": []string{"a", "b"}}}), badTags},
		"tag of no value":          {tags(map[string]any{"principal_tags": map[string]any{"k": []string{}}}), badTags},
		"unknown member":           {tags(map[string]any{"other": 1}), badTags},
		"source identity":          {map[string]any{"https://aws.amazon.com/source_identity": 1}, "InvalidIdentityToken: The claim https://aws.amazon.com/source_identity is not valid."},
	} {
		t.Run(name, func(t *testing.T) {
			token, err := Parse(w.token(c.claims))
			if err == nil {
				_, err = w.Verify(context.Background(), token, w.provider)
			}
			if code(err) != c.want {
				t.Errorf("got  %v (%v)\nwant %s", code(err), err, c.want)
			}
		})
	}
}

// TestNoAudience: a provider without client IDs takes no token.
func TestNoAudience(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.provider.ClientIDs = nil
	w.refused(w.token(map[string]any{"aud": "x"}), audience)
	w.refused(w.token(map[string]any{"aud": []string{"x", "y"}, "azp": "z"}), audience)
	w.refused(w.token(map[string]any{"aud": nil}), "InvalidIdentityToken: Missing a required claim: aud")
}

// TestSignatures: what the issuer's key has not signed is refused, whatever the token says of keys and
// algorithms.
func TestSignatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	claims := map[string]any{"iss": w.issuer.URL, "sub": "ann", "aud": "app", "iat": w.now.Unix(), "exp": w.now.Unix() + 60}
	key := w.issuer.Key()
	other, err := oidcissuer.Start(oidcissuer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	w.refused(w.sign(other.Key().Key, key.KeyID, jose.RS256, claims), wrongKey)
	w.refused(w.sign(other.Key().Key, "elsewhere", jose.RS256, claims), noKey)
	w.refused(w.sign(key.Key, key.KeyID, jose.RS256, claims), "<nil>")
	w.refused(w.sign(key.Key, "", jose.RS256, claims), "<nil>") // the only key
	// An algorithm that the key is not for, or that nobody may use.
	w.refused(w.sign(key.Key, key.KeyID, jose.RS384, claims), noKey)
	w.refused(w.sign(key.Key, key.KeyID, jose.PS256, claims), notJWT)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.refused(w.sign(ec, key.KeyID, jose.ES256, claims), noKey)
	// The public key as a secret.
	public := key.Public()
	text, err := public.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	w.refused(w.sign(text, key.KeyID, jose.HS256, claims), notJWT)
	// No signature at all.
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	for _, alg := range []string{"none", "None", "NONE", ""} {
		w.refused(part(map[string]any{"alg": alg, "kid": key.KeyID})+"."+part(claims)+".", notJWT)
	}
	good := w.token(nil)
	parts := strings.Split(good, ".")
	w.refused(parts[0]+"."+part(claims)+"."+parts[2], wrongKey)
	w.refused(parts[0]+"."+parts[1]+".", wrongKey)
	for _, text := range []string{"", "abcdef", "a.b.c", parts[0] + "." + parts[1], good + ".x", "{}", part([]int{1}) + "." + parts[1] + "." + parts[2]} {
		w.refused(text, notJWT)
	}
	for _, payload := range []string{"[]", "null", "{}x", "1"} {
		w.refused(parts[0]+"."+base64.RawURLEncoding.EncodeToString([]byte(payload))+"."+parts[2], notJWT)
	}
	// Keys that the token brings along, and places where there are keys, are of no interest.
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: other.Key().Key},
		new(jose.SignerOptions).WithHeader("jku", other.URL+"/keys").WithHeader("kid", key.KeyID))
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	w.refused(forged, wrongKey)
	if other.Asked() != 0 {
		t.Error("the keys of another issuer were fetched")
	}
}

// FuzzParse: nothing that is not signed is let in, and nothing makes the reader panic.
func FuzzParse(f *testing.F) {
	issuer, err := oidcissuer.Start(oidcissuer.Options{})
	if err != nil {
		f.Fatal(err)
	}
	defer issuer.Close()
	token, err := issuer.Token(map[string]any{"sub": "ann", "aud": "app"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		if token, err := Parse(text); err == nil && token.Issuer == "" {
			t.Error("there is no issuer")
		}
	})
}

// FuzzRead: claims of any form are judged without a panic, and what is let in says what it has to.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"iss":"https://i","sub":"s","aud":["a"],"azp":"a","iat":1,"exp":99999999999,"https://aws.amazon.com/tags":{"principal_tags":{"k":["v"]},"transitive_tag_keys":["k"]}}`))
	p := &Provider{URL: "https://i", ClientIDs: []string{"a"}}
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := read(payload, p, time.Unix(1000, 0))
		if err == nil && (c.Subject == "" || c.Audience != "a" || len(c.OriginalAudience) == 0) {
			t.Errorf("read %+v", c)
		}
	})
}
