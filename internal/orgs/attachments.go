package orgs

import (
	"context"
	"slices"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/quotas"
)

// PolicyTarget is a root, unit or account that a policy is attached to.
type PolicyTarget struct{ ID, ARN, Name, Kind string }

// AttachPolicy attaches a policy to a root, unit or account. It binds from the next request on.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html
func (s *Service) AttachPolicy(ctx context.Context, account ids.AccountID, id, target string) error {
	return s.manage(ctx, account, func(c change) error {
		p, n, err := c.attachment(id, target)
		if err != nil {
			return err
		}
		attached := *n.attached(p.Type)
		most, err := s.mostAttached(c.view, p.Type)
		switch {
		case err != nil:
			return err
		case slices.Contains(attached, id):
			return errAttached
		case len(attached) >= most:
			return errTooManyAttached
		}
		if err := c.attach(n, p.Type, id); err != nil {
			return err
		}
		return c.put(n)
	})
}

// mostAttached returns how many policies of a type one root, unit or account may have attached.
func (s *Service) mostAttached(v view, policyType string) (int, error) {
	if policyType == managed.S3 {
		return s.quotas.DeclarativeAttached, nil
	}
	return quotas.Value(v, v.management(), quotas.AttachedPolicies, s.quotas.Attached)
}

// attachment returns a policy of an enabled type and what it is, or is to be, attached to.
func (v view) attachment(id, target string) (Policy, *node, error) {
	p, _, err := v.policy(id)
	if err != nil {
		return Policy{}, nil, err
	}
	n, err := v.find(target, errNoTarget)
	if err != nil {
		return Policy{}, nil, err
	}
	types, err := v.enabled()
	if err != nil {
		return Policy{}, nil, err
	}
	if !slices.Contains(types, p.Type) {
		return Policy{}, nil, errTypeDisabled
	}
	return p, n, nil
}

// DetachPolicy undoes AttachPolicy. The last service control policy stays, and so does AWS's resource
// control policy everywhere.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DetachPolicy.html
func (s *Service) DetachPolicy(ctx context.Context, account ids.AccountID, id, target string) error {
	return s.manage(ctx, account, func(c change) error {
		p, n, err := c.attachment(id, target)
		if err != nil {
			return err
		}
		attached := n.attached(p.Type)
		i := slices.Index(*attached, id)
		switch {
		case i < 0:
			return errNotAttached
		case id == managed.RCPFullAWSAccess:
			return errNotDetachable
		case len(*attached) == 1 && p.Type == managed.SCP:
			return errLastAttached
		}
		*attached = slices.Delete(*attached, i, i+1)
		if err := c.tx.Delete(keys.PolicyTarget(c.id, id, n.id())); err != nil {
			return err
		}
		return c.put(n)
	})
}

// PoliciesForTarget returns the policies of a type that are attached to a root, unit or account itself.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPoliciesForTarget.html
func (s *Service) PoliciesForTarget(ctx context.Context, account ids.AccountID, target, policyType string, p Page) (out List[Policy], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		n, err := v.find(target, errNoTarget)
		if err != nil {
			return err
		}
		if !managed.Available(policyType) {
			return nil
		}
		out, err = v.pageOfPolicies(*n.attached(policyType), p)
		return err
	})
	return out, err
}

// TargetsForPolicy returns what a policy is attached to.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTargetsForPolicy.html
func (s *Service) TargetsForPolicy(ctx context.Context, account ids.AccountID, id string, p Page) (out List[PolicyTarget], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		if _, _, err := v.policy(id); err != nil {
			return err
		}
		from, to := keys.PolicyTargets(v.id, id)
		page, err := scan(v, from, to, p)
		out, err = listOf(page, err, func(e entry) (PolicyTarget, error) {
			n, err := v.node(e.last)
			if err != nil {
				return PolicyTarget{}, err
			}
			found := PolicyTarget{ID: e.last, ARN: v.arn(e.last), Kind: n.kind()}
			if n.unit != nil {
				found.Name = n.unit.Name
				return found, nil
			}
			record, err := v.accountRecord(ids.AccountID(e.last))
			found.Name = record.GetName()
			return found, err
		})
		return err
	})
	return out, err
}

// EnablePolicyType enables a type of policy in the root. AWS's policy that allows everything, if the type has
// one, is attached to the root and to every unit and account.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnablePolicyType.html
func (s *Service) EnablePolicyType(ctx context.Context, account ids.AccountID, root, policyType string) (out Root, err error) {
	return s.switchType(ctx, account, root, policyType, true)
}

// DisablePolicyType disables a type of policy in the root, and detaches all policies of the type from
// everything. Enabling it again does not bring them back.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DisablePolicyType.html
func (s *Service) DisablePolicyType(ctx context.Context, account ids.AccountID, root, policyType string) (out Root, err error) {
	return s.switchType(ctx, account, root, policyType, false)
}

// available reports whether the organization can have policies of a type.
func (v view) available(policyType string) bool {
	return managed.Available(policyType) && v.record.FeatureSet == AllFeatures
}

func (s *Service) switchType(ctx context.Context, account ids.AccountID, root, policyType string, enable bool) (out Root, err error) {
	err = s.manage(ctx, account, func(c change) error {
		n, err := c.find(root, errNoRoot, RootKind)
		if err != nil {
			return err
		}
		switch enabled := slices.Contains(n.unit.PolicyTypes, policyType); {
		case enable && !c.available(policyType):
			return errTypeUnavailable
		case enable && enabled:
			return errTypeEnabled
		case !enable && !enabled:
			return errTypeDisabled
		case enable:
			n.unit.PolicyTypes = append(n.unit.PolicyTypes, policyType)
		default:
			n.unit.PolicyTypes = slices.DeleteFunc(n.unit.PolicyTypes, func(t string) bool { return t == policyType })
		}
		if err := c.put(n); err != nil {
			return err
		}
		out = c.rootOf(n)
		return c.resetType(policyType, enable)
	})
	return out, err
}

// resetType detaches all policies of a type from everything, and attaches AWS's if it is enabled.
func (c change) resetType(policyType string, enabled bool) error {
	all, err := c.everyNode()
	if err != nil {
		return err
	}
	for _, id := range all {
		n, err := c.node(id)
		if err != nil {
			return err
		}
		attached := n.attached(policyType)
		for _, policy := range *attached {
			if err := c.tx.Delete(keys.PolicyTarget(c.id, policy, id)); err != nil {
				return err
			}
		}
		*attached = nil
		if enabled {
			if err := c.attachFull(n, policyType); err != nil {
				return err
			}
		}
		if err := c.put(n); err != nil {
			return err
		}
	}
	return nil
}
