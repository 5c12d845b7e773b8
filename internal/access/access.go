// Package access gathers everything that a decision depends on and asks package authz for it. It is
// the only I/O of authorization: who a caller is, with all of its policies, and what a bucket allows.
//
// What it has read it keeps, compiled, and drops as soon as any key of the same scope is committed
// (keys.ScopeOf), before the write is acknowledged: a request that starts after a permission was
// taken away is judged without it. Once caller and bucket are warm, a decision reads no storage.
//
// Whatever goes wrong while reading is an error, and an error is never an Allow.
package access

import (
	"context"
	"errors"
	"time"

	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/seal"
	"crossgrant/internal/sigv4"
	"crossgrant/internal/sts"
)

// Errors of Caller. The pipeline words them for each protocol.
var (
	// ErrUnknownKey says that there is no such access key, that it is inactive, or that its user,
	// role or account is gone.
	ErrUnknownKey = errors.New("access: unknown access key")
	// ErrInvalidToken says that a session token was not issued here for this access key.
	ErrInvalidToken = errors.New("access: invalid session token")
	// ErrExpiredToken says that a session has ended.
	ErrExpiredToken = errors.New("access: expired session token")
)

// Sessions opens session tokens; package sts does.
type Sessions interface {
	Open(id ids.AccessKeyID, token string) (*sts.Session, error)
}

// Access answers who a caller is and what it may do. It is safe for concurrent use.
type Access struct {
	store    *meta.Store
	box      *seal.Box
	sessions Sessions

	accounts    *cache[ids.AccountID, *account]
	keys        *cache[ids.AccessKeyID, *accessKey]
	buckets     *cache[string, *Bucket]
	byCanonical *cache[ids.CanonicalUserID, ids.AccountID]
}

// Sizes of the caches, in entries. An entry is small (documents are compiled, and those of a managed
// policy shared), so that the largest deployments of one server stay warm.
const (
	maxAccounts = 1 << 14
	maxKeys     = 1 << 16
	maxBuckets  = 1 << 14
)

// New returns an Access over store. It has to be made before the store is written to, because it
// learns from the store's commits what to forget.
func New(store *meta.Store, box *seal.Box, sessions Sessions) *Access {
	a := &Access{
		store:       store,
		box:         box,
		sessions:    sessions,
		accounts:    newCache[ids.AccountID, *account](maxAccounts),
		keys:        newCache[ids.AccessKeyID, *accessKey](maxKeys),
		buckets:     newCache[string, *Bucket](maxBuckets),
		byCanonical: newCache[ids.CanonicalUserID, ids.AccountID](maxAccounts),
	}
	store.OnCommit(a.forget)
	return a
}

// forget drops what was read from the scopes of the keys that were written.
func (a *Access) forget(written [][]byte) {
	for _, key := range written {
		scope, ok := keys.ScopeOf(key)
		switch {
		case !ok:
		case scope.Bucket != "":
			a.buckets.drop(scope.Bucket)
		case scope.AccessKey != "":
			a.keys.drop(scope.AccessKey)
		case scope.Account != "":
			a.accounts.drop(scope.Account)
		}
	}
}

// Caller is who makes a request, with everything on its side of a decision. It is shared between
// requests and must not be changed.
type Caller struct {
	policy.Principal
	// AccountName is the name of the caller's account.
	AccountName string
	AccessKeyID ids.AccessKeyID
	// Secret is what the caller signs with; zero for an anonymous caller.
	Secret sigv4.Secret
	// Issued is when temporary credentials were issued; zero for long-term ones.
	Issued time.Time

	identity authz.Layer
	boundary *authz.Layer
	session  *authz.Layer
	context  policy.Context
}

// Anonymous returns the caller of requests that are not signed.
func Anonymous() *Caller { return anonymous }

var anonymous = func() *Caller {
	c := &Caller{Principal: policy.Principal{Kind: policy.Anonymous}}
	c.context = callerKeys(c, nil)
	return c
}()

// Temporary reports whether the credentials came with a session token.
func (c *Caller) Temporary() bool { return !c.Issued.IsZero() }

// Authorize decides one check for caller. global holds the condition keys of the request, to which
// those of the caller, of the resource and of the check are added. An error means that the decision
// could not be made; the request is then refused.
func (a *Access) Authorize(ctx context.Context, caller *Caller, check *Check, global *policy.Context) (authz.Decision, error) {
	if caller == nil || check.Trust != nil && check.Bucket != nil {
		return authz.Decision{}, errors.New("access: malformed check of " + check.Action)
	}
	return authz.Decide(input(caller, check, global)), nil
}

// input gathers what a decision depends on.
func input(caller *Caller, check *Check, global *policy.Context) *authz.Input {
	in := &authz.Input{
		Identity:  caller.identity,
		Boundary:  caller.boundary,
		Session:   caller.session,
		Owner:     check.ResourceOwner(caller),
		Resource:  check.Trust,
		MustTrust: check.Action == "sts:AssumeRole",
	}
	if b := check.Bucket; b != nil {
		in.Resource = b.Policy
		in.S3 = &authz.S3{
			OwnerCanonicalID: b.Canonical,
			Enforced:         b.Enforced,
			Block:            b.Block,
			BucketACL:        b.ACL,
			Object:           check.Object,
			NewOwner:         check.NewOwner,
		}
	}
	k := global.Clone()
	k.Merge(&caller.context)
	resourceKeys(&k, in.Owner, check.Action)
	if check.Keys != nil {
		check.Keys(&k)
	}
	in.Request = policy.Request{
		Action:      check.Action,
		Resource:    check.Resource,
		Principal:   &caller.Principal,
		Context:     &k,
		HasBoundary: caller.boundary != nil,
	}
	return in
}

// ResourceOwner returns the account that owns what the check is about.
func (c *Check) ResourceOwner(caller *Caller) ids.AccountID {
	switch {
	case c.Owner != "":
		return c.Owner
	case c.Bucket != nil:
		return c.Bucket.Owner
	default:
		return caller.Account
	}
}
