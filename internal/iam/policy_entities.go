package iam

import (
	"context"
	"errors"
	"strings"

	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// EntityFilter narrows a list of the entities that use a policy; the zero value lists all.
type EntityFilter struct {
	// Kind is the kind of entity to list; 0 means all.
	Kind       keys.Kind
	PathPrefix string
	// Usage is "PermissionsPolicy" for entities that the policy is attached to, "PermissionsBoundary"
	// for those that have it as their boundary, or empty for both.
	Usage string
}

// EntityRef names an entity that uses a policy.
type EntityRef struct {
	Kind keys.Kind
	Name string
	ID   ids.UniqueID
}

// EntitiesForPolicy returns the entities of the account that use a policy: groups, then roles, then
// users, each by name. It reads what the page needs.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
func (s *Service) EntitiesForPolicy(ctx context.Context, account ids.AccountID, policyARN string, f EntityFilter, p Page) (list List[EntityRef], err error) {
	a, err := ParsePolicyARN(policyARN)
	if err != nil {
		return list, err
	}
	after, err := p.after()
	if err != nil {
		return list, err
	}
	err = s.read(ctx, account, func(v view) error {
		if _, ok := managed.Lookup(policyARN); !ok {
			if _, err := v.ownPolicy(a); err != nil {
				return err
			}
		}
		uses := v.usesOf(policyARN, f.Usage)
		list, err = v.usersPage(uses, f, after, p.size())
		return errors.Join(err, uses.close())
	})
	return list, err
}

// usersPage returns a page of at most size entities of uses whose places are behind after.
func (v view) usersPage(uses *useScan, f EntityFilter, after string, size int) (list List[EntityRef], err error) {
	last := ""
	for uses.seek(after); ; {
		place, name, ok := uses.next()
		if !ok {
			return list, nil
		}
		k := keys.Kind(place[0])
		if f.Kind != 0 && f.Kind != k {
			continue
		}
		h := newHolder(k)
		if err := v.known(k, name, h); err != nil {
			return list, err
		}
		if !strings.HasPrefix(h.GetPath(), f.PathPrefix) {
			continue
		}
		if len(list.Items) == size {
			list.Marker = marker(last)
			return list, nil
		}
		list.Items = append(list.Items, EntityRef{k, h.GetName(), ids.UniqueID(h.GetId())})
		last = place
	}
}

// useScan walks the entities that use a policy in the order of their places, which are their kinds followed by
// their lower-case names. The indexes of attachments and of boundaries have that order.
type useScan struct {
	indexes []*useIndex
}

// useIndex walks one of the indexes.
type useIndex struct {
	meta.Iterator
	prefix []byte // of the keys, before the places
	ok     bool   // whether there is a current key
}

func (u *useIndex) place() string { return string(u.Key()[len(u.prefix):]) }

// usesOf returns a scan of the uses of a policy: all of them, or those that usage names as EntityFilter does.
func (v view) usesOf(policyARN, usage string) *useScan {
	s := &useScan{}
	if usage != "PermissionsBoundary" {
		from, to := keys.Attachments(v.account, policyARN)
		s.indexes = append(s.indexes, &useIndex{Iterator: v.Scan(from, to), prefix: from})
	}
	if usage != "PermissionsPolicy" {
		from, to := keys.BoundaryUses(v.account, policyARN)
		s.indexes = append(s.indexes, &useIndex{Iterator: v.Scan(from, to), prefix: from})
	}
	return s
}

// seek moves behind a place; the empty one begins.
func (s *useScan) seek(after string) {
	for _, u := range s.indexes {
		if after == "" {
			u.ok = u.Next()
			continue
		}
		u.ok = u.SeekGE(append(append(u.prefix[:len(u.prefix):len(u.prefix)], after...), 0))
	}
}

// next returns the next entity, once, whichever indexes it is in.
func (s *useScan) next() (place, name string, ok bool) {
	for _, u := range s.indexes {
		if u.ok && (!ok || u.place() < place) {
			place, name, ok = u.place(), string(u.Value()), true
		}
	}
	for _, u := range s.indexes {
		if u.ok && u.place() == place {
			u.ok = u.Next()
		}
	}
	return place, name, ok
}

func (s *useScan) close() error {
	var errs []error
	for _, u := range s.indexes {
		errs = append(errs, u.Close())
	}
	return errors.Join(errs...)
}
