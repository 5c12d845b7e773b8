package orgs

import (
	"errors"
	"fmt"
	"slices"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/records"
)

// Kinds of node, as ListParents, ListChildren and ListTargetsForPolicy name them.
const (
	RootKind    = "ROOT"
	UnitKind    = "ORGANIZATIONAL_UNIT"
	AccountKind = "ACCOUNT"
)

// node is a node of an organization's tree: the root or a unit, or an account in it. Exactly one of
// unit and member is set.
type node struct {
	unit   *records.OrganizationNode
	member *records.Membership
}

// node returns the node with this ID, or an error that wraps meta.ErrNotFound if the organization has
// none.
func (v view) node(id string) (*node, error) {
	if account, err := ids.ParseAccountID(id); err == nil {
		member := new(records.Membership)
		if err := records.Get(v, keys.Membership(account), member); err != nil {
			return nil, fmt.Errorf("read membership of %s: %w", id, err)
		}
		if member.Organization != string(v.id) {
			return nil, fmt.Errorf("account %s is in another organization: %w", id, meta.ErrNotFound)
		}
		return &node{member: member}, nil
	}
	unit := new(records.OrganizationNode)
	if err := records.Get(v, keys.OrganizationNode(v.id, id), unit); err != nil {
		return nil, fmt.Errorf("read node %s: %w", id, err)
	}
	return &node{unit: unit}, nil
}

// find is node with the error that the API has for a node that is not there; kinds are those that the
// node may be of, all if there are none.
func (v view) find(id string, missing error, kinds ...string) (*node, error) {
	n, err := v.node(id)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	if len(kinds) > 0 && !slices.Contains(kinds, n.kind()) {
		return nil, missing
	}
	return n, nil
}

func (n *node) kind() string {
	switch {
	case n.member != nil:
		return AccountKind
	case n.unit.Parent == "":
		return RootKind
	default:
		return UnitKind
	}
}

func (n *node) id() string {
	if n.member != nil {
		return n.member.Account
	}
	return n.unit.Id
}

func (n *node) parent() string {
	if n.member != nil {
		return n.member.Parent
	}
	return n.unit.Parent
}

// attached is the list of the IDs of the policies of a type that are attached to the node.
func (n *node) attached(policyType string) *[]string {
	if m := n.member; m != nil {
		return pick(policyType, &m.Scps, &m.Rcps, &m.S3Policies)
	}
	return pick(policyType, &n.unit.Scps, &n.unit.Rcps, &n.unit.S3Policies)
}

// pick returns the list of a type.
func pick(policyType string, scps, rcps, s3 *[]string) *[]string {
	switch policyType {
	case managed.RCP:
		return rcps
	case managed.S3:
		return s3
	default:
		return scps
	}
}

func (n *node) tags() *[]*records.Tag {
	if n.member != nil {
		return &n.member.Tags
	}
	return &n.unit.Tags
}

func (c change) put(n *node) error {
	if n.member != nil {
		return records.Put(c.tx, keys.Membership(ids.AccountID(n.member.Account)), n.member)
	}
	return records.Put(c.tx, keys.OrganizationNode(c.id, n.unit.Id), n.unit)
}

// arn returns the ARN of the node with this ID, whether it exists or not.
func (v view) arn(id string) string {
	switch account, err := ids.ParseAccountID(id); {
	case err == nil:
		return arn.OrganizationAccount(v.management(), v.id, account).String()
	case id == v.record.Root:
		return arn.OrganizationRoot(v.management(), v.id, id).String()
	case len(id) > 2 && id[:2] == "r-":
		return arn.OrganizationRoot(v.management(), v.id, id).String()
	default:
		return arn.OrganizationalUnit(v.management(), v.id, id).String()
	}
}

// path returns the path of a node as aws:PrincipalOrgPaths gives it for what is below it, with a slash
// at its end: organization, root, units, and the node itself.
func (v view) path(n *node) (string, error) {
	path := n.id() + "/"
	for parent := n.parent(); parent != ""; {
		up, err := v.node(parent)
		if err != nil {
			return "", err
		}
		path = up.id() + "/" + path
		parent = up.parent()
	}
	return string(v.id) + "/" + path, nil
}

// depth returns the number of units from the root to n, n included.
func (v view) depth(n *node) (int, error) {
	depth := 0
	for n.kind() != RootKind {
		depth++
		up, err := v.node(n.parent())
		if err != nil {
			return 0, err
		}
		n = up
	}
	return depth, nil
}

// root returns the root.
func (v view) root() (*node, error) { return v.node(v.record.Root) }

// enabled returns the types of policy that are enabled in the root.
func (v view) enabled() ([]string, error) {
	root, err := v.root()
	if err != nil {
		return nil, err
	}
	return root.unit.PolicyTypes, nil
}

// everyNode returns the IDs of the root, the units and the accounts.
func (v view) everyNode() ([]string, error) {
	units, err := v.list(keys.OrganizationNodes(v.id))
	if err != nil {
		return nil, err
	}
	accounts, err := v.list(keys.OrganizationAccounts(v.id))
	return append(units, accounts...), err
}

// admit attaches AWS's policies of the enabled types to a new node and stores it.
func (c change) admit(n *node) error {
	types, err := c.enabled()
	if err != nil {
		return err
	}
	for _, policyType := range types {
		if err := c.attachFull(n, policyType); err != nil {
			return err
		}
	}
	return c.put(n)
}

// attachFull attaches AWS's policy of a type, if it has one, to a node, which the caller stores.
func (c change) attachFull(n *node, policyType string) error {
	full := managed.Full(policyType)
	if full == nil {
		return nil
	}
	return c.attach(n, policyType, full.ID)
}

// attach adds a policy to a node, which the caller stores.
func (c change) attach(n *node, policyType, policy string) error {
	attached := n.attached(policyType)
	*attached = append(*attached, policy)
	return c.tx.Put(keys.PolicyTarget(c.id, policy, n.id()), nil)
}

// release removes the record of every policy that is attached to a node, before the node goes.
func (c change) release(n *node) error {
	for _, policyType := range policyTypes {
		for _, policy := range *n.attached(policyType) {
			if err := c.tx.Delete(keys.PolicyTarget(c.id, policy, n.id())); err != nil {
				return err
			}
		}
	}
	return nil
}
