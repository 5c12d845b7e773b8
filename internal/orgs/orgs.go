// Package orgs is AWS Organizations: organizations with their tree of organizational units, the accounts in
// it, the policies that are attached to them, the services of AWS that they trust, and what is delegated to
// member accounts. It speaks Go: no HTTP, no JSON, and no authorization by policies, which the
// pipeline has done before an operation of this package runs.
//
// What it does decide is who may call an operation by its place in the organization: what changes it is
// for the management account alone, what reads it for that and for delegated administrators. Every
// operation gets the account of its caller.
//
// What it guarantees: every change is one transaction, together with all indexes, save for the making
// of an account, which goes through other services and is finished after a crash (Recover); an account
// is in one organization at most; a policy that is stored has been parsed for its type. Errors that
// callers are meant to see are *apierr.Error in the terms of the API; any other error is internal.
//
// How policies bear on decisions is the business of packages access and authz, which read the records.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Operations.html
package orgs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// Accounts makes and closes accounts; package accounts does.
type Accounts interface {
	// CreateMember makes an account whose root user has no access key. It does nothing if an earlier
	// call made the same account. The error is an *apierr.Error DuplicateAccountException if the
	// address belongs to another account, and InvalidInputException if it cannot be one.
	CreateMember(ctx context.Context, id ids.AccountID, name, email string) error
	// CloseMember closes an account. The error is an *apierr.Error AccountAlreadyClosedException if it is
	// closed.
	CloseMember(ctx context.Context, id ids.AccountID) error
}

// Roles makes the role by which the management account enters an account; package iam does.
type Roles interface {
	// CreateAdministratorRole makes a role in account that has AdministratorAccess and trusts the
	// account trusted. It does nothing if there is a role of this name.
	CreateAdministratorRole(ctx context.Context, account ids.AccountID, name string, trusted ids.AccountID) error
}

// Quotas limit one organization.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
type Quotas struct {
	// Accounts counts those in the organization, invitations that are open, and accounts being made. An
	// operator can set it for a management account.
	Accounts int
	Units    int // organizational units
	Depth    int // levels of units below the root
	SCPs     int
	RCPs     int
	// Attached is the number of policies of one type that are attached to one root, unit or account.
	Attached int
	// PolicySize is that of a policy's text, in characters, white space included. That of service control
	// policies was reported to have been doubled in May 2026; AWS's page as it was read has this figure.
	PolicySize int
	Tags       int // on one resource

	// Those of declarative policies, of each type.
	Declarative, DeclarativeAttached, DeclarativeSize int
}

// DefaultQuotas returns the quotas of a new organization on AWS.
func DefaultQuotas() Quotas {
	return Quotas{
		Accounts: quotas.Default(quotas.Accounts), Units: 2000, Depth: 5, SCPs: 10000, RCPs: 1000, Attached: 5, PolicySize: 5120, Tags: 50,
		Declarative: 1000, DeclarativeAttached: 10, DeclarativeSize: 10000,
	}
}

// Options are what a Service may be told.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is where identifiers come from; nil means crypto/rand. It must be safe for concurrent use.
	Rand io.Reader
	// Quotas limit each organization; the zero value means DefaultQuotas.
	Quotas Quotas
	// Accounts and Roles are used by CreateAccount, Accounts by CloseAccount too.
	Accounts Accounts
	Roles    Roles
	// Principals is used for the resource policy.
	Principals Principals
}

// Service is Organizations over a metadata store. It is safe for concurrent use.
type Service struct {
	store    *meta.Store
	now      func() time.Time
	rand     io.Reader
	quotas   Quotas
	accounts Accounts
	roles    Roles

	principals Principals
}

// New returns the service over store.
func New(store *meta.Store, opts Options) *Service {
	s := &Service{store: store, now: opts.Now, rand: opts.Rand, quotas: opts.Quotas, accounts: opts.Accounts, roles: opts.Roles, principals: opts.Principals}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	if s.quotas == (Quotas{}) {
		s.quotas = DefaultQuotas()
	}
	return s
}

// Tag is a label of a root, an organizational unit, an account or a policy.
type Tag struct{ Key, Value string }

// view reads one organization from one snapshot.
type view struct {
	meta.Reader
	id     ids.OrganizationID
	record *records.Organization
	now    time.Time
}

// change is a view within a transaction.
type change struct {
	view
	tx meta.Tx
}

func (v view) management() ids.AccountID { return ids.AccountID(v.record.ManagementAccount) }

// enter returns a view of the organization that account is in.
func (s *Service) enter(r meta.Reader, account ids.AccountID) (view, error) {
	v, err := enter(r, account)
	v.now = s.now()
	return v, err
}

// enter is Service.enter for what does not depend on the time.
func enter(r meta.Reader, account ids.AccountID) (view, error) {
	member := new(records.Membership)
	err := records.Get(r, keys.Membership(account), member)
	if errors.Is(err, meta.ErrNotFound) {
		return view{}, errNotInUse
	}
	if err != nil {
		return view{}, fmt.Errorf("read membership of %s: %w", account, err)
	}
	return open(r, ids.OrganizationID(member.Organization))
}

// open returns a view of an organization that exists.
func (s *Service) open(r meta.Reader, org ids.OrganizationID) (view, error) {
	v, err := open(r, org)
	v.now = s.now()
	return v, err
}

func open(r meta.Reader, org ids.OrganizationID) (view, error) {
	record := new(records.Organization)
	if err := records.Get(r, keys.Organization(org), record); err != nil {
		return view{}, fmt.Errorf("read organization %s: %w", org, err)
	}
	return view{Reader: r, id: org, record: record}, nil
}

// read runs fn on one snapshot of the organization that account is in.
func (s *Service) read(ctx context.Context, account ids.AccountID, fn func(v view) error) error {
	return s.store.View(ctx, func(r meta.Reader) error {
		v, err := s.enter(r, account)
		if err != nil {
			return err
		}
		return fn(v)
	})
}

// inspect is read for operations that only the management account and delegated administrators may call.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
func (s *Service) inspect(ctx context.Context, account ids.AccountID, fn func(v view) error) error {
	return s.read(ctx, account, func(v view) error {
		if v.management() != account && !v.delegate(account) {
			return errNotManagement
		}
		return fn(v)
	})
}

// manage runs fn in one transaction on the organization whose management account is account. fn may
// run several times.
func (s *Service) manage(ctx context.Context, account ids.AccountID, fn func(c change) error) error {
	return s.write(ctx, func(tx meta.Tx) error {
		v, err := s.enter(tx, account)
		if err != nil {
			return err
		}
		if v.management() != account {
			return errNotManagement
		}
		return fn(change{v, tx})
	})
}

// putOrganization stores the record of the organization.
func (c change) putOrganization() error {
	return records.Put(c.tx, keys.Organization(c.id), c.record)
}

// write runs fn in one transaction. fn may run several times.
func (s *Service) write(ctx context.Context, fn func(tx meta.Tx) error) error {
	err := s.store.Update(ctx, fn)
	if errors.Is(err, meta.ErrConflict) {
		return errConcurrent.Because(err)
	}
	return err
}

// timestamp returns the present as records keep it.
func (s *Service) timestamp() int64 { return s.now().UnixNano() }

// instant is the time that a record keeps; the zero time for 0.
func instant(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}

// list returns the last components of the keys of a range, in order.
func (v view) list(from, to []byte) ([]string, error) {
	var found []string
	it := v.Scan(from, to)
	for it.Next() {
		found = append(found, keys.LastOf(from, it.Key()))
	}
	return found, it.Close()
}

// policyTypes are the types that can be enabled, in the order in which they are listed.
var policyTypes = []string{managed.SCP, managed.RCP, managed.S3}
