package iam

import (
	"context"
	"strings"

	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// PolicyFilter narrows a list of policies; the zero value lists all.
type PolicyFilter struct {
	// Scope is "All", "AWS" or "Local"; empty means "All".
	Scope string
	// OnlyAttached leaves out policies that nothing in the account uses.
	OnlyAttached bool
	PathPrefix   string
	// Usage is "PermissionsPolicy" for policies that are attached, "PermissionsBoundary" for those
	// that are a boundary, or empty for all.
	Usage string
}

// allows reports whether the filter lets p through; the scope is not its concern.
func (f PolicyFilter) allows(p *Policy) bool {
	if !strings.HasPrefix(p.Path, f.PathPrefix) {
		return false
	}
	switch f.Usage {
	case "PermissionsPolicy":
		return p.Attachments > 0
	case "PermissionsBoundary":
		return p.BoundaryUses > 0
	default:
		return !f.OnlyAttached || p.Attachments > 0 || p.BoundaryUses > 0
	}
}

// Sort keys of a list of policies begin with one of these: an account's own policies come first.
const (
	ownFirst = "1/"
	awsAfter = "2/"
)

// Policies returns managed policies: the account's own by name, then those of AWS by name.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html
func (s *Service) Policies(ctx context.Context, account ids.AccountID, f PolicyFilter, p Page) (list List[Policy], err error) {
	after, err := p.after()
	if err != nil {
		return list, err
	}
	err = s.read(ctx, account, func(v view) error {
		list = List[Policy]{}
		if f.Scope != "AWS" && !strings.HasPrefix(after, awsAfter) {
			if list, err = v.ownPolicies(f, strings.TrimPrefix(after, ownFirst), p.size()); err != nil || list.Marker != "" {
				return err
			}
		}
		if f.Scope == "Local" {
			return nil
		}
		return v.awsPolicies(f, after, p.size(), &list)
	})
	return list, err
}

// ownPolicies returns a page of the account's own policies whose lower-case names sort behind after.
func (v view) ownPolicies(f PolicyFilter, after string, size int) (List[Policy], error) {
	p := Page{Max: size}
	if after != "" {
		p.Marker = marker(after)
	}
	list, err := scan(v, keys.PolicyKind, p, func() *records.ManagedPolicy { return new(records.ManagedPolicy) },
		func(r *records.ManagedPolicy) (Policy, bool, error) {
			item := v.makePolicy(r)
			return item, f.allows(&item), nil
		})
	if list.Marker != "" {
		list.Marker = marker(ownFirst + strings.ToLower(list.Items[len(list.Items)-1].Name))
	}
	return list, err
}

// awsPolicies adds the policies of AWS whose sort keys are behind after, until the page has size items.
func (v view) awsPolicies(f PolicyFilter, after string, size int, list *List[Policy]) error {
	last := ""
	if n := len(list.Items); n > 0 {
		last = ownFirst + strings.ToLower(list.Items[n-1].Name)
	}
	for _, m := range managed.All() {
		key := awsAfter + strings.ToLower(m.Name)
		if key <= after {
			continue
		}
		item, err := v.makeManaged(m)
		if err != nil {
			return err
		}
		if !f.allows(&item) {
			continue
		}
		if len(list.Items) == size { // a page has room for at least one item, so it has a last one
			list.Marker = marker(last)
			return nil
		}
		list.Items = append(list.Items, item)
		last = key
	}
	return nil
}
