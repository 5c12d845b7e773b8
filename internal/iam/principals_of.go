package iam

import (
	"context"
	"errors"
	"slices"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Principal is a user or role, as reports name it.
type Principal struct {
	Kind keys.Kind
	Name string
	ID   ids.UniqueID
	Path string
	ARN  string
}

// PrincipalsOf returns the users and roles that have the policies of what name stands for: a user or role
// itself; the members of a group; and of a managed policy those that it is attached to, directly or through a
// group. They are in order of their ARNs. NoSuchEntity if nothing has exactly this ARN, InvalidInput if it is
// that of something else.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html
func (s *Service) PrincipalsOf(ctx context.Context, account ids.AccountID, name arn.ARN) (all []Principal, err error) {
	err = s.read(ctx, account, func(v view) error {
		found := map[EntityRef]bool{} // kinds and names
		if name.Type() == "policy" {
			err = v.policyUsers(name, found)
		} else {
			err = v.entityUsers(name, found)
		}
		if err != nil {
			return err
		}
		all, err = v.principals(found)
		return err
	})
	return all, err
}

// policyUsers adds the users, groups and roles that a managed policy is attached to.
func (v view) policyUsers(name arn.ARN, to map[EntityRef]bool) error {
	if _, err := ParsePolicyARN(name.String()); err != nil {
		return err
	}
	if _, ok := managed.Lookup(name.String()); !ok {
		if _, err := v.ownPolicy(name); err != nil {
			return err
		}
	}
	uses := v.usesOf(name.String(), "PermissionsPolicy")
	for uses.seek(""); ; {
		place, entity, ok := uses.next()
		if !ok {
			return uses.close()
		}
		to[EntityRef{Kind: keys.Kind(place[0]), Name: entity}] = true
	}
}

// entityUsers adds a user, group or role.
func (v view) entityUsers(name arn.ARN, to map[EntityRef]bool) error {
	_, k, err := ParseEntityARN(name.String())
	if err != nil {
		return err
	}
	h, err := v.holder(k, name.Name())
	if err != nil {
		return err
	}
	if v.entityARN(k, h) != name.String() {
		return noSuchEntity("The %s with name %s cannot be found.", kindName(k), name.Name())
	}
	to[EntityRef{Kind: k, Name: h.GetName()}] = true
	return nil
}

// principals returns the users and roles among entities, and the members of the groups, each once.
func (v view) principals(entities map[EntityRef]bool) ([]Principal, error) {
	names := map[EntityRef]bool{}
	for e := range entities {
		if e.Kind != keys.GroupKind {
			names[e] = true
			continue
		}
		members, err := v.members(e.Name)
		if err != nil {
			return nil, err
		}
		for _, user := range members {
			names[EntityRef{Kind: keys.UserKind, Name: user}] = true
		}
	}
	all := make([]Principal, 0, len(names))
	for e := range names {
		h := newHolder(e.Kind)
		if err := v.known(e.Kind, e.Name, h); err != nil {
			return nil, err
		}
		all = append(all, Principal{e.Kind, h.GetName(), ids.UniqueID(h.GetId()), h.GetPath(), v.entityARN(e.Kind, h)})
	}
	slices.SortFunc(all, func(a, b Principal) int { return strings.Compare(a.ARN, b.ARN) })
	return all, nil
}

// AccessKeyOwner returns the name of the user who has an access key, empty for the root user. ok is false if the
// account has no such key, whether or not another one has.
func (s *Service) AccessKeyOwner(ctx context.Context, account ids.AccountID, id ids.AccessKeyID) (user string, ok bool, err error) {
	err = s.read(ctx, account, func(v view) error {
		r := new(records.AccessKey)
		err := records.Get(v, keys.AccessKey(id), r)
		if errors.Is(err, meta.ErrNotFound) || err == nil && r.Account != string(account) {
			ok = false
			return nil
		}
		user, ok = r.UserName, true
		return err
	})
	return user, ok, err
}

// NoSuchKey returns the error that there is no such access key.
func NoSuchKey(id ids.AccessKeyID) error { return noSuchKey(id) }
