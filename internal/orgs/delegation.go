package orgs

import (
	"context"
	"errors"
	"slices"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Delegable reports whether an operation can be delegated to member accounts: those that manage policies,
// and all that only read.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs-policy-delegate.html#supported-actions-delegation-policy
func Delegable(operation string) bool {
	return reads(operation) || slices.Contains(delegableWrites, operation)
}

var delegableWrites = []string{
	"AttachPolicy", "CreatePolicy", "DeletePolicy", "DetachPolicy", "DisablePolicyType", "EnablePolicyType", "TagResource", "UntagResource", "UpdatePolicy",
}

func reads(operation string) bool {
	return strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "List")
}

// Delegation is what an organization grants to a member account: the resource side of the questions that
// its requests are about. The account's own policies have to allow them as well, since what they are about
// belongs to the management account.
type Delegation struct {
	Management ids.AccountID
	Policy     authz.Source
}

// Delegation returns what the organization of account grants to it: by its resource policy and, if the
// account administers a service, by that. It is nil for an account that has no part in that: the management
// account, one in no organization, and one whose organization grants nothing to anybody.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
func (s *Service) Delegation(ctx context.Context, account ids.AccountID) (out *Delegation, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		out = nil
		v, err := s.enter(r, account)
		if err != nil || v.management() == account {
			return inNone(err)
		}
		stored, err := v.resourcePolicy()
		administrator := v.delegate(account)
		if err != nil || stored == nil && !administrator {
			return err
		}
		out = &Delegation{Management: v.management(), Policy: authz.Source{Name: arn.Organization(v.management(), v.id).String()}}
		if stored != nil {
			out.Policy.Name = v.resourcePolicyARN(stored.Id)
		}
		if out.Policy.Document, err = grants(stored, account, administrator); err != nil {
			out.Policy.Document, out.Policy.Fault = nil, err
		}
		return nil
	})
	return out, err
}

// grants returns the resource policy of an organization, nil for none, together with what a delegated
// administrator is granted: all that only reads. A Deny of the policy binds it as everybody.
func grants(r *records.OrganizationResourcePolicy, account ids.AccountID, administrator bool) (*policy.Document, error) {
	both := policy.Document{Type: policy.Resource, Version: "2012-10-17"}
	if r != nil {
		stored, err := policy.Parse(policy.Resource, []byte(r.Content), policy.Stored())
		if err != nil || !administrator {
			return stored, err
		}
		both = *stored
	}
	both.Statements = append(slices.Clone(both.Statements), policy.Statement{
		Effect:     policy.Allow,
		Principals: &policy.Principals{Names: []policy.NamedPrincipal{{Kind: policy.PrincipalAWS, Value: arn.Root(account).String()}}},
		Actions:    []string{"organizations:Describe*", "organizations:List*"},
		Resources:  []string{"*"},
	})
	return policy.Parse(policy.Resource, []byte(both.Text()), policy.Stored())
}

// parseDelegation parses the text of a resource policy.
func parseDelegation(content string) (*policy.Document, error) {
	if len([]rune(content)) > maxResourcePolicy {
		return nil, Invalid("MAX_LENGTH_EXCEEDED", "You provided a string parameter that is longer than allowed.")
	}
	d, err := policy.Parse(policy.Resource, []byte(content))
	var refusal *policy.Error
	if errors.As(err, &refusal) && strings.HasPrefix(refusal.Message, "Invalid principal") {
		return nil, errPrincipal.Because(err)
	}
	if err != nil {
		return nil, errResourcePolicy.Because(err)
	}
	return d, nil
}

// checkDelegation refuses what a resource policy may not say. Its principals are member accounts and the
// users, roles and sessions in them; its actions are those that can be delegated; its resources belong to
// the organization; its condition keys are those of Organizations.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs-policy-delegate.html
func (v view) checkDelegation(d *policy.Document, named []ids.AccountID) error {
	for i := range d.Statements {
		for _, check := range []func(*policy.Statement) error{checkDelegates, checkDelegated, v.checkDelegatedResources, checkDelegationKeys} {
			if err := check(&d.Statements[i]); err != nil {
				return err
			}
		}
	}
	for _, account := range named {
		n, err := v.find(string(account), errPrincipal, AccountKind)
		if err != nil {
			return err
		}
		if n.id() == string(v.management()) {
			return errPrincipal
		}
	}
	return nil
}

// checkDelegates refuses principals that are not those of one account.
func checkDelegates(s *policy.Statement) error {
	if s.Principals == nil || s.Principals.Any || s.NotPrincipal {
		return errPrincipal
	}
	for _, p := range s.Principals.Names {
		if p.Kind != policy.PrincipalAWS || p.Value == "*" {
			return errPrincipal
		}
	}
	return nil
}

// checkDelegated refuses actions that cannot be delegated. A pattern may match no other action that writes.
func checkDelegated(s *policy.Statement) error {
	if s.NotAction {
		return errDelegatedAction
	}
	for _, pattern := range s.Actions {
		matched := policy.MatchingActions(pattern)
		if len(matched) == 0 {
			return errDelegatedAction
		}
		for _, action := range matched {
			name, ours := strings.CutPrefix(action, "organizations:")
			if !ours || !Delegable(name) {
				return errDelegatedAction
			}
		}
	}
	return nil
}

// checkDelegatedResources refuses resources that are not the organization's.
func (v view) checkDelegatedResources(s *policy.Statement) error {
	if s.NotResource || len(s.Resources) == 0 {
		return errDelegatedResource
	}
	for _, resource := range s.Resources {
		if resource == "*" {
			continue
		}
		a, err := arn.Parse(resource)
		owner := ids.AccountID(a.Account)
		if err != nil || a.Partition != arn.Partition || a.Service != "organizations" || owner != v.management() && owner != arn.AWSOwner && owner != "*" {
			return errDelegatedResource
		}
	}
	return nil
}

// checkDelegationKeys refuses condition keys that are not those of Organizations, and types of policy that
// are none.
func checkDelegationKeys(s *policy.Statement) error {
	for _, c := range s.Conditions {
		key := strings.ToLower(c.Key)
		switch {
		case key == "aws:tagkeys", strings.HasPrefix(key, "aws:requesttag/"), strings.HasPrefix(key, "aws:resourcetag/"), key == "organizations:serviceprincipal":
		case key == "organizations:policytype":
			if slices.ContainsFunc(c.Values, notPolicyType) {
				return errDelegatedType
			}
		default:
			return errResourcePolicy
		}
	}
	return nil
}

// notPolicyType reports whether a value of organizations:PolicyType is written out and is no type of policy.
func notPolicyType(value string) bool {
	return !strings.ContainsAny(value, "*?$") && value != "true" && value != "false" && !slices.Contains(managed.Types(), strings.ToUpper(value))
}
