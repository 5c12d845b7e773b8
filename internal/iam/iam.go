// Package iam is the identity service of the accounts: users, groups, roles, access keys, virtual MFA
// devices, and the policies that are written into entities or attached to them. It speaks Go: no HTTP, no XML, and no
// authorization, which the pipeline has done before an operation of this package runs.
//
// What it guarantees: every change is one transaction, together with all indexes; names are unique in
// an account ignoring case; a unique ID is never given out twice; a policy that is stored has been
// parsed. Errors that callers are meant to see are *apierr.Error in IAM's terms (NoSuchEntity,
// EntityAlreadyExists, DeleteConflict, LimitExceeded, MalformedPolicyDocument, InvalidInput,
// ValidationError, ConcurrentModification); any other error is internal.
//
// Principals in trust policies are stored as unique IDs and turned back into ARNs when they are read
// (principals.go), so that a grant does not pass to another entity that takes a name over.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/welcome.html
package iam

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"runtime"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/password"
	"crossgrant/internal/seal"
)

// Options are what a Service may be told; the zero value is for production.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is where identifiers and secrets come from; nil means crypto/rand. It must be safe for
	// concurrent use.
	Rand io.Reader
	// Quotas limit each account; the zero value means DefaultQuotas.
	Quotas Quotas
	// PasswordCost is that of new hashes of passwords; the zero value means password.DefaultCost.
	PasswordCost password.Cost
}

// Service is IAM over a metadata store. It is safe for concurrent use.
type Service struct {
	store  *meta.Store
	box    *seal.Box
	now    func() time.Time
	rand   io.Reader
	quotas Quotas
	cost   password.Cost
	// hashing holds one entry for each password that is being hashed, which costs memory.
	hashing chan struct{}
}

// New returns the service over store; box seals secret access keys.
func New(store *meta.Store, box *seal.Box, opts Options) *Service {
	s := &Service{
		store: store, box: box, now: opts.Now, rand: opts.Rand, quotas: opts.Quotas, cost: opts.PasswordCost,
		hashing: make(chan struct{}, max(runtime.GOMAXPROCS(0)/2, 1)),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	if s.cost == (password.Cost{}) {
		s.cost = password.DefaultCost
	}
	if s.quotas == (Quotas{}) {
		s.quotas = DefaultQuotas()
	}
	return s
}

// Tag is a label of one of the things that have tags.
type Tag struct{ Key, Value string }

// view reads one account from one snapshot.
type view struct {
	meta.Reader
	account ids.AccountID
}

// change is a view within a transaction.
type change struct {
	view
	tx meta.Tx
}

// read runs fn on one snapshot of the account.
func (s *Service) read(ctx context.Context, account ids.AccountID, fn func(v view) error) error {
	return s.store.View(ctx, func(r meta.Reader) error { return fn(view{r, account}) })
}

// write runs fn in one transaction on the account. fn may run several times.
func (s *Service) write(ctx context.Context, account ids.AccountID, fn func(c change) error) error {
	err := s.store.Update(ctx, func(tx meta.Tx) error { return fn(change{view{tx, account}, tx}) })
	if errors.Is(err, meta.ErrConflict) {
		return apierr.New(http.StatusConflict, "ConcurrentModification", "The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.").Because(err)
	}
	return err
}

// timestamp returns the present as records keep it.
func (s *Service) timestamp() int64 { return s.now().UnixNano() }

// instant is the time that a record keeps.
func instant(nanoseconds int64) time.Time { return time.Unix(0, nanoseconds).UTC() }
