package sigv4

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
)

// signingKey is a key derived from a secret, good for one day, region and service.
type signingKey [sha256.Size]byte

// Format implements fmt.Formatter, for all verbs.
func (signingKey) Format(f fmt.State, _ rune) { f.Write([]byte(redacted)) }

// deriveKey makes the signing key of a scope.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#derive-signing-key
func deriveKey(secret Secret, scope Scope) signingKey {
	k := hmacSum([]byte("AWS4"+secret.reveal()), []byte(scope.Date))
	for _, part := range [...]string{scope.Region, scope.Service, terminator} {
		k = hmacSum(k[:], []byte(part))
	}
	return k
}

// hmacSum returns the HMAC-SHA256 of data. It is that of package crypto/hmac, without the allocations: data is short,
// and each request needs one.
//
// Source: https://www.rfc-editor.org/rfc/rfc2104#section-2
func hmacSum(key, data []byte) [sha256.Size]byte {
	var block [sha256.BlockSize]byte
	if len(key) > len(block) {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	copy(block[:], key)
	var array [512]byte
	inner := array[:0]
	for _, b := range block {
		inner = append(inner, b^0x36)
	}
	sum := sha256.Sum256(append(inner, data...))
	var outer [sha256.BlockSize + sha256.Size]byte
	for i, b := range block {
		outer[i] = b ^ 0x5c
	}
	copy(outer[sha256.BlockSize:], sum[:])
	return sha256.Sum256(outer[:])
}

// KeyCache remembers signing keys, whose derivation costs four HMACs, for the rest of their day. It
// only ever remembers keys that verified a signature, and forgets those not used lately when it is
// full. It is safe for concurrent use; a nil *KeyCache remembers nothing.
type KeyCache struct {
	limit int // per generation, > 0

	mu         sync.Mutex // protects what follows
	young, old map[cacheKey]signingKey
}

type cacheKey struct {
	accessKeyID string
	secret      [sha256.Size]byte // fingerprint: a key that was replaced must not verify
	scope       Scope
}

// NewKeyCache returns a cache of at most size keys, at least two.
func NewKeyCache(size int) *KeyCache {
	return &KeyCache{limit: max(size/2, 1), young: map[cacheKey]signingKey{}}
}

// get returns the signing key, and whether it came from the cache.
func (c *KeyCache) get(accessKeyID string, secret Secret, scope Scope) (signingKey, bool) {
	if c == nil {
		return deriveKey(secret, scope), false
	}
	id := cacheKey{accessKeyID, sha256.Sum256([]byte(secret.reveal())), scope}
	c.mu.Lock()
	k, ok := c.young[id]
	if !ok {
		if k, ok = c.old[id]; ok {
			c.putLocked(id, k)
		}
	}
	c.mu.Unlock()
	if !ok {
		k = deriveKey(secret, scope)
	}
	return k, ok
}

// put remembers k. It copies the strings, which are parts of a larger header.
func (c *KeyCache) put(accessKeyID string, secret Secret, scope Scope, k signingKey) {
	if c == nil {
		return
	}
	id := cacheKey{strings.Clone(accessKeyID), sha256.Sum256([]byte(secret.reveal())), Scope{
		Date: strings.Clone(scope.Date), Region: strings.Clone(scope.Region), Service: strings.Clone(scope.Service),
		Terminator: terminator,
	}}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.putLocked(id, k)
}

// putLocked needs c.mu.
func (c *KeyCache) putLocked(id cacheKey, k signingKey) {
	if len(c.young) >= c.limit {
		c.old, c.young = c.young, make(map[cacheKey]signingKey, c.limit)
	}
	c.young[id] = k
}
