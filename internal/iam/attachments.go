package iam

import (
	"context"
	"slices"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/quotas"
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
		h, err := c.changed(k, name)
		if err != nil {
			return err
		}
		if slices.Contains(h.GetAttached(), policyARN) {
			return nil
		}
		if err := attachable(policyARN, k); err != nil {
			return err
		}
		missing := noSuchEntity("Policy %s does not exist or is not attachable.", policyARN)
		if err := c.countUse(a, missing, 1, 0); err != nil {
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
		h, err := c.changed(k, name)
		if err != nil {
			return err
		}
		missing := noSuchEntity("Policy %s was not found.", policyARN)
		i := slices.Index(h.GetAttached(), policyARN)
		if i < 0 {
			return missing
		}
		if err := c.countUse(a, missing, -1, 0); err != nil {
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
