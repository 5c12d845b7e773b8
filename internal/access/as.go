package access

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sts"
)

// AnySession is the name of the session as which a role is asked about when no session is named.
const AnySession = "session"

// AnonymousName is how a question names a caller that does not sign; so does "*".
const AnonymousName = "anonymous"

// As returns the caller that who names, without its credentials, at a time, for questions about requests that
// nobody made. who is the ARN of a user, of a role, of a session of a role, or of an account's root user; an
// account ID, which is its root user; a service principal; or AnonymousName. A session is one that AssumeRole
// began at that time, without session policies, tags or source identity.
//
// The error is an *apierr.Error: NoSuchEntity if there is no such principal, or its account is closed, and
// ValidationError for what names none.
func (a *Access) As(ctx context.Context, who string, now time.Time) (*Caller, error) {
	if who == AnonymousName || who == "*" {
		return Anonymous(), nil
	}
	if id, err := ids.ParseAccountID(who); err == nil {
		who = arn.Root(id).String()
	}
	if !strings.HasPrefix(who, "arn:") {
		if strings.HasSuffix(who, ".amazonaws.com") {
			return Service(who), nil
		}
		return nil, nobody(who)
	}
	name, err := arn.Parse(who)
	if err != nil {
		return nil, nobody(who)
	}
	c, err := a.as(ctx, name, now)
	if errors.Is(err, meta.ErrNotFound) || errors.Is(err, ErrUnknownKey) {
		return nil, apierr.New(http.StatusNotFound, "NoSuchEntity", "There is no principal %s.", who)
	}
	return c, err
}

func nobody(who string) error {
	return apierr.New(http.StatusBadRequest, "ValidationError",
		"%q names no principal: give the ARN of a user, a role, a session of a role or a root user, an account ID, a service principal, or %q.", who, AnonymousName)
}

// as is As for an ARN.
func (a *Access) as(ctx context.Context, name arn.ARN, now time.Time) (*Caller, error) {
	account, err := ids.ParseAccountID(name.Account)
	if err != nil {
		return nil, nobody(name.String())
	}
	return settled(ctx, a.store, func(l *load) (*Caller, error) { return a.readAs(ctx, account, name, now, l) })
}

// readAs reads who acts as the principal that an ARN of account names.
func (a *Access) readAs(ctx context.Context, account ids.AccountID, name arn.ARN, now time.Time, l *load) (*Caller, error) {
	acct, err := a.open(ctx, account, l)
	if err != nil {
		return nil, err
	}
	c := &Caller{AccountName: acct.Name}
	if c.member, err = a.member(ctx, account, l); err != nil {
		return nil, err
	}
	tags, err := a.asEntity(ctx, c, acct, name, now, l)
	if err != nil {
		return nil, err
	}
	c.keys = callerKeys(c, tags)
	return c, nil
}

// asEntity puts into c the principal of an account, with its policies, and returns the tags of the user or role.
func (a *Access) asEntity(ctx context.Context, c *Caller, acct *records.Account, name arn.ARN, now time.Time, l *load) ([]*records.Tag, error) {
	account := ids.AccountID(acct.Id)
	switch {
	case name.Service == "iam" && name.Resource == "root":
		c.Principal = root(acct)
		return nil, nil
	case name.Service == "iam" && name.Type() == "user":
		i, err := a.identity(ctx, entity{account, keys.UserKind, name.Name()}, l)
		if err != nil {
			return nil, err
		}
		if i.arn != name {
			return nil, notThere(name)
		}
		c.Principal, c.identity, c.boundary = principal(acct, i), i.policies, i.boundary
		c.Kind, c.ARN, c.Name = policy.User, name.String(), i.name
		return i.tags, nil
	}
	role, session, ok := roleOf(name)
	if !ok {
		return nil, nobody(name.String())
	}
	i, err := a.identity(ctx, entity{account, keys.RoleKind, role}, l)
	if err != nil {
		return nil, err
	}
	if name.Service == "iam" && i.arn != name {
		return nil, notThere(name)
	}
	c.Session = &sts.Session{
		Kind: sts.RoleSession, Account: account, EntityName: i.name, EntityID: i.id, SessionName: session, Issued: now, Expires: now.Add(time.Hour),
	}
	return a.behind(ctx, c, acct, l)
}

// roleOf returns the name of the role that the ARN of a role or of a session of one names, and that of the session.
func roleOf(name arn.ARN) (role, session string, ok bool) {
	switch {
	case name.Service == "iam" && name.Type() == "role":
		return name.Name(), AnySession, name.Name() != ""
	case name.Service == "sts" && name.Type() == "assumed-role":
		rest, _ := strings.CutPrefix(name.Resource, "assumed-role/")
		role, session, ok = strings.Cut(rest, "/")
		return role, session, ok && role != "" && session != ""
	}
	return "", "", false
}
