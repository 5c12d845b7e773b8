package orgs

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs/declarative"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/policy"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// Policy is a service or resource control policy, or an S3 policy.
type Policy struct {
	ID          string
	ARN         string
	Type        string // managed.SCP, managed.RCP or managed.S3
	Name        string
	Description string
	AWSManaged  bool
	Content     string
}

// NewPolicy is what CreatePolicy makes a policy of.
type NewPolicy struct {
	Type, Name, Description, Content string
	Tags                             []Tag
}

func (v view) policyOf(r *records.OrganizationPolicy) Policy {
	return Policy{
		ID: r.Id, ARN: arn.OrganizationPolicy(v.management(), v.id, r.Type, r.Id).String(), Type: r.Type,
		Name: r.Name, Description: r.Description, Content: r.Content,
	}
}

// policy returns a policy, one of AWS included, or errNoPolicy. record is nil for one of AWS.
func (v view) policy(id string) (p Policy, record *records.OrganizationPolicy, err error) {
	if m, ok := managed.Lookup(id); ok {
		return Policy{ID: m.ID, ARN: m.ARN(), Type: m.Type, Name: m.Name, Description: m.Description, AWSManaged: true, Content: m.Content}, nil, nil
	}
	r := new(records.OrganizationPolicy)
	err = records.Get(v, keys.OrganizationPolicy(v.id, id), r)
	if errors.Is(err, meta.ErrNotFound) {
		return Policy{}, nil, errNoPolicy
	}
	if err != nil {
		return Policy{}, nil, fmt.Errorf("read policy %s: %w", id, err)
	}
	return v.policyOf(r), r, nil
}

// checkContent refuses the text of a policy that is not one of its type.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
func (s *Service) checkContent(policyType, content string) error {
	t, ok := managed.DocumentType(policyType)
	if !ok {
		return s.checkDeclarative(policyType, content)
	}
	if t.Size(content) > s.quotas.PolicySize {
		return errPolicyTooLong
	}
	if _, err := policy.Parse(t, []byte(content)); err != nil {
		return errMalformed.Because(err)
	}
	return nil
}

// checkDeclarative refuses the text of a declarative policy that is not one of its type.
func (s *Service) checkDeclarative(policyType, content string) error {
	if policyType != managed.S3 {
		return errTypeUnavailable
	}
	if utf8.RuneCountInString(content) > s.quotas.DeclarativeSize {
		return errPolicyTooLong
	}
	if _, err := declarative.ParseS3(content); err != nil {
		return errMalformed.Because(err)
	}
	return nil
}

// CreatePolicy makes a policy that is attached to nothing. Its type need not be enabled.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
func (s *Service) CreatePolicy(ctx context.Context, account ids.AccountID, in NewPolicy) (out Policy, err error) {
	if err = s.checkTags(in.Tags); err == nil {
		err = checkName(in.Name)
	}
	if err == nil {
		err = s.checkContent(in.Type, in.Content)
	}
	if err != nil {
		return out, err
	}
	err = s.manage(ctx, account, func(c change) error {
		if !c.available(in.Type) {
			return errTypeUnavailable
		}
		if err := s.roomForPolicy(c.view, in.Type); err != nil {
			return err
		}
		id, err := ids.NewOrganizationPolicy(s.rand)
		if err != nil {
			return err
		}
		if err := absent(c, keys.OrganizationPolicy(c.id, id), errConcurrent); err != nil {
			return err
		}
		now := s.timestamp()
		r := &records.OrganizationPolicy{
			Id: id, Type: in.Type, Name: in.Name, Description: in.Description, Content: in.Content,
			Tags: recordTags(in.Tags), Created: now, Updated: now,
		}
		out = c.policyOf(r)
		if err := c.namePolicy(r); err != nil {
			return err
		}
		if err := c.count(func(n *records.OrganizationCounts) { n.Policies[r.Type]++ }); err != nil {
			return err
		}
		return records.Put(c.tx, keys.OrganizationPolicy(c.id, id), r)
	})
	return out, err
}

func (s *Service) roomForPolicy(v view, policyType string) error {
	counted, err := v.counts()
	if err != nil {
		return err
	}
	name, quota := quotas.SCPs, s.quotas.SCPs
	switch policyType {
	case managed.RCP:
		name, quota = quotas.RCPs, s.quotas.RCPs
	case managed.S3:
		name, quota = "", s.quotas.Declarative
	}
	if quota, err = quotas.Value(v, v.management(), name, quota); err != nil {
		return err
	}
	if counted.Policies[policyType] >= int64(quota) {
		return errTooManyPolicies
	}
	return nil
}

// namePolicy takes the name of a policy, which no other policy of its type may have, one of AWS
// included.
func (c change) namePolicy(r *records.OrganizationPolicy) error {
	if full := managed.Full(r.Type); full != nil && full.Name == r.Name {
		return errPolicyExists
	}
	key := keys.OrganizationPolicyName(c.id, r.Type, r.Name)
	if err := absent(c, key, errPolicyExists); err != nil {
		return err
	}
	return c.tx.Put(key, []byte(r.Id))
}

// PolicyChange is what UpdatePolicy sets; nil leaves what is there.
type PolicyChange struct{ Name, Description, Content *string }

// UpdatePolicy changes a policy. What it says binds from the next request on, wherever it is attached.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdatePolicy.html
func (s *Service) UpdatePolicy(ctx context.Context, account ids.AccountID, id string, set PolicyChange) (out Policy, err error) {
	if set.Name != nil {
		if err := checkName(*set.Name); err != nil {
			return out, err
		}
	}
	err = s.manage(ctx, account, func(c change) error {
		_, r, err := c.policy(id)
		if err != nil {
			return err
		}
		if r == nil {
			return errImmutable
		}
		if set.Content != nil {
			if err := s.checkContent(r.Type, *set.Content); err != nil {
				return err
			}
			r.Content = *set.Content
		}
		if set.Description != nil {
			r.Description = *set.Description
		}
		if set.Name != nil && *set.Name != r.Name {
			if err := c.tx.Delete(keys.OrganizationPolicyName(c.id, r.Type, r.Name)); err != nil {
				return err
			}
			r.Name = *set.Name
			if err := c.namePolicy(r); err != nil {
				return err
			}
		}
		r.Updated = s.timestamp()
		out = c.policyOf(r)
		return records.Put(c.tx, keys.OrganizationPolicy(c.id, id), r)
	})
	return out, err
}

// DeletePolicy deletes a policy that is attached to nothing.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeletePolicy.html
func (s *Service) DeletePolicy(ctx context.Context, account ids.AccountID, id string) error {
	return s.manage(ctx, account, func(c change) error {
		_, r, err := c.policy(id)
		if err != nil {
			return err
		}
		if r == nil {
			return errImmutable
		}
		unused, err := c.hasNone(keys.PolicyTargets(c.id, id))
		if err != nil {
			return err
		}
		if !unused {
			return errPolicyInUse
		}
		return errors.Join(
			c.tx.Delete(keys.OrganizationPolicyName(c.id, r.Type, r.Name)),
			c.tx.Delete(keys.OrganizationPolicy(c.id, id)),
			c.count(func(n *records.OrganizationCounts) { n.Policies[r.Type]-- }),
		)
	})
}

// Policy returns a policy with its text.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribePolicy.html
func (s *Service) Policy(ctx context.Context, account ids.AccountID, id string) (out Policy, err error) {
	err = s.inspect(ctx, account, func(v view) error {
		out, _, err = v.policy(id)
		return err
	})
	return out, err
}

// Policies returns the policies of a type, that of AWS included. There are none of the types that are not
// available.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPolicies.html
func (s *Service) Policies(ctx context.Context, account ids.AccountID, policyType string, p Page) (out List[Policy], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		if !managed.Available(policyType) {
			return nil
		}
		out, err = v.policies(policyType, p)
		return err
	})
	return out, err
}

// policies returns the policies of a type: that of AWS, and then the others by name.
func (v view) policies(policyType string, p Page) (List[Policy], error) {
	var first []entry
	if full := managed.Full(policyType); p.Token == "" && full != nil {
		first = []entry{{value: []byte(full.ID)}}
		p.Token, p.Max = tokenAfter(""), p.most()-1
	}
	page := List[entry]{Token: p.Token}
	if len(first) == 0 || p.Max > 0 {
		from, to := keys.OrganizationPolicyNames(v.id, policyType)
		var err error
		if page, err = scan(v, from, to, p); err != nil {
			return List[Policy]{}, err
		}
	}
	page.Items = append(first, page.Items...)
	return listOf(page, nil, func(e entry) (Policy, error) {
		found, _, err := v.policy(string(e.value))
		return found, err
	})
}

func (v view) pageOfPolicies(all []string, p Page) (List[Policy], error) {
	return pageOf(all, p, func(id string) (Policy, bool, error) {
		found, _, err := v.policy(id)
		return found, true, err
	})
}
