package iam

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// entity is what users, groups, roles, managed policies and instance profiles have in common.
type entity interface {
	proto.Message
	GetName() string
	GetId() string
	GetPath() string
}

// holder is an entity that policies can be attached to and written into: a user, group or role.
type holder interface {
	entity
	GetAttached() []string
	GetInline() map[string]string
}

// kindName is AWS's word for a kind of entity.
func kindName(k keys.Kind) string {
	switch k {
	case keys.UserKind:
		return "user"
	case keys.GroupKind:
		return "group"
	case keys.RoleKind:
		return "role"
	case keys.InstanceProfileKind:
		return "instance profile"
	default:
		return "policy"
	}
}

// newHolder returns an empty record of a kind.
func newHolder(k keys.Kind) holder {
	switch k {
	case keys.UserKind:
		return new(records.User)
	case keys.GroupKind:
		return new(records.Group)
	case keys.RoleKind:
		return new(records.Role)
	default:
		panic("iam: no policies are attached to kind " + string(k))
	}
}

// setAttached replaces the ARNs of the attached policies.
func setAttached(h holder, policies []string) {
	switch h := h.(type) {
	case *records.User:
		h.Attached = policies
	case *records.Group:
		h.Attached = policies
	case *records.Role:
		h.Attached = policies
	}
}

// setInline writes an inline policy into h.
func setInline(h holder, name, document string) {
	inline := h.GetInline()
	if inline == nil {
		inline = map[string]string{}
		switch h := h.(type) {
		case *records.User:
			h.Inline = inline
		case *records.Group:
			h.Inline = inline
		case *records.Role:
			h.Inline = inline
		}
	}
	inline[name] = document
}

// boundaryOf returns the place of the permissions boundary, or nil for a group, which has none.
func boundaryOf(h holder) *string {
	switch h := h.(type) {
	case *records.User:
		return &h.Boundary
	case *records.Role:
		return &h.Boundary
	default:
		return nil
	}
}

func tagsOf(e entity) []*records.Tag {
	tagged, ok := e.(interface{ GetTags() []*records.Tag })
	if !ok {
		return nil
	}
	return tagged.GetTags()
}

// entityARN returns the ARN of an entity of this account.
func (v view) entityARN(k keys.Kind, e entity) string {
	return arnOf(v.account, k, e.GetPath(), e.GetName())
}

func arnOf(account ids.AccountID, k keys.Kind, path, name string) string {
	switch k {
	case keys.UserKind:
		return arn.User(account, path, name).String()
	case keys.GroupKind:
		return arn.Group(account, path, name).String()
	case keys.RoleKind:
		return arn.Role(account, path, name).String()
	case keys.InstanceProfileKind:
		return arn.InstanceProfile(account, path, name).String()
	default:
		return arn.Policy(account, path, name).String()
	}
}

// get reads an entity that a client names into e, or returns NoSuchEntity.
func (v view) get(k keys.Kind, name string, e entity) error {
	err := v.known(k, name, e)
	switch {
	case !errors.Is(err, meta.ErrNotFound):
		return err
	case k == keys.InstanceProfileKind:
		return noSuchEntity("Instance Profile %s cannot be found.", name)
	default:
		return noSuchEntity("The %s with name %s cannot be found.", kindName(k), name)
	}
}

// known reads an entity that another record names into e. That it is not there is an internal error.
func (v view) known(k keys.Kind, name string, e entity) error {
	if err := records.Get(v, keys.Entity(v.account, k, name), e); err != nil {
		return fmt.Errorf("read %s %s of account %s: %w", kindName(k), name, v.account, err)
	}
	return nil
}

// holder reads a user, group or role.
func (v view) holder(k keys.Kind, name string) (holder, error) {
	h := newHolder(k)
	return h, v.get(k, name, h)
}

// changed reads a user, group or role whose policies are to be changed. The error is UnmodifiableEntity for a
// service-linked role.
func (c change) changed(k keys.Kind, name string) (holder, error) {
	h, err := c.holder(k, name)
	if err != nil {
		return nil, err
	}
	return h, modifiable(h)
}

// free returns taken if the account has an entity of this name.
func (v view) free(k keys.Kind, name string, taken error) error {
	return v.absent(keys.Entity(v.account, k, name), taken)
}

// absent returns taken if there is something under a key.
func (v view) absent(key []byte, taken error) error {
	_, err := v.Get(key)
	if errors.Is(err, meta.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return taken
}

// count returns the number of keys in a range, at most most.
func (v view) count(from, to []byte, most int) (int, error) {
	it := v.Scan(from, to)
	n := 0
	for n < most && it.Next() {
		n++
	}
	return n, it.Close()
}

// put writes the record of an entity.
func (c change) put(k keys.Kind, e entity) error {
	return records.Put(c.tx, keys.Entity(c.account, k, e.GetName()), e)
}

// create writes a new entity and its indexes. taken refuses a name that is in use.
func (c change) create(k keys.Kind, e entity, quota int, quotaName string, taken error) error {
	if err := c.free(k, e.GetName(), taken); err != nil {
		return err
	}
	if err := c.countIn(k, quota, quotaName); err != nil {
		return err
	}
	id := ids.UniqueID(e.GetId())
	if err := c.index(k, e); err != nil {
		return err
	}
	if k == keys.UserKind || k == keys.RoleKind {
		if err := c.tx.Put(keys.EntityAccount(id), []byte(c.account)); err != nil {
			return err
		}
	}
	return c.put(k, e)
}

// index writes the index entry that leads from the entity's unique ID to its record.
func (c change) index(k keys.Kind, e entity) error {
	value := append([]byte{byte(k)}, strings.ToLower(e.GetName())...)
	return c.tx.Put(keys.UniqueID(c.account, ids.UniqueID(e.GetId())), value)
}

// remove deletes an entity and its indexes.
func (c change) remove(k keys.Kind, e entity) error {
	if err := c.countOut(k); err != nil {
		return err
	}
	id := ids.UniqueID(e.GetId())
	doomed := [][]byte{keys.Entity(c.account, k, e.GetName()), keys.UniqueID(c.account, id)}
	if k == keys.UserKind || k == keys.RoleKind {
		doomed = append(doomed, keys.EntityAccount(id))
	}
	return meta.DeleteAll(c.tx, doomed)
}

// move is the part of a rename that does not depend on what kind of entity it is: e has its new name
// already, old is the one it had. taken refuses a new name that is in use.
func (c change) move(k keys.Kind, e holder, old string, taken error) error {
	from, to := keys.Entity(c.account, k, old), keys.Entity(c.account, k, e.GetName())
	if !bytes.Equal(from, to) {
		if err := c.free(k, e.GetName(), taken); err != nil {
			return err
		}
		if err := c.tx.Delete(from); err != nil {
			return err
		}
		if err := c.index(k, e); err != nil {
			return err
		}
	}
	if boundary := boundaryOf(e); boundary != nil {
		if err := c.moveBoundary(k, *boundary, old, e.GetName()); err != nil {
			return err
		}
	}
	for _, policyARN := range e.GetAttached() {
		if err := c.tx.Delete(keys.Attachment(c.account, policyARN, k, old)); err != nil {
			return err
		}
		if err := c.tx.Put(keys.Attachment(c.account, policyARN, k, e.GetName()), []byte(e.GetName())); err != nil {
			return err
		}
	}
	return c.put(k, e)
}

// removable refuses to delete an entity that still has policies.
func removable(h holder) error {
	if len(h.GetAttached()) > 0 {
		return deleteConflict("Cannot delete entity, must detach all policies first.")
	}
	if len(h.GetInline()) > 0 {
		return deleteConflict("Cannot delete entity, must delete policies first.")
	}
	return nil
}

// recordTags and fromTags turn tags into records and back; the order is kept.
func recordTags(tags []Tag) []*records.Tag {
	var out []*records.Tag
	for _, t := range tags {
		out = append(out, &records.Tag{Key: t.Key, Value: t.Value})
	}
	return out
}

func fromTags(tags []*records.Tag) []Tag {
	var out []Tag
	for _, t := range tags {
		out = append(out, Tag{t.Key, t.Value})
	}
	return out
}
