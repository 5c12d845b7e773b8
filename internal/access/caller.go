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
	"crossgrant/internal/records"
	"crossgrant/internal/sigv4"
	"crossgrant/internal/sts"
)

// accessKey is a long-term access key with its secret.
type accessKey struct {
	record *records.AccessKey
	secret sigv4.Secret
}

// Caller returns who owns the access key id. token is the session token that came with the request,
// or empty. The error is ErrUnknownKey, ErrInvalidToken, ErrExpiredToken, or one of storage.
func (a *Access) Caller(ctx context.Context, id ids.AccessKeyID, token string, now time.Time) (*Caller, error) {
	if _, err := ids.ParseAccessKeyID(string(id)); err != nil {
		return nil, ErrUnknownKey
	}
	if len(id) > 4 && ids.Prefix(id[:4]) == ids.TemporaryKey {
		return a.sessionCaller(ctx, id, token, now)
	}
	key, err := a.accessKey(ctx, id)
	if err != nil {
		return nil, err
	}
	if key.record.Inactive {
		return nil, ErrUnknownKey
	}
	acct, err := a.open(ctx, ids.AccountID(key.record.Account))
	if err != nil {
		return nil, err
	}
	c := &Caller{AccountName: acct.record.Name, AccessKeyID: id, Secret: key.secret}
	if key.record.UserName == "" {
		c.Principal = root(acct)
		c.context = callerKeys(c, nil)
		return c, nil
	}
	user, err := a.identity(ctx, acct, entity{keys.UserKind, key.record.UserName})
	if errors.Is(err, meta.ErrNotFound) || err == nil && string(user.id) != key.record.UserId {
		return nil, ErrUnknownKey
	}
	if err != nil {
		return nil, err
	}
	c.Principal = principal(acct, user)
	c.Kind, c.ARN, c.Name = policy.User, user.arn.String(), user.name
	c.identity, c.boundary = user.policies, user.boundary
	c.context = callerKeys(c, user.tags)
	return c, nil
}

// sessionCaller returns the caller of a role session.
func (a *Access) sessionCaller(ctx context.Context, id ids.AccessKeyID, token string, now time.Time) (*Caller, error) {
	if token == "" {
		return nil, ErrUnknownKey
	}
	session, err := a.sessions.Open(id, token)
	if errors.Is(err, sts.ErrInvalidToken) {
		return nil, ErrInvalidToken
	}
	if err != nil {
		return nil, err
	}
	if !now.Before(session.Expires) {
		return nil, ErrExpiredToken
	}
	acct, err := a.open(ctx, session.Account)
	if err != nil {
		return nil, err
	}
	role, err := a.identity(ctx, acct, entity{keys.RoleKind, session.RoleName})
	if errors.Is(err, meta.ErrNotFound) || err == nil && role.id != session.RoleID {
		return nil, ErrUnknownKey
	}
	if err != nil {
		return nil, err
	}
	c := &Caller{
		Principal:   principal(acct, role),
		AccountName: acct.record.Name,
		AccessKeyID: id,
		Secret:      sigv4.NewSecret(session.Secret),
		Issued:      session.Issued,
		identity:    role.policies,
		boundary:    role.boundary,
	}
	c.Kind, c.Name = policy.RoleSession, session.SessionName
	c.ARN = arn.AssumedRole(session.Account, role.name, session.SessionName).String()
	if c.session, err = a.sessionLayer(ctx, acct, session); err != nil {
		return nil, err
	}
	c.context = callerKeys(c, role.tags)
	return c, nil
}

// sessionLayer returns the session policies of a session, or nil if none were passed.
func (a *Access) sessionLayer(ctx context.Context, acct *account, s *sts.Session) (*authz.Layer, error) {
	if len(s.Policies) == 0 && len(s.PolicyARNs) == 0 {
		return nil, nil
	}
	var layer authz.Layer
	for i, text := range s.Policies {
		layer = append(layer, compile(fmt.Sprintf("session/%s/%d", s.SessionName, i), text))
	}
	if len(s.PolicyARNs) > 0 {
		err := a.store.View(ctx, func(r meta.Reader) error {
			l := loader{reader: r, account: ids.AccountID(acct.record.Id)}
			for _, policyARN := range s.PolicyARNs {
				source, err := l.managed(policyARN)
				if err != nil {
					return err
				}
				layer = append(layer, source)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read session policies: %w", err)
		}
	}
	return &layer, nil
}

// accessKey returns a long-term access key, or ErrUnknownKey.
func (a *Access) accessKey(ctx context.Context, id ids.AccessKeyID) (*accessKey, error) {
	return a.keys.get(id, func() (*accessKey, error) {
		record := new(records.AccessKey)
		err := a.store.View(ctx, func(r meta.Reader) error { return records.Get(r, keys.AccessKey(id), record) })
		if errors.Is(err, meta.ErrNotFound) {
			return nil, ErrUnknownKey
		}
		if err != nil {
			return nil, fmt.Errorf("read access key: %w", err)
		}
		secret, err := a.box.Open(record.SealedSecret, []byte(id))
		if err != nil {
			return nil, fmt.Errorf("open secret of access key %s: %w", id, err)
		}
		return &accessKey{record: record, secret: sigv4.NewSecret(string(secret))}, nil
	})
}

// open returns an account whose principals may act: one that exists and is not closed.
func (a *Access) open(ctx context.Context, id ids.AccountID) (*account, error) {
	acct, err := a.account(ctx, id)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, ErrUnknownKey
	}
	if err != nil {
		return nil, err
	}
	if acct.record.Closed != 0 {
		return nil, ErrUnknownKey
	}
	return acct, nil
}

// root returns the root user of an account.
func root(acct *account) policy.Principal {
	id := ids.AccountID(acct.record.Id)
	name := arn.Root(id).String()
	return policy.Principal{
		Kind:        policy.Root,
		Account:     id,
		CanonicalID: ids.CanonicalUserID(acct.record.CanonicalId),
		ARN:         name,
		EntityARN:   name,
	}
}

// principal returns what user and role sessions have in common.
func principal(acct *account, i *identity) policy.Principal {
	return policy.Principal{
		Account:     ids.AccountID(acct.record.Id),
		CanonicalID: ids.CanonicalUserID(acct.record.CanonicalId),
		EntityARN:   i.arn.String(),
		EntityID:    i.id,
	}
}
