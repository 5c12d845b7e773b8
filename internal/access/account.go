package access

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// account is what is known of one account: its record, and the identities that were asked for. A
// change to any IAM entity of the account drops it whole, so that what it holds is of one time.
type account struct {
	record *records.Account

	mu sync.RWMutex
	// identities only grows. An identity that was read before a change may be added after it, to an
	// account that was dropped by then and that no new request finds.
	identities map[entity]*identity
}

// entity names a user or role within its account.
type entity struct {
	kind keys.Kind
	name string
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

// account returns the account, or an error that wraps meta.ErrNotFound.
func (a *Access) account(ctx context.Context, id ids.AccountID) (*account, error) {
	return a.accounts.get(id, func() (*account, error) {
		record := new(records.Account)
		err := a.store.View(ctx, func(r meta.Reader) error { return records.Get(r, keys.Account(id), record) })
		if err != nil {
			return nil, fmt.Errorf("read account %s: %w", id, err)
		}
		return &account{record: record, identities: map[entity]*identity{}}, nil
	})
}

// identity returns a user or role of the account, or an error that wraps meta.ErrNotFound.
func (a *Access) identity(ctx context.Context, acct *account, e entity) (*identity, error) {
	acct.mu.RLock()
	found := acct.identities[e]
	acct.mu.RUnlock()
	if found != nil {
		return found, nil
	}
	var loaded *identity
	err := a.store.View(ctx, func(r meta.Reader) (err error) {
		l := loader{reader: r, account: ids.AccountID(acct.record.Id)}
		loaded, err = l.identity(e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %c %s of account %s: %w", e.kind, e.name, acct.record.Id, err)
	}
	acct.mu.Lock()
	defer acct.mu.Unlock()
	acct.identities[e] = loaded
	return loaded, nil
}

// loader reads the policies of one account's entities from one snapshot.
type loader struct {
	reader  meta.Reader
	account ids.AccountID
}

func (l *loader) identity(e entity) (*identity, error) {
	key := keys.Entity(l.account, e.kind, e.name)
	if e.kind == keys.RoleKind {
		role := new(records.Role)
		if err := records.Get(l.reader, key, role); err != nil {
			return nil, err
		}
		i := &identity{id: ids.UniqueID(role.Id), name: role.Name, arn: arn.Role(l.account, role.Path, role.Name), tags: role.Tags}
		return i, l.fill(i, "role/"+role.Name, role, role.Boundary)
	}
	user := new(records.User)
	if err := records.Get(l.reader, key, user); err != nil {
		return nil, err
	}
	i := &identity{id: ids.UniqueID(user.Id), name: user.Name, arn: arn.User(l.account, user.Path, user.Name), tags: user.Tags}
	if err := l.fill(i, "user/"+user.Name, user, user.Boundary); err != nil {
		return nil, err
	}
	for _, name := range user.Groups {
		group := new(records.Group)
		if err := records.Get(l.reader, keys.Entity(l.account, keys.GroupKind, name), group); err != nil {
			return nil, fmt.Errorf("read group %s: %w", name, err)
		}
		if err := l.attach(i, "group/"+group.Name, group); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// holder is a record that policies are attached to.
type holder interface {
	GetAttached() []string
	GetInline() map[string]string
}

// fill adds an entity's own policies and boundary to i.
func (l *loader) fill(i *identity, owner string, h holder, boundary string) error {
	if err := l.attach(i, owner, h); err != nil {
		return err
	}
	if boundary == "" {
		return nil
	}
	source, err := l.managed(boundary)
	if err != nil {
		return err
	}
	i.boundary = &authz.Layer{source}
	return nil
}

// attach adds the managed and inline policies of h to i; owner names h.
func (l *loader) attach(i *identity, owner string, h holder) error {
	for _, policyARN := range h.GetAttached() {
		source, err := l.managed(policyARN)
		if err != nil {
			return err
		}
		i.policies = append(i.policies, source)
	}
	for name, text := range h.GetInline() {
		i.policies = append(i.policies, compile(owner+"/"+name, text))
	}
	return nil
}

// managed returns the default version of a managed policy. One that is attached and cannot be found
// is a fault, which denies, and not an absent policy, which would drop its denies.
func (l *loader) managed(policyARN string) (authz.Source, error) {
	if document, ok := managed.Document(policyARN); ok {
		return authz.Source{Name: policyARN, Document: document}, nil
	}
	name, err := arn.Parse(policyARN)
	if err != nil {
		return fault(policyARN, err), nil
	}
	record, err := managed.Customer(l.reader, l.account, name)
	if errors.Is(err, meta.ErrNotFound) || errors.Is(err, meta.ErrCorrupt) {
		return fault(policyARN, err), nil
	}
	if err != nil {
		return authz.Source{}, err
	}
	for _, v := range record.Versions {
		if v.Id == record.DefaultVersion {
			return compile(policyARN, v.Document), nil
		}
	}
	return fault(policyARN, fmt.Errorf("version %s is missing", record.DefaultVersion)), nil
}

// compile parses the text of an identity policy.
func compile(name, text string) authz.Source {
	document, err := policy.Parse(policy.Identity, []byte(text), policy.Stored())
	if err != nil {
		return fault(name, err)
	}
	return authz.Source{Name: name, Document: document}
}

// fault is a source that could not be read: it denies everything.
func fault(name string, err error) authz.Source { return authz.Source{Name: name, Fault: err} }
