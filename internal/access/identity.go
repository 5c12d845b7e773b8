package access

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"

	"google.golang.org/protobuf/proto"
)

// entity names a user, group or role.
type entity struct {
	account ids.AccountID
	kind    keys.Kind
	name    string
}

// identity is a user or role with the policies that apply to it. It is not changed once it is made.
type identity struct {
	id       ids.UniqueID
	arn      arn.ARN
	name     string
	tags     []*records.Tag
	policies authz.Layer
	boundary *authz.Layer // nil: none
}

// account returns the record of an account, or an error that wraps meta.ErrNotFound.
func (a *Access) account(ctx context.Context, id ids.AccountID, part *load) (*records.Account, error) {
	return a.accounts.get(ctx, id, part, func(l *load) (*records.Account, error) {
		record := new(records.Account)
		if err := l.view(ctx, func(r meta.Reader) error { return records.Get(r, keys.Account(id), record) }); err != nil {
			return nil, fmt.Errorf("read account %s: %w", id, err)
		}
		return record, nil
	})
}

// identity returns a user or role, or an error that wraps meta.ErrNotFound.
func (a *Access) identity(ctx context.Context, e entity, part *load) (*identity, error) {
	return a.identities.get(ctx, e, part, func(l *load) (*identity, error) {
		i, err := a.readIdentity(ctx, e, l)
		if err != nil {
			return nil, fmt.Errorf("read %c %s of account %s: %w", e.kind, e.name, e.account, err)
		}
		return i, nil
	})
}

func (a *Access) readIdentity(ctx context.Context, e entity, l *load) (*identity, error) {
	if e.kind == keys.RoleKind {
		role := new(records.Role)
		if err := get(ctx, l, e, role); err != nil {
			return nil, err
		}
		i := &identity{id: ids.UniqueID(role.Id), name: role.Name, arn: arn.Role(e.account, role.Path, role.Name), tags: role.Tags}
		return i, a.fill(ctx, i, e, role, role.Boundary, l)
	}
	user := new(records.User)
	if err := get(ctx, l, e, user); err != nil {
		return nil, err
	}
	i := &identity{id: ids.UniqueID(user.Id), name: user.Name, arn: arn.User(e.account, user.Path, user.Name), tags: user.Tags}
	if err := a.fill(ctx, i, e, user, user.Boundary, l); err != nil {
		return nil, err
	}
	for _, name := range user.Groups {
		group, err := a.group(ctx, entity{e.account, keys.GroupKind, name}, l)
		if err != nil {
			return nil, err
		}
		i.policies = append(i.policies, group...)
	}
	return i, nil
}

// get reads the record of an entity.
func get(ctx context.Context, l *load, e entity, m proto.Message) error {
	return l.view(ctx, func(r meta.Reader) error { return records.Get(r, keys.Entity(e.account, e.kind, e.name), m) })
}

// group returns the policies of a group, which all of its members share.
func (a *Access) group(ctx context.Context, e entity, part *load) (authz.Layer, error) {
	return a.groups.get(ctx, e, part, func(l *load) (authz.Layer, error) {
		group := new(records.Group)
		if err := get(ctx, l, e, group); err != nil {
			return nil, fmt.Errorf("read group %s: %w", e.name, err)
		}
		return a.policiesOf(ctx, e, "group/"+group.Name, group, l)
	})
}

// holder is a record that policies are attached to.
type holder interface {
	GetName() string
	GetAttached() []string
	GetInline() map[string]string
}

// fill adds an entity's own policies and boundary to i.
func (a *Access) fill(ctx context.Context, i *identity, e entity, h holder, boundary string, l *load) (err error) {
	owner := "user/" + h.GetName()
	if e.kind == keys.RoleKind {
		owner = "role/" + h.GetName()
	}
	if i.policies, err = a.policiesOf(ctx, e, owner, h, l); err != nil || boundary == "" {
		return err
	}
	source, err := a.managed(ctx, e.account, boundary, l)
	i.boundary = &authz.Layer{source}
	return err
}

// policiesOf returns the managed and inline policies of h; owner names h.
func (a *Access) policiesOf(ctx context.Context, e entity, owner string, h holder, l *load) (authz.Layer, error) {
	var layer authz.Layer
	for _, policyARN := range h.GetAttached() {
		source, err := a.managed(ctx, e.account, policyARN, l)
		if err != nil {
			return nil, err
		}
		layer = append(layer, source)
	}
	// By name, so that which of several policies is named first does not change.
	inline := h.GetInline()
	for _, name := range slices.Sorted(maps.Keys(inline)) {
		layer = append(layer, compile(policy.Identity, owner+"/"+name, inline[name]))
	}
	return layer, nil
}

// managed returns the default version of a managed policy of AWS or of account. One that is attached and
// cannot be found is a fault, which denies, and not an absent policy, which would drop its denies.
func (a *Access) managed(ctx context.Context, account ids.AccountID, policyARN string, part *load) (authz.Source, error) {
	if document, ok := managed.Document(policyARN); ok {
		return authz.Source{Name: policyARN, Document: document}, nil
	}
	name, err := arn.Parse(policyARN)
	if err != nil {
		return fault(policyARN, err), nil
	}
	return a.policies.get(ctx, policyOf{account, name}, part, func(l *load) (authz.Source, error) {
		var record *records.ManagedPolicy
		err := l.view(ctx, func(r meta.Reader) (err error) {
			record, err = managed.Customer(r, account, name)
			return err
		})
		if errors.Is(err, meta.ErrNotFound) || errors.Is(err, meta.ErrCorrupt) {
			return fault(policyARN, err), nil
		}
		if err != nil {
			return authz.Source{}, err
		}
		return defaultVersion(policyARN, record), nil
	})
}

// policyOf names a managed policy as an account sees it: that of another account is not there for it.
type policyOf struct {
	account ids.AccountID
	arn     arn.ARN
}

func defaultVersion(policyARN string, record *records.ManagedPolicy) authz.Source {
	for _, v := range record.Versions {
		if v.Id == record.DefaultVersion {
			return compile(policy.Identity, policyARN, v.Document)
		}
	}
	return fault(policyARN, fmt.Errorf("version %s is missing", record.DefaultVersion))
}

// compile parses the stored text of a policy.
func compile(t policy.Type, name, text string) authz.Source {
	document, err := policy.Parse(t, []byte(text), policy.Stored())
	if err != nil {
		return fault(name, err)
	}
	return authz.Source{Name: name, Document: document}
}

// fault is a source that could not be read: it denies everything.
func fault(name string, err error) authz.Source { return authz.Source{Name: name, Fault: err} }
