package reports

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// tree reads an organization from one snapshot.
type tree struct {
	meta.Reader
	record *records.Organization
	nodes  map[string]*records.OrganizationNode // those that were read
}

// place is an entity of an organization: the nodes above it, the root first, itself included if it is a root
// or OU.
type place struct {
	nodes   []*records.OrganizationNode
	account *records.Membership // nil: it is a root or OU
}

// failure is why a report could not be made.
type failure struct{ code, message string }

func (f failure) Error() string { return f.message }

// treeOf returns the organization of which account is the management account; AccessDenied if it is none.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateOrganizationsAccessReport.html
func treeOf(r meta.Reader, account ids.AccountID) (*tree, error) {
	denied := apierr.AccessDenied("You must use the credentials of the management account of an organization.")
	membership := new(records.Membership)
	err := records.Get(r, keys.Membership(account), membership)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, denied
	}
	if err != nil {
		return nil, fmt.Errorf("read membership of account %s: %w", account, err)
	}
	t := &tree{Reader: r, record: new(records.Organization), nodes: map[string]*records.OrganizationNode{}}
	if err := records.Get(r, keys.Organization(ids.OrganizationID(membership.Organization)), t.record); err != nil {
		return nil, fmt.Errorf("read organization %s: %w", membership.Organization, err)
	}
	if t.record.ManagementAccount != string(account) {
		return nil, denied
	}
	return t, nil
}

func (t *tree) id() ids.OrganizationID { return ids.OrganizationID(t.record.Id) }

// node returns a root or OU. The error wraps meta.ErrNotFound if there is none.
func (t *tree) node(id string) (*records.OrganizationNode, error) {
	if n := t.nodes[id]; n != nil {
		return n, nil
	}
	n := new(records.OrganizationNode)
	if err := records.Get(t, keys.OrganizationNode(t.id(), id), n); err != nil {
		return nil, fmt.Errorf("read node %s of organization %s: %w", id, t.record.Id, err)
	}
	t.nodes[id] = n
	return n, nil
}

// find returns the entity that a path leads to: organization, root, OUs and account, as they lie below each
// other. It fails with a failure if there is none, or if service control policies are not enabled.
func (t *tree) find(path string) (place, error) {
	missing := failure{"NoSuchEntity", "The entity path " + path + " cannot be found."}
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(parts) < 2 || parts[0] != t.record.Id || parts[1] != t.record.Root {
		return place{}, missing
	}
	var p place
	parent := ""
	for i, part := range parts[1:] {
		if _, err := ids.ParseAccountID(part); err == nil && i == len(parts)-2 {
			membership, err := t.member(ids.AccountID(part))
			if errors.Is(err, meta.ErrNotFound) || err == nil && membership.Parent != parent {
				return place{}, missing
			}
			p.account = membership
			return p, err
		}
		n, err := t.node(part)
		if errors.Is(err, meta.ErrNotFound) || err == nil && n.Parent != parent {
			return place{}, missing
		}
		if err != nil {
			return place{}, err
		}
		p.nodes, parent = append(p.nodes, n), part
	}
	return p, nil
}

// member returns the membership of an account in this organization. The error wraps meta.ErrNotFound if it has
// none.
func (t *tree) member(account ids.AccountID) (*records.Membership, error) {
	membership := new(records.Membership)
	if err := records.Get(t, keys.Membership(account), membership); err != nil {
		return nil, fmt.Errorf("read membership of account %s: %w", account, err)
	}
	if membership.Organization != t.record.Id {
		return nil, fmt.Errorf("account %s is in another organization: %w", account, meta.ErrNotFound)
	}
	return membership, nil
}

// enabled reports whether service control policies are enabled.
func (t *tree) enabled() (bool, error) {
	root, err := t.node(t.record.Root)
	return err == nil && slices.Contains(root.PolicyTypes, managed.SCP), err
}

// below returns the accounts at a place and below it, by ID, the management account left out unless it is the
// place.
func (t *tree) below(p place) ([]place, error) {
	if p.account != nil {
		return []place{p}, nil
	}
	var accounts []string
	from, to := keys.OrganizationAccounts(t.id())
	it := t.Scan(from, to)
	for it.Next() {
		if id := keys.LastOf(from, it.Key()); id != t.record.ManagementAccount {
			accounts = append(accounts, id)
		}
	}
	if err := it.Close(); err != nil {
		return nil, err
	}
	var out []place
	top := p.nodes[len(p.nodes)-1]
	for _, id := range accounts {
		membership, err := t.member(ids.AccountID(id))
		if err != nil {
			return nil, err
		}
		at, err := t.above(membership)
		if err != nil {
			return nil, err
		}
		if slices.Contains(at.nodes, top) {
			out = append(out, at)
		}
	}
	return out, nil
}

// maxLevels is how many nodes may lie above an account: the root and five levels of OUs, with room for more.
const maxLevels = 16

// above returns the place of an account.
func (t *tree) above(membership *records.Membership) (place, error) {
	p := place{account: membership}
	for id := membership.Parent; id != ""; {
		n, err := t.node(id)
		if err != nil {
			return p, err
		}
		if p.nodes = append(p.nodes, n); len(p.nodes) > maxLevels {
			return p, fmt.Errorf("the tree of organization %s is too deep: %w", t.record.Id, meta.ErrCorrupt)
		}
		id = n.Parent
	}
	slices.Reverse(p.nodes)
	return p, nil
}

// path returns the path of a place.
func (t *tree) path(p place) string {
	parts := []string{t.record.Id}
	for _, n := range p.nodes {
		parts = append(parts, n.Id)
	}
	if p.account != nil {
		parts = append(parts, p.account.Account)
	}
	return strings.Join(parts, "/")
}

// attached returns the IDs of the service control policies at each level of a place, the root first.
func (p place) attached() [][]string {
	var levels [][]string
	for _, n := range p.nodes {
		levels = append(levels, n.Scps)
	}
	if p.account != nil {
		levels = append(levels, p.account.Scps)
	}
	return levels
}

// has reports whether a service control policy is attached at any level of a place.
func (p place) has(id string) bool {
	return slices.ContainsFunc(p.attached(), func(level []string) bool { return slices.Contains(level, id) })
}

// reach returns what levels of service control policies allow.
func (t *tree) reach(levels [][]string) (reach, error) {
	var all reach
	for _, level := range levels {
		var layer authz.Layer
		for _, id := range level {
			document, err := t.policy(id)
			if err != nil {
				return nil, err
			}
			layer = append(layer, authz.Source{Name: id, Document: document})
		}
		all = append(all, reachOf(layer)...)
	}
	return all, nil
}

// policy returns a service control policy, or nil if it cannot be read. It fails with a failure if there is
// none.
func (t *tree) policy(id string) (*policy.Document, error) {
	if m, ok := managed.Lookup(id); ok && m.Type == managed.SCP {
		return m.Document, nil
	}
	r := new(records.OrganizationPolicy)
	err := records.Get(t, keys.OrganizationPolicy(t.id(), id), r)
	if errors.Is(err, meta.ErrNotFound) || err == nil && r.Type != managed.SCP {
		return nil, failure{"NoSuchEntity", "The policy " + id + " cannot be found."}
	}
	if err != nil {
		return nil, fmt.Errorf("read policy %s of organization %s: %w", id, t.record.Id, err)
	}
	document, err := policy.Parse(policy.SCP, []byte(r.Content), policy.Stored())
	if err != nil {
		return nil, nil // which denies everything, as it does for requests
	}
	return document, nil
}
