package iam

import (
	"context"
	"errors"
	"slices"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// AttachedPolicy names a managed policy that is attached to an entity.
type AttachedPolicy struct{ Name, ARN string }

// AttachPolicy attaches a managed policy, of the account or of AWS, to a user, group or role. It is no
// error if it is attached already.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
func (s *Service) AttachPolicy(ctx context.Context, account ids.AccountID, k keys.Kind, name, policyARN string) error {
	a, err := ParsePolicyARN(policyARN)
	if err != nil {
		return err
	}
	return s.write(ctx, account, func(c change) error {
		h, err := c.holder(k, name)
		if err != nil {
			return err
		}
		if slices.Contains(h.GetAttached(), policyARN) {
			return nil
		}
		missing := noSuchEntity("Policy %s does not exist or is not attachable.", policyARN)
		if err := c.countUse(a, missing, func(r *records.ManagedPolicy) { r.Attachments++ }); err != nil {
			return err
		}
		quotaName, standard := s.attachQuota(k)
		if err := c.within(len(h.GetAttached()), quotaName, standard); err != nil {
			return err
		}
		setAttached(h, append(h.GetAttached(), policyARN))
		if err := c.tx.Put(keys.Attachment(account, policyARN, k, h.GetName()), []byte(h.GetName())); err != nil {
			return err
		}
		return c.put(k, h)
	})
}

// DetachPolicy undoes AttachPolicy; it is NoSuchEntity if the policy is not attached.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachUserPolicy.html
func (s *Service) DetachPolicy(ctx context.Context, account ids.AccountID, k keys.Kind, name, policyARN string) error {
	a, err := ParsePolicyARN(policyARN)
	if err != nil {
		return err
	}
	return s.write(ctx, account, func(c change) error {
		h, err := c.holder(k, name)
		if err != nil {
			return err
		}
		missing := noSuchEntity("Policy %s was not found.", policyARN)
		i := slices.Index(h.GetAttached(), policyARN)
		if i < 0 {
			return missing
		}
		if err := c.countUse(a, missing, func(r *records.ManagedPolicy) { r.Attachments-- }); err != nil {
			return err
		}
		setAttached(h, slices.Delete(h.GetAttached(), i, i+1))
		if err := c.tx.Delete(keys.Attachment(account, policyARN, k, h.GetName())); err != nil {
			return err
		}
		return c.put(k, h)
	})
}

// AttachedPolicies returns the managed policies that are attached to an entity and whose paths begin
// with pathPrefix, by name.
func (s *Service) AttachedPolicies(ctx context.Context, account ids.AccountID, k keys.Kind, name, pathPrefix string, p Page) (list List[AttachedPolicy], err error) {
	err = s.read(ctx, account, func(v view) error {
		h, err := v.holder(k, name)
		if err != nil {
			return err
		}
		var all []arn.ARN
		for _, text := range h.GetAttached() {
			a, err := arn.Parse(text)
			if err != nil {
				return err
			}
			if strings.HasPrefix(a.Path(), pathPrefix) {
				all = append(all, a)
			}
		}
		page, err := paginate(all, func(a arn.ARN) string { return strings.ToLower(a.Name()) + "/" + a.Account }, p)
		if err != nil {
			return err
		}
		list = List[AttachedPolicy]{Marker: page.Marker}
		for _, a := range page.Items {
			list.Items = append(list.Items, AttachedPolicy{Name: a.Name(), ARN: a.String()})
		}
		return nil
	})
	return list, err
}

// attachQuota returns which quota limits the managed policies of an entity, and its value where the operator set
// none.
func (s *Service) attachQuota(k keys.Kind) (name string, standard int) {
	switch k {
	case keys.UserKind:
		return quotas.AttachedPerUser, s.quotas.PoliciesPerUser
	case keys.GroupKind:
		return quotas.AttachedPerGroup, s.quotas.PoliciesPerGroup
	default:
		return quotas.AttachedPerRole, s.quotas.PoliciesPerRole
	}
}

// countUse changes the counts of a policy that the account may use: its own, or one of AWS, whose
// uses are counted when they are asked for. It returns missing if there is no such policy.
func (c change) countUse(a arn.ARN, missing error, count func(*records.ManagedPolicy)) error {
	if _, ok := managed.Lookup(a.String()); ok {
		return nil
	}
	r, err := c.ownPolicy(a)
	if apierr.Is(err, "NoSuchEntity") {
		return missing
	}
	if err != nil {
		return err
	}
	count(r)
	return c.put(keys.PolicyKind, r)
}

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
// users, each by name.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
func (s *Service) EntitiesForPolicy(ctx context.Context, account ids.AccountID, policyARN string, f EntityFilter, p Page) (list List[EntityRef], err error) {
	a, err := ParsePolicyARN(policyARN)
	if err != nil {
		return list, err
	}
	err = s.read(ctx, account, func(v view) error {
		if _, ok := managed.Lookup(policyARN); !ok {
			if _, err := v.ownPolicy(a); err != nil {
				return err
			}
		}
		found := map[EntityRef]bool{} // IDs are filled in by describe
		if f.Usage != "PermissionsBoundary" {
			if err := v.attachedTo(policyARN, found); err != nil {
				return err
			}
		}
		if f.Usage != "PermissionsPolicy" {
			err := v.eachBounded(func(k keys.Kind, h holder) {
				if *boundaryOf(h) == policyARN {
					found[EntityRef{Kind: k, Name: h.GetName()}] = true
				}
			})
			if err != nil {
				return err
			}
		}
		all, err := v.describe(found, f)
		if err != nil {
			return err
		}
		list, err = paginate(all, func(e EntityRef) string { return string(e.Kind) + strings.ToLower(e.Name) }, p)
		return err
	})
	return list, err
}

// attachedTo adds the entities that a policy is attached to.
func (v view) attachedTo(policyARN string, to map[EntityRef]bool) error {
	from, end := keys.Attachments(v.account, policyARN)
	it := v.Scan(from, end)
	var err error
	for err == nil && it.Next() {
		var k keys.Kind
		if k, err = keys.ParseAttachment(it.Key()); err == nil {
			to[EntityRef{Kind: k, Name: string(it.Value())}] = true
		}
	}
	return errors.Join(err, it.Close())
}

// describe completes the entities that f lets through.
func (v view) describe(entities map[EntityRef]bool, f EntityFilter) ([]EntityRef, error) {
	var out []EntityRef
	for e := range entities {
		if f.Kind != 0 && f.Kind != e.Kind {
			continue
		}
		h := newHolder(e.Kind)
		if err := v.known(e.Kind, e.Name, h); err != nil {
			return nil, err
		}
		if strings.HasPrefix(h.GetPath(), f.PathPrefix) {
			out = append(out, EntityRef{e.Kind, h.GetName(), ids.UniqueID(h.GetId())})
		}
	}
	return out, nil
}
