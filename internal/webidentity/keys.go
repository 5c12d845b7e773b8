package webidentity

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"crossgrant/internal/apierr"
)

// How long what an issuer said counts.
const (
	// maxAge is how long keys are used before they are fetched anew.
	maxAge = time.Hour
	// unknownWait is how long after a fetch a key that was not there is not asked for again, and failureWait
	// how long after one that failed.
	unknownWait = 30 * time.Second
	failureWait = 5 * time.Second
	// maxIssuers is how many issuers are remembered.
	maxIssuers = 4096
	// maxKeys is how many keys of one sort an issuer may have, and minModulus the least size of an RSA key, in
	// bits.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
	maxKeys    = 100
	minModulus = 2048
)

// issuer is what is remembered of one. Whoever holds turn may change it, and fetches.
type issuer struct {
	turn chan struct{} // has room for one
	used time.Time     // the lock of the verifier is over it

	keys    []jose.JSONWebKey
	fetched time.Time // when keys were had
	tried   time.Time // when they were last asked for
	failure error     // of the last try
}

// issuer returns what is remembered of a provider. Accounts share nothing: what one of them trusts, or uses up,
// is no matter of another's.
func (v *Verifier) issuer(p *Provider) *issuer {
	name := strings.Join(append([]string{string(p.Account), p.URL}, slices.Sorted(slices.Values(p.Thumbprints))...), "\x00")
	v.mu.Lock()
	defer v.mu.Unlock()
	i := v.issuers[name]
	if i == nil {
		if len(v.issuers) >= maxIssuers {
			v.forgetOldest()
		}
		i = &issuer{turn: make(chan struct{}, 1)}
		v.issuers[name] = i
	}
	i.used = v.now()
	return i
}

// forgetOldest forgets the issuer that was not used for the longest time. v.mu must be held.
func (v *Verifier) forgetOldest() {
	var oldest string
	for name, i := range v.issuers {
		if o := v.issuers[oldest]; o == nil || i.used.Before(o.used) {
			oldest = name
		}
	}
	delete(v.issuers, oldest)
}

// key returns the public key of a token. Requests that need the same issuer wait for one of them to fetch.
func (v *Verifier) key(ctx context.Context, p *Provider, id, algorithm string) (any, error) {
	i := v.issuer(p)
	select {
	case i.turn <- struct{}{}:
		defer func() { <-i.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now := v.now()
	if now.Sub(i.fetched) < maxAge {
		if key := i.find(id, algorithm); key != nil {
			return key, nil
		}
	}
	if wait := i.wait(); now.Sub(i.tried) < wait {
		return nil, cmp.Or(i.failure, error(errNoKey))
	}
	// A client that goes away does not spoil it for those who wait.
	keys, err := v.fetch(context.WithoutCancel(ctx), p)
	i.tried = v.now() // when it is over, so that those who waited for a slow issuer do not wait for it once more
	if i.failure = err; err != nil {
		return nil, err
	}
	i.keys, i.fetched = keys, now
	if key := i.find(id, algorithm); key != nil {
		return key, nil
	}
	return nil, errNoKey
}

// wait returns how long after the last try the issuer is not asked again.
func (i *issuer) wait() time.Duration {
	if i.failure != nil {
		return failureWait
	}
	return unknownWait
}

// find returns the key of this ID that can have made a signature, or nil. A token that names no key is of the
// only one that there is.
func (i *issuer) find(id, algorithm string) any {
	var found []any
	for _, k := range i.keys {
		if (id == "" || k.KeyID == id) && (k.Algorithm == "" || k.Algorithm == algorithm) && signs(k.Key, algorithm) {
			found = append(found, k.Key)
		}
	}
	if len(found) != 1 || id == "" && len(i.keys) != 1 {
		return nil
	}
	return found[0]
}

// signs reports whether a key is of the sort that an algorithm uses.
func signs(key any, algorithm string) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(algorithm, "RS")
	case *ecdsa.PublicKey:
		return curves[algorithm] == key.Curve.Params().Name
	default:
		return false
	}
}

// curves are those of the algorithms.
//
// Source: https://www.rfc-editor.org/rfc/rfc7518#section-3.4
var curves = map[string]string{"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}

// fetch asks an issuer for its keys.
func (v *Verifier) fetch(ctx context.Context, p *Provider) ([]jose.JSONWebKey, error) {
	text, err := v.get(ctx, p, strings.TrimSuffix(p.URL, "/")+"/.well-known/openid-configuration", maxDiscovery)
	if err != nil {
		return nil, refusal(err)
	}
	var document struct {
		Issuer string `json:"issuer"`
		KeySet string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, errNoKey.Because(fmt.Errorf("read the discovery document: %w", err))
	}
	if document.Issuer != p.URL {
		return nil, errNoKey.Because(fmt.Errorf("the discovery document of %s is of %q", p.URL, document.Issuer))
	}
	text, err = v.get(ctx, p, document.KeySet, maxKeySet)
	if err != nil {
		return nil, refusal(err)
	}
	keys, err := readKeys(text)
	if err != nil {
		return nil, errNoKey.Because(err)
	}
	return keys, nil
}

// refusal words why an issuer could not be asked.
func refusal(err error) error {
	var known *apierr.Error
	if errors.As(err, &known) {
		return err
	}
	return errUnreachable.Because(err)
}

// readKeys reads a key set. Keys of other sorts, or for other uses, are left out, and so are those that are too
// weak.
func readKeys(text []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("read the key set: %w", err)
	}
	var keys []jose.JSONWebKey
	nRSA, nEC := 0, 0
	for _, member := range set.Keys {
		var k jose.JSONWebKey
		if err := json.Unmarshal(member, &k); err != nil || k.Use != "" && k.Use != "sig" {
			continue
		}
		switch key := k.Key.(type) {
		case *rsa.PublicKey:
			if nRSA++; key.N.BitLen() < minModulus {
				continue
			}
		case *ecdsa.PublicKey:
			nEC++
		default:
			continue
		}
		keys = append(keys, jose.JSONWebKey{Key: k.Key, KeyID: k.KeyID, Algorithm: k.Algorithm})
	}
	if len(keys) == 0 || nRSA > maxKeys || nEC > maxKeys {
		return nil, fmt.Errorf("the key set has %d keys that can be used, of %d of RSA and %d of ECDSA", len(keys), nRSA, nEC)
	}
	return keys, nil
}

// expired refuses a token, in AWS's words.
func expired(now, at time.Time) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "ExpiredTokenException",
		"Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), at.Unix())
}
