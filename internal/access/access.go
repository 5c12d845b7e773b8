// Package access gathers everything that a decision depends on and asks package authz for it. It is
// the only I/O of authorization: who a caller is, with all of its policies, and what a bucket allows.
//
// What it has read it keeps, compiled, together with the keys of the store that it was read from. As soon
// as one of them is committed, and before the write is acknowledged, it is dropped, and nothing else is: a
// request that starts after a permission was taken away is judged without it. Once caller and bucket are
// warm, a decision reads no storage; or, where other servers write to the store as well, one round trip with what the
// request reads anyway (stamps.go).
//
// Whatever goes wrong while reading is an error, and an error is never an Allow.
package access

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
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

	accounts    *cache[ids.AccountID, *records.Account]
	callers     *cache[ids.AccessKeyID, *Caller]
	identities  *cache[entity, *identity]
	groups      *cache[entity, authz.Layer]
	policies    *cache[policyOf, authz.Source]
	buckets     *cache[string, *Bucket]
	byCanonical *cache[ids.CanonicalUserID, ids.AccountID]
	members     *cache[ids.AccountID, *member]
	orgPolicies *cache[orgPolicy, authz.Source]
	roles       *cache[string, *sts.Role] // by ARN
	// caches are all of them, each after those that its values have parts from: see forget.
	caches []forgetter
	// guesses are what requests to a shared store read ahead.
	guesses guesses
}

// Sizes of the caches, in entries. An entry is small (documents are compiled, and those of groups and
// managed policies shared), so that the largest deployments of one server stay warm.
const (
	maxAccounts = 1 << 14
	maxCallers  = 1 << 16
	maxPolicies = 1 << 15
	maxBuckets  = 1 << 14
)

// New returns an Access over store. It has to be made before the store is written to, because it
// learns from the store's commits what to forget. It panics if the store is shared and not stamped (keys.StampedBy).
func New(store *meta.Store, box *seal.Box, sessions Sessions) *Access {
	if store.Shared() && !store.Stamped() {
		panic("access: what others write to the store would not be seen")
	}
	a := &Access{
		store:       store,
		box:         box,
		sessions:    sessions,
		accounts:    newCache[ids.AccountID, *records.Account](store, maxAccounts),
		callers:     newCache[ids.AccessKeyID, *Caller](store, maxCallers),
		identities:  newCache[entity, *identity](store, maxCallers),
		groups:      newCache[entity, authz.Layer](store, maxPolicies),
		policies:    newCache[policyOf, authz.Source](store, maxPolicies),
		buckets:     newCache[string, *Bucket](store, maxBuckets),
		byCanonical: newCache[ids.CanonicalUserID, ids.AccountID](store, maxAccounts),
		members:     newCache[ids.AccountID, *member](store, maxAccounts),
		orgPolicies: newCache[orgPolicy, authz.Source](store, maxPolicies),
		roles:       newCache[string, *sts.Role](store, maxPolicies),
	}
	a.caches = []forgetter{
		a.orgPolicies, a.members, a.policies, a.groups, a.identities, a.accounts, a.byCanonical, a.callers, a.buckets, a.roles,
	}
	store.OnCommit(a.forget)
	return a
}

// Authorize decides one check for caller. request holds the condition keys of the request and lies over
// caller.Context, and those of the resource and of the check are added. A denial is explained; of an Allow
// only the decision is told, beside what was decided. An error means that the decision could not be made; the request is then
// refused.
func (a *Access) Authorize(ctx context.Context, caller *Caller, check *Check, request *policy.Context) (authz.Explanation, error) {
	in, err := a.Question(ctx, caller, check, request)
	if err != nil {
		return authz.Explanation{}, err
	}
	if d := authz.Decide(in); d.Allowed() {
		return authz.Explanation{Decision: d, Input: in}, nil
	}
	return authz.Explain(in), nil
}

// question is an input with what it points to.
type question struct {
	in   authz.Input
	keys policy.Context
	s3   authz.S3
}

// Question returns everything that a check of caller depends on, as Authorize decides it. request is as there. It must
// not be changed, and nor must request from now on.
func (a *Access) Question(ctx context.Context, caller *Caller, check *Check, request *policy.Context) (*authz.Input, error) {
	switch {
	case caller == nil, check.Policy != nil && check.Bucket != nil:
		return nil, errors.New("access: malformed check of " + check.Action)
	case !request.LiesOver(&caller.keys):
		return nil, errors.New("access: the request's keys are not the caller's")
	}
	q := &question{keys: policy.Over(request)}
	in := &q.in
	*in = authz.Input{
		Request: policy.Request{
			Action: check.Action, Resource: check.Resource, Principal: &caller.Principal, HasBoundary: caller.boundary != nil,
			Context: &q.keys,
		},
		Identity:  caller.identity,
		Boundary:  caller.boundary,
		Session:   caller.session,
		Owner:     check.ResourceOwner(caller),
		Resource:  check.Policy,
		MustTrust: check.Policy != nil,
		BothSides: check.BothSides,
	}
	if check.Grant != nil {
		in.Identity = append(slices.Clip(in.Identity), *check.Grant)
	}
	if b := check.Bucket; b != nil {
		in.Resource = b.Policy
		q.s3 = authz.S3{
			OwnerCanonicalID: b.Canonical,
			Enforced:         b.Enforced,
			Block:            b.Block,
			RequesterPays:    b.RequesterPays,
			AcceptsCharge:    check.AcceptsCharge,
			BucketACL:        b.ACL,
			Object:           check.Object,
			NewOwner:         check.NewOwner,
			Initiator:        check.Initiator,
		}
		in.S3 = &q.s3
	}
	ResourceKeys(&q.keys, cmp.Or(check.ToldOwner, in.Owner), check.Action)
	if check.Bucket != nil {
		check.Bucket.tagKeys(&q.keys)
	}
	if err := a.organize(ctx, in, &q.keys, caller, check); err != nil {
		return nil, err
	}
	if check.Keys != nil {
		check.Keys(&q.keys)
	}
	return in, nil
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
