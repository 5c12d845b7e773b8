package reports

import (
	"context"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// Granting are the policies that let an entity use a service.
type Granting struct {
	Namespace string
	Policies  []GrantingPolicy
}

// GrantingPolicy is a policy: a managed one by its ARN, or an inline one by the entity that it is written
// into.
type GrantingPolicy struct {
	Name string
	ARN  string // empty for an inline policy
	// EntityType is USER, GROUP or ROLE, and EntityName the entity's; empty for a managed policy.
	EntityType, EntityName string
}

// PoliciesGranting returns for each service, given by its namespace, the policies of a user, group or role
// that allow to use it: those of a user include its groups'. A page has services, in the order in which they
// are asked for.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPoliciesGrantingServiceAccess.html
func (s *Service) PoliciesGranting(ctx context.Context, account ids.AccountID, name arn.ARN, namespaces []string, marker string) (page []Granting, next string, err error) {
	layer, err := s.policies(ctx, account, name)
	if err != nil {
		return nil, "", err
	}
	from, to, next, err := cut(Page{Marker: marker}, len(namespaces))
	if err != nil {
		return nil, "", err
	}
	for _, namespace := range namespaces[from:to] {
		page = append(page, Granting{namespace, granting(layer, strings.ToLower(namespace))})
	}
	return page, next, nil
}

// granting returns the policies of a layer that allow to use a service, each taken by itself.
func granting(layer authz.Layer, namespace string) []GrantingPolicy {
	var out []GrantingPolicy
	for i := range layer {
		source := &layer[i]
		if source.Document != nil && (reach{[]*policy.Document{source.Document}}).allows(namespace) {
			out = append(out, grantingOf(source.Name))
		}
	}
	return out
}

// grantingOf returns the policy that a name of package authz stands for: an ARN, or kind, entity and policy.
func grantingOf(name string) GrantingPolicy {
	if a, err := arn.Parse(name); err == nil {
		return GrantingPolicy{Name: a.Name(), ARN: name}
	}
	kind, rest, _ := strings.Cut(name, "/")
	entity, inline, _ := strings.Cut(rest, "/")
	return GrantingPolicy{Name: inline, EntityType: strings.ToUpper(kind), EntityName: entity}
}
