package orgs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs/declarative"
	"crossgrant/internal/orgs/managed"
)

// EffectivePolicy is what the declarative policies of a type come to for an account: those that it inherits,
// and its own.
type EffectivePolicy struct {
	Account ids.AccountID
	Path    string // as in Account
	Type    string
	Content string
	Updated time.Time
}

// EffectivePolicy returns the effective policy of target, an account, or of the caller's if target is empty.
// Every account may ask for its own; the management account and delegated administrators for others.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeEffectivePolicy.html
func (s *Service) EffectivePolicy(ctx context.Context, account ids.AccountID, target, policyType string) (out EffectivePolicy, err error) {
	err = s.read(ctx, account, func(v view) error {
		if target == "" {
			target = string(account)
		}
		if target != string(account) && v.management() != account && !v.delegate(account) {
			return errNotManagement
		}
		if strings.HasPrefix(target, "r-") || strings.HasPrefix(target, "ou-") {
			return errTargetKind
		}
		n, err := v.find(target, errNoTarget, AccountKind)
		if err != nil {
			return err
		}
		out, err = v.effective(n, policyType)
		return err
	})
	return out, err
}

// effective returns the effective policy of an account.
func (v view) effective(n *node, policyType string) (EffectivePolicy, error) {
	types, err := v.enabled()
	if err != nil {
		return EffectivePolicy{}, err
	}
	if policyType != managed.S3 || !slices.Contains(types, policyType) {
		return EffectivePolicy{}, errNotEffective
	}
	levels, updated, err := v.s3Policies(n)
	if err != nil {
		return EffectivePolicy{}, err
	}
	setting := declarative.Effective(levels)
	if setting == declarative.Unset {
		return EffectivePolicy{}, errNotEffective
	}
	path, err := v.path(n)
	return EffectivePolicy{Account: ids.AccountID(n.id()), Path: path, Type: policyType, Content: setting.Content(), Updated: updated}, err
}

// s3Policies returns the S3 policies from the root to an account, level by level, and when the last of them was
// changed.
func (v view) s3Policies(n *node) (levels [][]declarative.S3, updated time.Time, err error) {
	for {
		var level []declarative.S3
		for _, id := range *n.attached(managed.S3) {
			_, r, err := v.policy(id)
			if err != nil {
				return nil, updated, err
			}
			p, err := declarative.ParseS3(r.GetContent())
			if err != nil {
				return nil, updated, fmt.Errorf("parse policy %s: %w", id, err)
			}
			level = append(level, p)
			if at := instant(r.GetUpdated()); at.After(updated) {
				updated = at
			}
		}
		levels = append(levels, level)
		if n.parent() == "" {
			slices.Reverse(levels)
			return levels, updated, nil
		}
		if n, err = v.node(n.parent()); err != nil {
			return nil, updated, err
		}
	}
}

// InvalidAccounts returns the accounts whose effective policy of a type is not valid. There are none: a policy
// that is stored is valid for its type, and so is all that can be inherited from several.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsWithInvalidEffectivePolicy.html
func (s *Service) InvalidAccounts(ctx context.Context, account ids.AccountID, policyType string, p Page) (out List[Account], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		types, err := v.enabled()
		if err == nil && !slices.Contains(types, policyType) {
			err = errNotEffective
		}
		if err == nil {
			_, _, err = p.after()
		}
		return err
	})
	return out, err
}

// ValidateEffective returns the effective policy of an account, which is valid: see InvalidAccounts.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListEffectivePolicyValidationErrors.html
func (s *Service) ValidateEffective(ctx context.Context, account, member ids.AccountID, policyType string, p Page) (out EffectivePolicy, err error) {
	err = s.inspect(ctx, account, func(v view) error {
		if _, _, err := p.after(); err != nil {
			return err
		}
		n, err := v.find(string(member), errNoAccount, AccountKind)
		if err != nil {
			return err
		}
		out, err = v.effective(n, policyType)
		return err
	})
	return out, err
}
