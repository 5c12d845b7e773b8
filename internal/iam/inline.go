package iam

import (
	"context"
	"maps"
	"slices"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/quotas"
)

// PutInlinePolicy writes a policy into a user, group or role, or replaces the one of that name. Names
// of inline policies are told apart by case.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html
func (s *Service) PutInlinePolicy(ctx context.Context, account ids.AccountID, k keys.Kind, name, policyName, document string) error {
	if err := checkName("policyName", policyName, MaxPolicyName); err != nil {
		return err
	}
	if err := parseIdentity(document); err != nil {
		return err
	}
	return s.write(ctx, account, func(c change) error {
		h, err := c.changed(k, name)
		if err != nil {
			return err
		}
		size := policy.Identity.Size(document)
		for other, text := range h.GetInline() {
			if other != policyName {
				size += policy.Identity.Size(text)
			}
		}
		quotaName, standard := s.inlineQuota(k)
		quota, err := quotas.Value(c, account, quotaName, standard)
		if err != nil {
			return err
		}
		if size > quota {
			return limitExceeded("Maximum policy size of %d bytes exceeded for %s %s", quota, kindName(k), h.GetName())
		}
		setInline(h, policyName, document)
		return c.put(k, h)
	})
}

// InlinePolicy returns the document of an inline policy as it was stored, or NoSuchEntity.
func (s *Service) InlinePolicy(ctx context.Context, account ids.AccountID, k keys.Kind, name, policyName string) (document string, err error) {
	err = s.read(ctx, account, func(v view) error {
		h, err := v.holder(k, name)
		if err != nil {
			return err
		}
		var ok bool
		if document, ok = h.GetInline()[policyName]; !ok {
			return noSuchInline(k, policyName)
		}
		return nil
	})
	return document, err
}

// DeleteInlinePolicy removes an inline policy, or returns NoSuchEntity.
func (s *Service) DeleteInlinePolicy(ctx context.Context, account ids.AccountID, k keys.Kind, name, policyName string) error {
	return s.write(ctx, account, func(c change) error {
		h, err := c.changed(k, name)
		if err != nil {
			return err
		}
		if _, ok := h.GetInline()[policyName]; !ok {
			return noSuchInline(k, policyName)
		}
		delete(h.GetInline(), policyName)
		return c.put(k, h)
	})
}

// InlinePolicies returns the names of the policies that are written into an entity, sorted.
func (s *Service) InlinePolicies(ctx context.Context, account ids.AccountID, k keys.Kind, name string, p Page) (list List[string], err error) {
	err = s.read(ctx, account, func(v view) error {
		h, err := v.holder(k, name)
		if err != nil {
			return err
		}
		list, err = paginate(slices.Collect(maps.Keys(h.GetInline())), func(name string) string { return name }, p)
		return err
	})
	return list, err
}

// inlineQuota is attachQuota of the size of the inline policies.
func (s *Service) inlineQuota(k keys.Kind) (name string, standard int) {
	switch k {
	case keys.UserKind:
		return quotas.UserPolicySize, s.quotas.InlineUser
	case keys.GroupKind:
		return quotas.GroupPolicySize, s.quotas.InlineGroup
	default:
		return quotas.RolePolicySize, s.quotas.InlineRole
	}
}

func noSuchInline(k keys.Kind, policyName string) error {
	return noSuchEntity("The %s policy with name %s cannot be found.", kindName(k), policyName)
}
