// Package oidcissuer is an OpenID Connect issuer for tests: it serves its discovery document and its keys
// over HTTP on a loopback address, and mints tokens with any claims. It authenticates nobody.
//
// Source: https://openid.net/specs/openid-connect-discovery-1_0.html
package oidcissuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Options say where an issuer is; the zero value is for a test in one process.
type Options struct {
	// Listen is the address to listen on; empty means a free port of 127.0.0.1.
	Listen string
	// Host is the name of the host in the issuer's URL; empty means that of Listen. It must be a name of a
	// loopback address.
	Host string
	// Path is the path of the issuer's URL, such as "/auth/realms/demo"; empty for none.
	Path string
	// Algorithm signs tokens; empty means RS256. It is one of the RS and ES families.
	Algorithm jose.SignatureAlgorithm
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Issuer is a running issuer. It is safe for concurrent use.
type Issuer struct {
	// URL is the issuer's: what its tokens have as iss, and what is registered as the provider's URL.
	URL string

	options Options
	server  *http.Server
	done    chan struct{}

	mu     sync.Mutex // over what follows
	key    jose.JSONWebKey
	number int // of the key
	asked  map[string]int
}

// discovery is where the discovery document lies below the issuer's URL, and keySet the keys.
const (
	discovery = "/.well-known/openid-configuration"
	keySet    = "/keys"
)

// Start makes a key and serves it. Close ends the issuer.
func Start(o Options) (*Issuer, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Algorithm == "" {
		o.Algorithm = jose.RS256
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	i := &Issuer{options: o, done: make(chan struct{}), asked: map[string]int{}}
	if err := i.Rotate(); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	host := listener.Addr().String()
	if o.Host != "" {
		_, port, err := net.SplitHostPort(host)
		if err != nil {
			return nil, err
		}
		host = net.JoinHostPort(o.Host, port)
	}
	i.URL = "http://" + host + o.Path
	i.server = &http.Server{Handler: i.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(i.done)
		_ = i.server.Serve(listener) // always http.ErrServerClosed, or the requests of the test fail
	}()
	return i, nil
}

// Close stops serving.
func (i *Issuer) Close() error {
	err := i.server.Close()
	<-i.done
	return err
}

// handler serves the two documents.
func (i *Issuer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+i.options.Path+discovery, func(w http.ResponseWriter, r *http.Request) {
		i.count(discovery)
		write(w, map[string]any{
			"issuer": i.URL, "jwks_uri": i.URL + keySet,
			"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []jose.SignatureAlgorithm{i.options.Algorithm},
		})
	})
	mux.HandleFunc("GET "+i.options.Path+keySet, func(w http.ResponseWriter, r *http.Request) {
		i.count(keySet)
		i.mu.Lock()
		defer i.mu.Unlock()
		write(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.key.Public()}})
	})
	return mux
}

func write(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document) // the client is gone
}

func (i *Issuer) count(path string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked[path]++
}

// Asked returns how often the keys were fetched.
func (i *Issuer) Asked() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[keySet]
}

// Rotate replaces the key by a new one with another ID.
func (i *Issuer) Rotate() error {
	private, err := newKey(i.options.Algorithm)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.number++
	i.key = jose.JSONWebKey{Key: private, KeyID: "key-" + strconv.Itoa(i.number), Algorithm: string(i.options.Algorithm), Use: "sig"}
	return nil
}

// newKey makes a key for an algorithm.
func newKey(a jose.SignatureAlgorithm) (crypto.Signer, error) {
	switch a {
	case jose.RS256, jose.RS384, jose.RS512:
		return rsa.GenerateKey(rand.Reader, 2048)
	case jose.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.ES384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case jose.ES512:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	default:
		return nil, fmt.Errorf("algorithm %q is not known", a)
	}
}

// Key returns the present key with its private part, to sign what Token does not.
func (i *Issuer) Key() jose.JSONWebKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.key
}

// Token returns a token with these claims, signed with the present key. It adds iss, iat and exp, an hour
// from now, unless they are there; a claim that is nil is left out.
func (i *Issuer) Token(claims map[string]any) (string, error) {
	now := i.options.Now().Unix()
	all := map[string]any{"iss": i.URL, "iat": now, "exp": now + 3600}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	payload, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: i.options.Algorithm, Key: i.Key()}, new(jose.SignerOptions).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("make a signer: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return signed.CompactSerialize()
}
