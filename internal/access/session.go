package access

import (
	"context"
	"crypto/subtle"
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

// sessionCaller returns the caller of temporary credentials. What is kept is kept for the token that it was
// made from.
func (a *Access) sessionCaller(ctx context.Context, id ids.AccessKeyID, token string, now time.Time) (*Caller, error) {
	if token == "" {
		return nil, ErrUnknownKey
	}
	read := func(l *load) (*Caller, error) { return a.readSession(ctx, id, token, now, l) }
	c, err := a.callers.get(ctx, id, nil, read)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(c.token), []byte(token)) == 0 {
		// Of another token. Only part of an access key ID is random, so that two sessions may have drawn the
		// same; and the token may not have been issued here at all.
		return settled(ctx, a.store, read)
	}
	if !now.Before(c.Session.Expires) {
		return nil, ErrExpiredToken
	}
	return c, nil
}

// readSession reads whose session a token is. It ends with who is behind it: with the user or role, also if
// another one has its name now, and with the account; one of AssumeRoot also with what let it begin. It does not
// end with the access key that it was had with: AWS lets temporary credentials live until they expire, and tells to change what the user may do.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
func (a *Access) readSession(ctx context.Context, id ids.AccessKeyID, token string, now time.Time, l *load) (*Caller, error) {
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
	acct, err := a.open(ctx, session.Account, l)
	if err != nil {
		return nil, err
	}
	if err := a.checkAssumedRoot(ctx, session, l); err != nil {
		return nil, err
	}
	c := &Caller{
		AccountName: acct.Name, AccessKeyID: id, Secret: sigv4.NewSecret(session.Secret), Session: session, token: token,
	}
	c.limit(acct)
	tags, err := a.behind(ctx, c, acct, l)
	if err != nil {
		return nil, err
	}
	if c.session, err = a.sessionLayer(ctx, session, l); err != nil {
		return nil, err
	}
	if c.member, err = a.member(ctx, session.Account, l); err != nil {
		return nil, err
	}
	c.keys = callerKeys(c, tags)
	return c, nil
}

// behind puts into c who acts in its session, with the policies of the user or role, whose tags it returns.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
func (a *Access) behind(ctx context.Context, c *Caller, acct *records.Account, l *load) ([]*records.Tag, error) {
	s := c.Session
	switch {
	case s.Kind == sts.RootUserSession, s.Kind == sts.AssumedRoot:
		c.Principal = root(acct)
		return nil, nil
	case s.Kind == sts.FederatedUser && s.EntityID == "":
		c.Principal, c.identity = root(acct), rootRights
		c.Kind, c.ARN, c.Name = policy.FederatedUser, s.ARN(), s.SessionName
		return nil, nil
	}
	i, err := a.sessionEntity(ctx, s, l)
	if err != nil {
		return nil, err
	}
	c.Principal, c.identity, c.boundary = principal(acct, i), i.policies, i.boundary
	switch s.Kind {
	case sts.RoleSession:
		c.Kind, c.Name = policy.RoleSession, s.SessionName
		c.ARN = arn.AssumedRole(s.Account, i.name, s.SessionName).String()
	case sts.UserSession:
		c.Kind, c.ARN, c.Name = policy.User, i.arn.String(), i.name
	case sts.FederatedUser:
		c.Kind, c.ARN, c.Name = policy.FederatedUser, s.ARN(), s.SessionName
	default:
		return nil, fmt.Errorf("access: session of kind %q", s.Kind)
	}
	return i.tags, nil
}

// sessionEntity returns the user or role behind a session, or ErrUnknownKey if it is gone. A user may have
// another name than when the session began.
func (a *Access) sessionEntity(ctx context.Context, s *sts.Session, l *load) (*identity, error) {
	e := entity{s.Account, keys.RoleKind, s.EntityName}
	if s.Kind != sts.RoleSession {
		var err error
		if e, err = a.userOf(ctx, s, l); err != nil {
			return nil, err
		}
	}
	i, err := a.identity(ctx, e, l)
	if errors.Is(err, meta.ErrNotFound) || err == nil && i.id != s.EntityID {
		return nil, ErrUnknownKey
	}
	return i, err
}

// userOf returns the user who has the unique ID that a session holds, or ErrUnknownKey.
func (a *Access) userOf(ctx context.Context, s *sts.Session, l *load) (e entity, err error) {
	var entry []byte
	err = l.view(ctx, func(r meta.Reader) (err error) {
		entry, err = r.Get(keys.UniqueID(s.Account, s.EntityID))
		return err
	})
	if errors.Is(err, meta.ErrNotFound) {
		return e, ErrUnknownKey
	}
	if err != nil {
		return e, fmt.Errorf("read index of %s: %w", s.EntityID, err)
	}
	if len(entry) < 2 || keys.Kind(entry[0]) != keys.UserKind {
		return e, fmt.Errorf("index of %s does not name a user: %w", s.EntityID, meta.ErrCorrupt)
	}
	return entity{s.Account, keys.UserKind, string(entry[1:])}, nil
}

// rootRights stand for identity policies where a federated user has the rights of the root user, as far as its
// session policies allow them too, and for what a task policy of AssumeRoot takes from.
var rootRights = authz.Layer{compile(policy.Identity, "root user", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)}

// sessionLayer returns the session policies of a session, or nil if none were passed.
func (a *Access) sessionLayer(ctx context.Context, s *sts.Session, l *load) (*authz.Layer, error) {
	if len(s.Policies) == 0 && len(s.PolicyARNs) == 0 {
		return nil, nil
	}
	var layer authz.Layer
	if s.Kind == sts.AssumedRoot {
		// Task policies deny what does not belong to the task, and allow nothing: the root user may do the rest.
		layer = append(layer, rootRights...)
	}
	for i, text := range s.Policies {
		layer = append(layer, compile(policy.Session, fmt.Sprintf("session/%s/%d", s.SessionName, i), text))
	}
	for _, policyARN := range s.PolicyARNs {
		source, err := a.managed(ctx, s.Account, policyARN, l)
		if err != nil {
			return nil, fmt.Errorf("read session policy: %w", err)
		}
		layer = append(layer, source)
	}
	return &layer, nil
}
