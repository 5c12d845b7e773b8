package access

import (
	"context"
	"fmt"

	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Entity is a user, group or role with everything on its side of a decision, for whoever asks what it may
// do without being it. It is shared and must not be changed.
type Entity struct {
	// Principal is the user; or a session of the role, of which neither the name nor the ARN is known; or
	// some member of the group, of which nothing is known but the account.
	Principal policy.Principal
	// Policies are its identity policies; those of a user include its groups'.
	Policies authz.Layer
	// Boundary is its permissions boundary; nil: none.
	Boundary *authz.Layer
	// SCPs are the service control policies of its account, as in authz.Input; nil: the account is in no
	// organization that limits it.
	SCPs []authz.Layer
	// Exempt says that no policy of an organization binds it.
	Exempt bool
	// Keys are the condition keys that requests of the principal have because of who it is.
	Keys policy.Context
}

// Entity returns the user, group or role that has exactly this ARN. The error wraps meta.ErrNotFound if
// there is none.
func (a *Access) Entity(ctx context.Context, name arn.ARN) (*Entity, error) {
	account := ids.AccountID(name.Account)
	acct, err := a.account(ctx, account, nil)
	if err != nil {
		return nil, err
	}
	switch name.Type() {
	case "user":
		return a.named(ctx, acct, entity{account, keys.UserKind, name.Name()}, name)
	case "role":
		return a.named(ctx, acct, entity{account, keys.RoleKind, name.Name()}, name)
	case "group":
		return a.groupEntity(ctx, acct, entity{account, keys.GroupKind, name.Name()}, name)
	default:
		return nil, notThere(name)
	}
}

func notThere(name arn.ARN) error { return fmt.Errorf("read %s: %w", name, meta.ErrNotFound) }

// ManagedPolicy returns the default version of a managed policy of AWS or of account, as it applies to what it
// is attached to: one that cannot be found or read is a fault.
func (a *Access) ManagedPolicy(ctx context.Context, account ids.AccountID, policyARN string) (authz.Source, error) {
	return a.managed(ctx, account, policyARN, nil)
}

// named returns a user or role.
func (a *Access) named(ctx context.Context, acct *records.Account, e entity, name arn.ARN) (*Entity, error) {
	i, err := a.identity(ctx, e, nil)
	if err != nil {
		return nil, err
	}
	if i.arn != name {
		return nil, notThere(name)
	}
	out := &Entity{Principal: principal(acct, i), Policies: i.policies, Boundary: i.boundary}
	if e.kind == keys.RoleKind {
		out.Principal.Kind = policy.RoleSession
	} else {
		out.Principal.Kind, out.Principal.ARN, out.Principal.Name = policy.User, name.String(), i.name
	}
	out.Keys = EntityKeys(&out.Principal, i.tags)
	return out, a.place(ctx, out)
}

// place adds to e what it has from where its account stands in an organization.
func (a *Access) place(ctx context.Context, e *Entity) error {
	m, err := a.member(ctx, e.Principal.Account, nil)
	if err != nil {
		return err
	}
	m.keys(&e.Keys, "aws:Principal")
	if e.Exempt = exempt(&e.Principal); !e.Exempt {
		e.SCPs = m.scps
	}
	return nil
}

// EntityKeys returns the condition keys of a user, or of a session of a role of which the name is not
// known: what depends on the session is absent, and so is what depends on an organization.
func EntityKeys(p *policy.Principal, tags []*records.Tag) policy.Context {
	if p.Kind == policy.User {
		return callerKeys(&Caller{Principal: *p, member: outside}, tags)
	}
	var k policy.Context
	principalKeys(&k, p, tags)
	return k
}

// groupEntity returns a group. It has policies, and neither a boundary nor an identity of its own.
func (a *Access) groupEntity(ctx context.Context, acct *records.Account, e entity, name arn.ARN) (*Entity, error) {
	record := new(records.Group)
	if err := get(ctx, &load{store: a.store}, e, record); err != nil {
		return nil, fmt.Errorf("read group %s: %w", e.name, err)
	}
	if arn.Group(e.account, record.Path, record.Name) != name {
		return nil, notThere(name)
	}
	policies, err := a.group(ctx, e, nil)
	if err != nil {
		return nil, err
	}
	out := &Entity{
		Principal: policy.Principal{Kind: policy.User, Account: e.account, CanonicalID: ids.CanonicalUserID(acct.CanonicalId)},
		Policies:  policies,
	}
	return out, a.place(ctx, out)
}
