package sigv4

import (
	"crypto/hmac"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"
)

// Dialect is the family of services whose rules and error texts an Endpoint follows.
type Dialect int

// The dialects.
const (
	S3    Dialect = iota // REST-XML of S3
	Query                // Query protocol: IAM and STS
	JSON                 // JSON 1.1: Organizations; Query's texts under other codes
)

// Endpoint is what the server knows of itself. Its methods are safe for concurrent use.
type Endpoint struct {
	Dialect Dialect
	// Service is the signing name that scopes must have, such as "s3", "iam", "sts", "organizations".
	Service string
	// Region is the one that scopes must have; empty accepts any, as IAM and STS do here.
	Region string
	// Keys remembers signing keys; nil derives them for each request. Endpoints may share one.
	Keys *KeyCache
}

// MaxSkew is how far the date of a request may be from the time of the server, either way.
const MaxSkew = 15 * time.Minute

// rules are what differs between the dialects.
type rules interface {
	twoMechanisms(auth string, hasAuth bool) error
	unsupported(scheme string) error
	unknownScheme(auth string) error
	parseHeader(r *Request, auth, rest string) (*Signed, error)
	parseQuery(r *Request, q *params) (*Signed, error)
	check(e *Endpoint, s *Signed, r *Request, now time.Time) error
	paths() []pathStyle // the canonical one first, then others that are accepted
	mismatch(s *Signed, canonical []byte) error
}

func (e *Endpoint) rules() rules {
	switch e.Dialect {
	case Query:
		return queryRules{}
	case JSON:
		return queryRules{json: true}
	default:
		return s3Rules{}
	}
}

// Check judges everything about s that needs no secret: the time, the scope, and which headers of r
// are signed. r must be the request that s was parsed from. Verify repeats it; a caller that calls
// Check before it looks the key up reports faults in AWS's order.
func (e *Endpoint) Check(s *Signed, r *Request, now time.Time) error {
	return e.rules().check(e, s, r, now)
}

// Verified is a request whose signature is proven. It can be had from Verify only.
type Verified struct {
	Signed    *Signed
	key       *signingKey // a pointer, so that it does not print
	canonical []byte      // nil unless the payload comes in signed chunks
}

// Verify judges s as Check does and then compares the signature, in constant time. A zero secret
// never verifies.
//
// An expired session must be reported before a signature that does not match, so the caller looks at
// the session that belongs to s.SecurityToken before it calls Verify.
func (e *Endpoint) Verify(s *Signed, r *Request, secret Secret, now time.Time) (*Verified, error) {
	rules := e.rules()
	if err := rules.check(e, s, r, now); err != nil {
		return nil, err
	}
	key, cached := e.Keys.get(s.AccessKeyID, secret, s.Scope)
	remember := func() {
		if !cached {
			e.Keys.put(s.AccessKeyID, secret, s.Scope, key)
		}
	}
	if s.Form == FormPost {
		return verifyForm(s, r, key, secret, remember)
	}
	buffer := canonicalBuffers.Get().(*[]byte)
	defer canonicalBuffers.Put(buffer)
	paths := rules.paths()
	for _, path := range paths {
		*buffer = appendCanonical((*buffer)[:0], r, s.Form, path, s.SignedHeaders, s.PayloadHash)
		if !secret.IsZero() && matches(&key, s, *buffer) {
			remember()
			return newVerified(s, &key, *buffer), nil
		}
	}
	canonical := appendCanonical(nil, r, s.Form, paths[0], s.SignedHeaders, s.PayloadHash)
	return nil, rules.mismatch(s, canonical)
}

// newVerified returns a proven signature. Only errors about signed chunks tell the canonical request later.
func newVerified(s *Signed, key *signingKey, canonical []byte) *Verified {
	v := &Verified{Signed: s, key: key}
	if payloadKinds[s.PayloadHash].signed() {
		v.canonical = slices.Clone(canonical)
	}
	return v
}

// canonicalBuffers are buffers for canonical requests.
var canonicalBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// matches reports whether the signature of s is that of the canonical request.
func matches(key *signingKey, s *Signed, canonical []byte) bool {
	var array [192]byte
	sum := hmacSum(key[:], appendStringToSign(array[:0], s, canonical))
	return sameSignature(sum, s.Signature)
}

// sameSignature compares in constant time. Signatures are lower-case hexadecimal.
func sameSignature(sum [32]byte, sent string) bool {
	var want [64]byte
	hex.Encode(want[:], sum[:])
	return hmac.Equal(want[:], []byte(sent))
}

// unsignedHeaders returns the names of headers of r that have to be signed and are not, in lower
// case and sorted: Host, Content-MD5 and all x-amz-* but x-amz-content-sha256, whose value is in the
// canonical request anyway. (Which ones S3 insists on is recorded from requests to it, 2026-09-29.)
func unsignedHeaders(s *Signed, r *Request) []string {
	var names []string
	if !s.signs("host") {
		names = append(names, "host")
	}
	for key := range r.Header {
		if key != headerContentSHA256 && mustSign(key) && !s.signs(key) {
			names = append(names, strings.ToLower(key))
		}
	}
	return names
}

func mustSign(key string) bool {
	const prefix = "X-Amz-"
	return len(key) > len(prefix) && strings.EqualFold(key[:len(prefix)], prefix) || strings.EqualFold(key, "Content-Md5")
}

func (s *Signed) signs(key string) bool {
	for _, name := range s.SignedHeaders {
		if strings.EqualFold(name, key) {
			return true
		}
	}
	return false
}
