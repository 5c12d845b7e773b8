package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
	"crossgrant/internal/sigv4"
	"crossgrant/internal/sts"
)

// Caller is who makes a request, with everything on its side of a decision. It is shared between
// requests and must not be changed.
type Caller struct {
	policy.Principal
	// AccountName is the name of the caller's account.
	AccountName string
	AccessKeyID ids.AccessKeyID
	// Secret is what the caller signs with; zero for an anonymous caller.
	Secret sigv4.Secret
	// Session is what temporary credentials stand for; nil for long-term ones and for an anonymous caller.
	Session *sts.Session
	// RequestRate is how many requests a second the account may send, and RequestBurst how many at once; 0: as many
	// as it likes, and as many as in a second.
	RequestRate, RequestBurst int

	token    string // that came with temporary credentials
	identity authz.Layer
	boundary *authz.Layer
	session  *authz.Layer
	member   *member // where its account stands in an organization
	keys     policy.Context
}

// Anonymous returns the caller of requests that are not signed.
func Anonymous() *Caller { return anonymous }

var anonymous = func() *Caller {
	c := &Caller{Principal: policy.Principal{Kind: policy.Anonymous}, member: outside}
	c.keys = callerKeys(c, nil)
	return c
}()

// Temporary reports whether the credentials came with a session token.
func (c *Caller) Temporary() bool { return c.Session != nil }

// MFA returns when the caller showed to have an MFA device; zero if it did not in this session, or has
// long-term credentials, with which it cannot.
func (c *Caller) MFA() time.Time {
	if c.Session == nil {
		return time.Time{}
	}
	return c.Session.MFA
}

// Context returns a context for one request of the caller, to which what is known of the request is added:
// it has the condition keys that depend on the caller.
func (c *Caller) Context() policy.Context { return policy.Over(&c.keys) }

// Caller returns who owns the access key id. token is the session token that came with the request,
// or empty. The error is ErrUnknownKey, ErrInvalidToken, ErrExpiredToken, or one of storage.
func (a *Access) Caller(ctx context.Context, id ids.AccessKeyID, token string, now time.Time) (*Caller, error) {
	if _, err := ids.ParseAccessKeyID(string(id)); err != nil {
		return nil, ErrUnknownKey
	}
	if len(id) > 4 && ids.Prefix(id[:4]) == ids.TemporaryKey {
		return a.sessionCaller(ctx, id, token, now)
	}
	return a.callers.get(ctx, id, nil, func(l *load) (*Caller, error) { return a.readCaller(ctx, id, l) })
}

// readCaller reads who owns a long-term access key.
func (a *Access) readCaller(ctx context.Context, id ids.AccessKeyID, l *load) (*Caller, error) {
	key := new(records.AccessKey)
	err := l.view(ctx, func(r meta.Reader) error { return records.Get(r, keys.AccessKey(id), key) })
	if errors.Is(err, meta.ErrNotFound) || err == nil && key.Inactive {
		return nil, ErrUnknownKey
	}
	if err != nil {
		return nil, fmt.Errorf("read access key: %w", err)
	}
	secret, err := a.box.Open(key.SealedSecret, []byte(id))
	if err != nil {
		return nil, fmt.Errorf("open secret of access key %s: %w", id, err)
	}
	acct, err := a.open(ctx, ids.AccountID(key.Account), l)
	if err != nil {
		return nil, err
	}
	c := &Caller{AccountName: acct.Name, AccessKeyID: id, Secret: sigv4.NewSecret(string(secret))}
	c.limit(acct)
	if c.member, err = a.member(ctx, ids.AccountID(acct.Id), l); err != nil {
		return nil, err
	}
	if key.UserName == "" {
		c.Principal = root(acct)
		c.keys = callerKeys(c, nil)
		return c, nil
	}
	user, err := a.identity(ctx, entity{ids.AccountID(acct.Id), keys.UserKind, key.UserName}, l)
	if errors.Is(err, meta.ErrNotFound) || err == nil && string(user.id) != key.UserId {
		return nil, ErrUnknownKey
	}
	if err != nil {
		return nil, err
	}
	c.Principal = principal(acct, user)
	c.Kind, c.ARN, c.Name = policy.User, user.arn.String(), user.name
	c.identity, c.boundary = user.policies, user.boundary
	c.keys = callerKeys(c, user.tags)
	return c, nil
}

// limit gives the caller the quotas on requests of its account.
func (c *Caller) limit(acct *records.Account) {
	c.RequestRate = quotas.Of(acct, quotas.RequestRate, 0)
	c.RequestBurst = quotas.Of(acct, quotas.RequestBurst, 0)
}

// open returns an account whose principals may act: one that exists and is not closed.
func (a *Access) open(ctx context.Context, id ids.AccountID, l *load) (*records.Account, error) {
	acct, err := a.account(ctx, id, l)
	if errors.Is(err, meta.ErrNotFound) || err == nil && acct.Closed != 0 {
		return nil, ErrUnknownKey
	}
	return acct, err
}

// Open reports whether an account is there and not closed.
func (a *Access) Open(ctx context.Context, id ids.AccountID) (bool, error) {
	_, err := a.open(ctx, id, nil)
	if errors.Is(err, ErrUnknownKey) {
		return false, nil
	}
	return err == nil, err
}

// IsOpen is Open as of a transaction: for what must not be written for an account that is closed, or gone.
func IsOpen(r meta.Reader, id ids.AccountID) (bool, error) {
	acct := new(records.Account)
	err := records.Get(r, keys.Account(id), acct)
	if errors.Is(err, meta.ErrNotFound) {
		return false, nil
	}
	return err == nil && acct.Closed == 0, err
}

// root returns the root user of an account.
func root(acct *records.Account) policy.Principal {
	id := ids.AccountID(acct.Id)
	name := arn.Root(id).String()
	return policy.Principal{
		Kind:        policy.Root,
		Account:     id,
		CanonicalID: ids.CanonicalUserID(acct.CanonicalId),
		ARN:         name,
		EntityARN:   name,
	}
}

// principal returns what user and role sessions have in common.
func principal(acct *records.Account, i *identity) policy.Principal {
	return policy.Principal{
		Account:     ids.AccountID(acct.Id),
		CanonicalID: ids.CanonicalUserID(acct.CanonicalId),
		EntityARN:   i.arn.String(),
		EntityID:    i.id,
	}
}
