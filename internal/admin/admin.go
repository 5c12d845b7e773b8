// Package admin is what an operator does to a server: accounts are made, listed, shown, closed and deleted,
// the profiles of the bootstrap users are read, and KMS keys and the master key are kept.
//
// Operator is these actions. Local does them on an open data folder; Client asks a running server,
// which has the data folder open, over a unix socket in that folder; Handler is the server's side.
// Whoever can open the socket may do everything: the socket has mode 0600 and lies in a directory of
// mode 0700. None of this is part of the AWS APIs.
//
// On the wire it is HTTP with JSON bodies:
//
//	POST /accounts               NewAccount -> Created
//	GET  /accounts?after=ID      -> AccountList
//	GET  /account?who=WHO        -> Account
//	GET  /account/contents?who=WHO&exactly=true -> Contents
//	GET  /account/deletable?who=WHO -> Contents
//	POST /account/close?who=WHO  -> Account
//	POST /account/reopen?who=WHO -> Account
//	POST /account/delete?who=WHO -> Deletion
//	POST /account/delete/continue?id=ID -> Deletion
//	GET  /account/quotas?who=WHO -> QuotaList
//	POST /account/quotas?who=WHO QuotaChange -> QuotaList
//	POST /account/password?who=WHO NewRootPassword -> RootPassword
//	GET  /profiles               -> Profiles
//	POST /keys                   NewKey -> Key
//	GET  /keys                   -> KeyList
//	POST /key/CHANGE?id=KEY      -> Key
//	POST /master-key/rotate      -> Done
//	POST /backup                 backup.Order -> BackupStep, one after the other until the last
//	POST /fsck?repair=true       -> lines of FsckLine
//	POST /requests               decisions.Query -> decisions.Page
//	GET  /request?id=ID          -> decisions.Request
//	POST /replay                 ReplayOrder -> lines of ReplayLine
//	POST /ask                    questions.Question, … -> Answer, …, as many
//	POST /explain                questions.Question -> explain.Report
//	POST /access                 reach.Question -> reach.Result
//
// A failure is a status of 400 or more and a Failure.
package admin

import (
	"context"
	"time"

	"crossgrant/internal/accounts"
	"crossgrant/internal/backup"
	"crossgrant/internal/closure"
	"crossgrant/internal/decisions"
	"crossgrant/internal/fsck"
	"crossgrant/internal/ids"
	"crossgrant/internal/kms"
	"crossgrant/internal/questions"
	"crossgrant/internal/seal"
)

// Operator does what an operator asks. Where an account is named, who is an account ID, a canonical
// user ID, an e-mail address or a name that only one account has. Errors are *apierr.Error with the
// codes of package accounts, or others.
type Operator interface {
	CreateAccount(ctx context.Context, n NewAccount) (Created, error)
	// ListAccounts returns a page of accounts, by ID, after the ID given (empty: from the first).
	ListAccounts(ctx context.Context, after string) (AccountList, error)
	ShowAccount(ctx context.Context, who string) (Account, error)
	Profiles(ctx context.Context) (Profiles, error)
	KeyOperator
	BackupOperator
	ClosureOperator
	QuotaOperator
	PasswordOperator
	FsckOperator
	RequestOperator
	AskOperator
	ExplainOperator
	AccessOperator
}

// NewAccount says what account to make; see accounts.NewAccount.
type NewAccount struct {
	Name            string
	AccountID       string `json:"AccountId,omitempty"`
	CanonicalID     string `json:"CanonicalId,omitempty"`
	Email           string `json:",omitempty"`
	AccessKeyID     string `json:"AccessKeyId,omitempty"`
	SecretAccessKey string `json:",omitempty"`
}

// Created is a new account with the access key of its root user. Its JSON form is what `account
// create --output json` prints: these keys and no others.
type Created struct {
	AccountID       string `json:"AccountId"`
	CanonicalID     string `json:"CanonicalId"`
	Name            string
	Email           string
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
}

// States of an account, the first two in the words of the Organizations API.
const (
	Active   = "ACTIVE"
	Closed   = "CLOSED"
	Deleting = "DELETING"
	Deleted  = "DELETED"
)

// Account is an account as it is listed and shown.
type Account struct {
	AccountID   string `json:"AccountId"`
	CanonicalID string `json:"CanonicalId"`
	Name        string
	Email       string
	State       string // Active, Closed or Deleting
	Created     time.Time
	Closed      *time.Time `json:",omitempty"`
	// AccessKeyIDs are the root user's access keys, oldest first; set where one account is shown.
	AccessKeyIDs []string `json:"AccessKeyIds,omitempty"`
}

// AccountList is a page of accounts.
type AccountList struct {
	Accounts []Account
	// More says that there are accounts after the last one.
	More bool `json:",omitempty"`
}

// Profiles are the AWS CLI profiles of a data folder's bootstrap users.
type Profiles struct {
	// Endpoint and Region are those of the server; empty if none runs.
	Endpoint string    `json:",omitempty"`
	Region   string    `json:",omitempty"`
	Profiles []Profile // by name
}

// Profile is one profile with its credentials.
type Profile struct {
	Name            string
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
}

// pageSize is the number of accounts in one AccountList.
const pageSize = 1000

// Local is the Operator of an open data folder.
type Local struct {
	Accounts *accounts.Service
	KMS      *kms.Service
	Closure  *closure.Service
	// Passwords keeps those of root users.
	Passwords RootPasswords
	Backups   *backup.Service
	// Decisions has the records of requests, and explains.
	Decisions *decisions.Service
	// Box is sealed with the master key.
	Box *seal.Box
	// Alone returns an error that says what to do if other servers use the same store; nil: none can.
	Alone func(context.Context) error
	// ReadProfiles returns the profiles by name.
	ReadProfiles func(context.Context) ([]Profile, error)
	// Questions puts what Ask answers.
	Questions *questions.Service
	// Verify says what Fsck verifies.
	Verify fsck.Options
	// Reach answers Access.
	Reach Reach
	// Endpoint and Region are reported with the profiles.
	Endpoint, Region string
}

var _ Operator = (*Local)(nil)

// CreateAccount makes an account.
func (l *Local) CreateAccount(ctx context.Context, n NewAccount) (Created, error) {
	a, key, err := l.Accounts.Create(ctx, accounts.NewAccount{
		Name: n.Name, ID: n.AccountID, CanonicalID: n.CanonicalID, Email: n.Email,
		AccessKeyID: n.AccessKeyID, SecretAccessKey: n.SecretAccessKey,
	})
	if err != nil {
		return Created{}, err
	}
	return Created{
		AccountID: string(a.ID), CanonicalID: string(a.CanonicalID), Name: a.Name, Email: a.Email,
		AccessKeyID: string(key.ID), SecretAccessKey: key.Secret,
	}, nil
}

// ListAccounts returns a page of up to 1,000 accounts.
func (l *Local) ListAccounts(ctx context.Context, after string) (AccountList, error) {
	page, err := l.Accounts.List(ctx, ids.AccountID(after), pageSize)
	if err != nil {
		return AccountList{}, err
	}
	list := AccountList{Accounts: make([]Account, len(page.Accounts)), More: page.More}
	for i, a := range page.Accounts {
		list.Accounts[i] = describe(a)
	}
	return list, nil
}

// ShowAccount returns one account with the IDs of its root user's access keys.
func (l *Local) ShowAccount(ctx context.Context, who string) (Account, error) {
	a, err := l.Accounts.Lookup(ctx, who)
	if err != nil {
		return Account{}, err
	}
	root, err := l.Accounts.RootKeys(ctx, a.ID)
	if err != nil {
		return Account{}, err
	}
	shown := describe(a)
	for _, id := range root {
		shown.AccessKeyIDs = append(shown.AccessKeyIDs, string(id))
	}
	return shown, nil
}

// Profiles returns the profiles.
func (l *Local) Profiles(ctx context.Context) (Profiles, error) {
	all, err := l.ReadProfiles(ctx)
	return Profiles{Endpoint: l.Endpoint, Region: l.Region, Profiles: all}, err
}

func describe(a accounts.Account) Account {
	d := Account{
		AccountID: string(a.ID), CanonicalID: string(a.CanonicalID), Name: a.Name, Email: a.Email,
		State: stateOf(a), Created: a.Created,
	}
	if !a.Closed.IsZero() {
		d.Closed = &a.Closed
	}
	return d
}

func stateOf(a accounts.Account) string {
	switch {
	case !a.Deleting.IsZero():
		return Deleting
	case !a.Closed.IsZero():
		return Closed
	default:
		return Active
	}
}
