package orgs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/background"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// DefaultRole is the role that a new account gets if nobody says.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
const DefaultRole = "OrganizationAccountAccessRole"

// States of a request to make an account.
const (
	InProgress = "IN_PROGRESS"
	Succeeded  = "SUCCEEDED"
	Failed     = "FAILED"
)

// NewAccount is what CreateAccount makes an account of. An empty Role means DefaultRole.
type NewAccount struct {
	Name, Email, Role string
	Tags              []Tag
}

// AccountStatus is how far the making of an account has come. Account is set when it has succeeded,
// Failure, one of the API's reasons, when it has failed, Completed in both cases.
type AccountStatus struct {
	ID                   string
	Name                 string
	State                string
	Requested, Completed time.Time
	Account              ids.AccountID
	Failure              string
}

func statusOf(r *records.CreateAccountRequest) AccountStatus {
	out := AccountStatus{
		ID: r.Id, Name: r.Name, State: r.State, Requested: instant(r.Requested), Completed: instant(r.Completed), Failure: r.Failure,
	}
	if r.State == Succeeded {
		out.Account = ids.AccountID(r.Account)
	}
	return out
}

// CreateAccount makes an account in the organization, below its root, with a role that the management
// account's principals can assume. Nobody has credentials of its root user. The account is there when
// CreateAccount returns, though the status that it returns is, as AWS's, that of the beginning. What is
// wrong with name or address is told by the status later on.
//
// If the server ends in the middle, Recover makes the account when it is started again, or Tend on another server.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
func (s *Service) CreateAccount(ctx context.Context, account ids.AccountID, in NewAccount) (AccountStatus, error) {
	if in.Role == "" {
		in.Role = DefaultRole
	}
	if strings.HasPrefix(in.Role, "AWSServiceRoleFor") {
		return AccountStatus{}, Invalid("INVALID_ROLE_NAME", "You provided a role name that isn't valid. A role name can't begin with the reserved prefix AWSServiceRoleFor.")
	}
	if err := s.checkTags(in.Tags); err != nil {
		return AccountStatus{}, err
	}
	org, request, err := s.request(ctx, account, in)
	if err != nil {
		return AccountStatus{}, err
	}
	return statusOf(request), s.finishAccount(ctx, org, request)
}

// request stores that an account is to be made, and which ID it gets.
func (s *Service) request(ctx context.Context, account ids.AccountID, in NewAccount) (org ids.OrganizationID, r *records.CreateAccountRequest, err error) {
	id, err := ids.NewCreateAccountRequest(s.rand)
	if err != nil {
		return "", nil, err
	}
	err = s.manage(ctx, account, func(c change) error {
		if err := s.roomForAccount(c.view); err != nil {
			return err
		}
		member, err := s.freeAccount(c.view)
		if err != nil {
			return err
		}
		org = c.id
		r = &records.CreateAccountRequest{
			Id: id, Name: in.Name, Email: in.Email, Role: in.Role, Tags: recordTags(in.Tags), Account: string(member),
			State: InProgress, Requested: s.timestamp(),
		}
		if err := c.tx.Put(keys.UnfinishedRequest(c.id, id), nil); err != nil {
			return err
		}
		return records.Put(c.tx, keys.CreateAccountRequest(c.id, id), r)
	})
	return org, r, err
}

// freeAccount draws an account ID that no account has or had.
func (s *Service) freeAccount(v view) (ids.AccountID, error) {
	for range 3 {
		id, err := ids.NewAccountID(s.rand)
		if err != nil {
			return "", err
		}
		err = absent(v, keys.Account(id), errAccountThere)
		if err == nil {
			err = absent(v, keys.AccountDeletion(id), errAccountThere)
		}
		if err != errAccountThere {
			return id, err
		}
	}
	return "", errors.New("orgs: every account id that was drawn is taken")
}

// finishAccount does what is left to do of a request in progress. Each step does nothing if it has been
// done before.
func (s *Service) finishAccount(ctx context.Context, org ids.OrganizationID, r *records.CreateAccountRequest) error {
	account := ids.AccountID(r.Account)
	err := s.accounts.CreateMember(ctx, account, r.Name, r.Email)
	switch {
	case apierr.Is(err, "DuplicateAccountException"):
		return s.complete(ctx, org, r.Id, "EMAIL_ALREADY_EXISTS")
	case apierr.Is(err, "InvalidInputException"):
		return s.complete(ctx, org, r.Id, "INVALID_EMAIL")
	case err != nil:
		return fmt.Errorf("make account %s: %w", account, err)
	}
	management, err := s.managementOf(ctx, org)
	if err != nil {
		return err
	}
	if err := s.roles.CreateAdministratorRole(ctx, account, r.Role, management); err != nil {
		return fmt.Errorf("make role of account %s: %w", account, err)
	}
	return s.complete(ctx, org, r.Id, "")
}

func (s *Service) managementOf(ctx context.Context, org ids.OrganizationID) (id ids.AccountID, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		v, err := s.open(r, org)
		if err != nil {
			return err
		}
		id = v.management()
		return nil
	})
	return id, err
}

// complete ends a request: with the account in the organization, or with a failure.
func (s *Service) complete(ctx context.Context, org ids.OrganizationID, id, failure string) error {
	return s.write(ctx, func(tx meta.Tx) error {
		v, err := s.open(tx, org)
		if err != nil {
			return err
		}
		r := new(records.CreateAccountRequest)
		if err := records.Get(tx, keys.CreateAccountRequest(org, id), r); err != nil {
			return fmt.Errorf("read request %s: %w", id, err)
		}
		if r.State != InProgress {
			return nil
		}
		now := s.timestamp()
		r.State, r.Completed, r.Failure = Succeeded, now, failure
		if failure != "" {
			r.State = Failed
		} else if err := (change{v, tx}).join(ids.AccountID(r.Account), Created, r.Tags, now); err != nil {
			return err
		}
		if err := tx.Delete(keys.UnfinishedRequest(org, id)); err != nil {
			return err
		}
		return records.Put(tx, keys.CreateAccountRequest(org, id), r)
	})
}

// Recover finishes the accounts that were being made when the server ended, and makes the indexes that a
// program before this one did not keep. It must run before requests are served. In a store that servers share it finishes
// nothing, because others may be about to: Tend does.
func (s *Service) Recover(ctx context.Context) error {
	if err := s.index(ctx); err != nil || s.store.Shared() {
		return err
	}
	all, err := s.unfinished(ctx)
	if err != nil {
		return err
	}
	for _, u := range all {
		if err := s.finishAccount(ctx, u.org, u.request); err != nil {
			return err
		}
	}
	return nil
}

// tendInterval is how long an account may be in the making until it is Tend's: a server that has begun it needs much less.
const tendInterval = time.Minute

// Tend finishes the accounts that other servers had begun to make when they ended, until ctx ends. One server does it, of
// those that share the store. If that which began one goes on after all, both do the same: each step does nothing if it has
// been done.
func (s *Service) Tend(ctx context.Context, log *slog.Logger) {
	var before map[string]bool // that were in the making at the last look
	for background.Sleep(ctx, tendInterval) {
		all, err := s.unfinished(ctx)
		now := map[string]bool{}
		for _, u := range all {
			now[u.request.Id] = true
			if before[u.request.Id] {
				err = errors.Join(err, s.finishAccount(ctx, u.org, u.request))
			}
		}
		before = now
		background.Complain(ctx, log, "finish accounts that were being made", err)
	}
}

// unfinished is a request in progress.
type unfinished struct {
	org     ids.OrganizationID
	request *records.CreateAccountRequest
}

// unfinished returns all requests in progress.
func (s *Service) unfinished(ctx context.Context) (all []unfinished, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		all = nil
		from, to := keys.UnfinishedRequests()
		it := r.Scan(from, to)
		var err error
		for err == nil && it.Next() {
			u := unfinished{request: new(records.CreateAccountRequest)}
			var id string
			if u.org, id, err = keys.ParseUnfinishedRequest(it.Key()); err == nil {
				err = records.Get(r, keys.CreateAccountRequest(u.org, id), u.request)
			}
			all = append(all, u)
		}
		return errors.Join(err, it.Close())
	})
	if err != nil {
		return nil, fmt.Errorf("find accounts that are being made: %w", err)
	}
	return all, nil
}

// AccountStatus returns the status of a request to make an account.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeCreateAccountStatus.html
func (s *Service) AccountStatus(ctx context.Context, account ids.AccountID, id string) (out AccountStatus, err error) {
	err = s.inspect(ctx, account, func(v view) error {
		r := new(records.CreateAccountRequest)
		err := records.Get(v, keys.CreateAccountRequest(v.id, id), r)
		if errors.Is(err, meta.ErrNotFound) {
			return errNoRequest
		}
		out = statusOf(r)
		return err
	})
	return out, err
}

// AccountStatuses returns the statuses of all requests, or of those in one of the states.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListCreateAccountStatus.html
func (s *Service) AccountStatuses(ctx context.Context, account ids.AccountID, states []string, p Page) (out List[AccountStatus], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		from, to := keys.CreateAccountRequests(v.id)
		read := func(e entry) (AccountStatus, error) {
			r := new(records.CreateAccountRequest)
			err := records.Unmarshal(e.value, r)
			return statusOf(r), err
		}
		page, err := scanSome(v, from, to, p, func(e entry) (bool, error) {
			status, err := read(e)
			return len(states) == 0 || slices.Contains(states, status.State), err
		})
		out, err = listOf(page, err, read)
		return err
	})
	return out, err
}
