package webidentity

import (
	"context"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// TestRotation: a key that is not known is asked for once, and not again for a while, however many tokens name
// it; keys are asked for anew when they are old.
func TestRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	asked := func(want int) {
		t.Helper()
		if got := w.issuer.Asked(); got != want {
			t.Errorf("the keys were fetched %d times, want %d", got, want)
		}
	}
	before := w.token(nil)
	for range 3 {
		w.refused(before, "<nil>")
	}
	asked(1)
	if err := w.issuer.Rotate(); err != nil {
		t.Fatal(err)
	}
	after := w.token(nil)
	for range 3 {
		w.refused(after, noKey)
	}
	asked(1)
	w.pass(unknownWait)
	w.refused(after, "<nil>")
	w.refused(before, noKey)
	w.refused(before, noKey)
	asked(2)
	w.pass(maxAge - time.Second)
	after = w.token(nil)
	w.refused(after, "<nil>")
	asked(2)
	w.pass(time.Second)
	w.refused(after, "<nil>")
	asked(3)
	// Another account's fetches are its own.
	theirs := *w.provider
	theirs.Account = "222222222222"
	token, err := Parse(after)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Verify(context.Background(), token, &theirs); err != nil {
		t.Error(err)
	}
	asked(4)
}

// TestSharedFetch: requests at the same time wait for one fetch.
func TestSharedFetch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	token := w.token(nil)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if _, err := w.verify(token); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := w.issuer.Asked(); got != 1 {
		t.Errorf("the keys were fetched %d times", got)
	}
}

// TestManyIssuers: what is remembered is bounded.
func TestManyIssuers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	for n := range maxIssuers + 10 {
		w.Verifier.issuer(&Provider{URL: fmt.Sprint("https://idp.example.com/", n)})
		w.pass(time.Second)
	}
	if n := len(w.issuers); n != maxIssuers {
		t.Errorf("%d issuers", n)
	}
	if w.issuers["\x00https://idp.example.com/0"] != nil || w.issuers[fmt.Sprint("\x00https://idp.example.com/", maxIssuers+9)] == nil {
		t.Error("not the oldest were forgotten")
	}
}

// TestIssuers: what an issuer may answer, and how long it is left alone when it answers something else.
func TestIssuers(t *testing.T) {
	t.Parallel()
	// elsewhere would serve what a redirection or a key set at a wrong place leads to.
	elsewhere := newWorld(t, "")
	for name, c := range map[string]struct {
		serve func(w http.ResponseWriter, r *http.Request, good http.Handler)
		want  string
	}{
		"good":      {func(w http.ResponseWriter, r *http.Request, good http.Handler) { good.ServeHTTP(w, r) }, "<nil>"},
		"error":     {func(w http.ResponseWriter, r *http.Request, _ http.Handler) { w.WriteHeader(503) }, unreachable},
		"not found": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) { w.WriteHeader(404) }, noKey},
		"redirection": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			http.Redirect(w, r, elsewhere.issuer.URL+r.URL.Path, http.StatusFound)
		}, noKey},
		"too large": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			fmt.Fprint(w, `{"a":"`, strings.Repeat("x", maxKeySet), `"}`)
		}, noKey},
		"no JSON": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) { fmt.Fprint(w, "<html>") }, noKey},
		"slow":    {func(w http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }, unreachable},
		"another issuer": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			fmt.Fprintf(w, `{"issuer":"https://idp.example.com","jwks_uri":"http://%s/keys"}`, r.Host)
		}, noKey},
		"keys elsewhere": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			fmt.Fprintf(w, `{"issuer":"http://%s","jwks_uri":"http://192.0.2.1/keys"}`, r.Host)
		}, noKey},
		"keys of another service on this machine": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			fmt.Fprintf(w, `{"issuer":"http://%s","jwks_uri":"%s"}`, r.Host, elsewhere.issuer.URL+"/keys")
		}, noKey},
		"keys in a file": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			fmt.Fprintf(w, `{"issuer":"http://%s","jwks_uri":"file:///etc/passwd"}`, r.Host)
		}, noKey},
		"no keys": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			fmt.Fprintf(w, `{"issuer":"http://%s","jwks_uri":"http://%s/","keys":[]}`, r.Host, r.Host)
		}, noKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "")
			if name == "slow" {
				w.timeout = 300 * time.Millisecond // of the others none is to be taken for it
			}
			var count atomic.Int32
			server := httptest.NewUnstartedServer(nil)
			key := w.issuer.Key()
			good := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "openid-configuration") {
					fmt.Fprintf(rw, `{"issuer":%q,"jwks_uri":%q}`, server.URL, server.URL+"/keys")
					return
				}
				_ = json.NewEncoder(rw).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
			})
			server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				count.Add(1)
				c.serve(rw, r, good)
			})
			server.Start()
			defer server.Close()
			w.provider.URL = server.URL
			token := w.token(map[string]any{"iss": server.URL, "exp": w.now.Add(time.Hour).Unix()})
			w.refused(token, c.want)
			w.refused(token, c.want)
			first := count.Load()
			if c.want != "<nil>" && first > 2 {
				t.Errorf("asked %d times at once", first)
			}
			w.pass(failureWait)
			w.refused(token, c.want)
			if c.want != "<nil>" && count.Load() == first {
				t.Error("never asked again")
			}
		})
	}
	if elsewhere.issuer.Asked() != 0 {
		t.Error("a redirection was followed, or an address of another service")
	}
}

// TestKeySets: which keys of a set can be used.
func TestKeySets(t *testing.T) {
	t.Parallel()
	rsaKey, ecKey := newWorld(t, "").issuer.Key(), newWorld(t, jose.ES256).issuer.Key()
	const weak = `{"kty":"RSA","kid":"weak","e":"AQAB","n":"AQAB"}`
	const secret = `{"kty":"oct","kid":"s","k":"AAAA"}`
	text := func(k jose.JSONWebKey, change ...string) string {
		b, err := k.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		return strings.NewReplacer(change...).Replace(string(b))
	}
	r, e := text(rsaKey.Public()), text(ecKey.Public())
	for set, want := range map[string]int{
		r: 1, r + "," + e: 2, r + "," + secret + "," + weak + `,{"kty":"new"}`: 1, secret: 0, weak: 0,
		text(rsaKey.Public(), `"use":"sig"`, `"use":"enc"`):                 0,
		text(rsaKey.Public(), `"use":"sig",`, ``):                           1,
		strings.TrimSuffix(strings.Repeat(r+",", 100), ","):                 100,
		strings.TrimSuffix(strings.Repeat(r+",", 101), ","):                 0,
		strings.TrimSuffix(strings.Repeat(e+",", 101), ","):                 0,
		strings.Repeat(r+",", 99) + r + "," + strings.Repeat(e+",", 99) + e: 200,
	} {
		keys, err := readKeys([]byte(`{"keys":[` + set + `]}`))
		if len(keys) != want || (err == nil) != (want > 0) {
			t.Errorf("%.80s: %d keys (%v), want %d", set, len(keys), err, want)
		}
	}
	// Two keys of one ID, and tokens that name none of several, tell not which key it is.
	i := &issuer{keys: []jose.JSONWebKey{{Key: rsaKey.Public().Key, KeyID: "a"}, {Key: rsaKey.Public().Key, KeyID: "a"}, {Key: ecKey.Public().Key, KeyID: "a"}}}
	if i.find("a", "RS256") != nil || i.find("", "ES256") != nil || i.find("a", "ES256") == nil || i.find("a", "ES384") != nil {
		t.Error("a wrong key was found")
	}
}

// TestCertificates: a certificate is trusted that an authority vouches for, or that has a thumbprint.
func TestCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	key := w.issuer.Key()
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "openid-configuration") {
			fmt.Fprintf(rw, `{"issuer":%q,"jwks_uri":%q}`, server.URL, server.URL+"/keys")
			return
		}
		_ = json.NewEncoder(rw).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
	})
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	w.provider.URL = server.URL
	token := w.token(map[string]any{"iss": server.URL})
	const mismatch = "InvalidIdentityToken: OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
	w.refused(token, mismatch)
	sum := sha1.Sum(server.Certificate().Raw)
	w.provider.Thumbprints = []string{strings.Repeat("0", 40)}
	w.refused(token, mismatch)
	w.provider.Thumbprints = []string{hex.EncodeToString(sum[:])}
	w.refused(token, "<nil>")
	w.provider.Thumbprints = nil
	w.roots = x509.NewCertPool()
	w.roots.AddCert(server.Certificate())
	w.pass(failureWait)
	w.refused(token, "<nil>")

	// Of another host, or out of date, it is not trusted, whatever vouches for it.
	chain, thumbprint := []*x509.Certificate{server.Certificate()}, []string{hex.EncodeToString(sum[:])}
	if err := w.checkChain(chain, "127.0.0.1", thumbprint); err != nil {
		t.Error(err)
	}
	for _, host := range []string{"idp.example.org", "127.0.0.2", ""} {
		if err := w.checkChain(chain, host, thumbprint); code(err) != mismatch {
			t.Errorf("%q: %v", host, err)
		}
	}
	w.roots = nil
	w.now = server.Certificate().NotAfter.Add(time.Second)
	if err := w.checkChain(chain, "127.0.0.1", thumbprint); code(err) != mismatch {
		t.Errorf("out of date: %v", err)
	}
}

// TestCanceled: a client that goes away does not wait.
func TestCanceled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	token, err := Parse(w.token(nil))
	if err != nil {
		t.Fatal(err)
	}
	w.Verifier.issuer(w.provider).turn <- struct{}{} // somebody is fetching
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.Verify(ctx, token, w.provider); err != context.Canceled {
		t.Error(err)
	}
}
