// Package accounts is the service that keeps the accounts: their identities, their root users' access
// keys, and whether they are open.
//
// An account has a 12-digit ID, a canonical user ID, an e-mail address and the access keys of its root
// user, each of which names it alone, and a name, which as on AWS it may share with others. What an
// account contains (users, buckets) belongs to other services. Nothing here is authorized: the
// callers are the operator's command line and the bootstrap file.
//
// Errors that a caller can do something about are *apierr.Error with the codes of the Organizations
// API, which has the same operations:
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_Operations.html
package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

// Codes of the errors that the service returns.
const (
	CodeInvalid       = "InvalidInputException"
	CodeDuplicate     = "DuplicateAccountException"
	CodeNotFound      = "AccountNotFoundException"
	CodeAlreadyClosed = "AccountAlreadyClosedException"
	CodeNotClosed     = "AccountNotClosedException" // ours: AWS has no operation that asks for a closed account
	CodeConstraint    = "ConstraintViolationException"
)

// Account is an account as callers see it.
type Account struct {
	ID          ids.AccountID
	CanonicalID ids.CanonicalUserID
	Name        string
	Email       string
	Created     time.Time
	Closed      time.Time // zero while the account is open
	Deleting    time.Time // when its deletion began; zero if it has not
}

// Key is an access key with its secret, as it is shown once: to whoever made it.
type Key struct {
	ID     ids.AccessKeyID
	Secret string
}

// Options are what a Service takes from its surroundings; nil fields mean the system's clock and its
// source of randomness.
type Options struct {
	Now  func() time.Time
	Rand io.Reader
}

// Service keeps accounts in a metadata store. It is safe for concurrent use.
type Service struct {
	store *meta.Store
	box   *seal.Box
	now   func() time.Time
	rand  io.Reader
}

// New returns a service over store whose secrets are sealed in box.
func New(store *meta.Store, box *seal.Box, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	return &Service{store: store, box: box, now: o.Now, rand: o.Rand}
}

// Close closes an account: from then on none of its credentials works. Its buckets, objects and
// entities stay as they are. A closed account is not closed again: the error is CodeAlreadyClosed. CodeConstraint
// refuses the management account of an organization that has other accounts which are open.
//
// Source: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-closing.html
func (s *Service) Close(ctx context.Context, id ids.AccountID) (Account, error) {
	var closed Account
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		record := &records.Account{}
		if err := records.Get(tx, keys.Account(id), record); err != nil {
			return orNotFound(err, string(id))
		}
		if record.Closed != 0 {
			return apierr.New(http.StatusBadRequest, CodeAlreadyClosed, "account %s is closed already", id)
		}
		if err := checkManagement(tx, id, isOpen, "open"); err != nil {
			return err
		}
		record.Closed = s.now().UnixNano()
		closed = fromRecord(record)
		return records.Put(tx, keys.Account(id), record)
	})
	return closed, wrap(err, "close account %s", id)
}

// fromRecord returns an account as callers see it.
func fromRecord(r *records.Account) Account {
	a := Account{
		ID:          ids.AccountID(r.Id),
		CanonicalID: ids.CanonicalUserID(r.CanonicalId),
		Name:        r.Name,
		Email:       r.Email,
		Created:     time.Unix(0, r.Created).UTC(),
	}
	if r.Closed != 0 {
		a.Closed = time.Unix(0, r.Closed).UTC()
	}
	if r.Deleting != 0 {
		a.Deleting = time.Unix(0, r.Deleting).UTC()
	}
	return a
}

// orNotFound turns the store's "not found" into the service's, naming who was looked for.
func orNotFound(err error, who string) error {
	if errors.Is(err, meta.ErrNotFound) {
		return apierr.New(http.StatusNotFound, CodeNotFound, "there is no account %q", who)
	}
	return err
}

// wrap names the operation in front of an internal error and leaves an *apierr.Error alone.
func wrap(err error, format string, args ...any) error {
	var api *apierr.Error
	if err == nil || errors.As(err, &api) {
		return err
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
