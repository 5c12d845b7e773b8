package fsck

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/orgs"
	"crossgrant/internal/records"
)

// organizationRows are those of organizations.
var organizationRows = map[string]row{
	`'D' account`: record(func(e *entry, m *records.Membership) {
		org := ids.OrganizationID(m.Organization)
		e.same("account ID", m.Account, e.parts[0])
		e.exists(keys.Account(e.account()), "its account")
		e.exists(keys.Organization(org), "organization "+m.Organization)
		e.exists(keys.OrganizationNode(org, m.Parent), "parent "+m.Parent)
		e.needs(keys.OrganizationAccount(org, e.account()), []byte{}, "organization to accounts", true)
		e.needs(keys.ChildAccount(org, m.Parent, e.account()), []byte{}, "parent to accounts", true)
		e.targeted(org, m.Account, m)
	}),
	`'R' org\0 'o'`: record(func(e *entry, o *records.Organization) {
		e.same("ID", o.Id, e.parts[0])
		e.exists(keys.OrganizationNode(e.org(), o.Root), "root "+o.Root)
		m := new(records.Membership)
		if p := e.read(keys.Membership(ids.AccountID(o.ManagementAccount)), m); p == missing || p == present && m.Organization != o.Id {
			e.wrong(Reference, "its management account, %s, is not a member", o.ManagementAccount)
		}
	}),
	`'R' org\0 'n' node`: record(func(e *entry, n *records.OrganizationNode) {
		e.inOrganization()
		e.same("ID", n.Id, e.parts[1])
		e.targeted(e.org(), n.Id, n)
		if n.Parent == "" {
			return // the root
		}
		e.exists(keys.OrganizationNode(e.org(), n.Parent), "parent "+n.Parent)
		e.needs(keys.ChildUnit(e.org(), n.Parent, n.Id), []byte{}, "parent to units", true)
		e.needs(keys.UnitName(e.org(), n.Parent, n.Name), []byte(n.Id), "name to units", false)
	}),
	`'R' org\0 'p' policy`: record(func(e *entry, p *records.OrganizationPolicy) {
		e.inOrganization()
		e.same("ID", p.Id, e.parts[1])
		e.needs(keys.OrganizationPolicyName(e.org(), p.Type, p.Name), []byte(p.Id), "name to policies", false)
	}),
	`'R' org\0 'm' account`: plain(func(e *entry) {
		empty(e)
		m := new(records.Membership)
		p := e.read(keys.Membership(ids.AccountID(e.parts[1])), m)
		e.led(p, m.Organization == e.parts[0], "the membership of account "+e.parts[1])
	}),
	`'R' org\0 'b' parent\0 account`: plain(func(e *entry) {
		empty(e)
		m := new(records.Membership)
		p := e.read(keys.Membership(ids.AccountID(e.parts[2])), m)
		e.led(p, m.Organization == e.parts[0] && m.Parent == e.parts[1], "the membership of account "+e.parts[2])
	}),
	`'R' org\0 'c' parent\0 child`: plain(func(e *entry) {
		empty(e)
		e.ledToNode(e.parts[2], func(n *records.OrganizationNode) bool { return n.Parent == e.parts[1] })
	}),
	`'R' org\0 'u' parent\0 name`: plain(func(e *entry) {
		e.ledToNode(string(e.value), func(n *records.OrganizationNode) bool { return n.Parent == e.parts[1] && n.Name == e.parts[2] })
	}),
	`'R' org\0 't' type\0 name`: plain(func(e *entry) {
		p := new(records.OrganizationPolicy)
		is := e.read(keys.OrganizationPolicy(e.org(), string(e.value)), p)
		e.led(is, p.Type == e.parts[1] && p.Name == e.parts[2], "policy "+string(e.value))
	}),
	`'R' org\0 'a' policy\0 target`: plain(func(e *entry) {
		empty(e)
		n := new(records.OrganizationNode)
		if p := e.read(keys.OrganizationNode(e.org(), e.parts[2]), n); p != missing {
			e.led(p, attaches(n, e.parts[1]), "node "+e.parts[2])
			return
		}
		m := new(records.Membership)
		p := e.read(keys.Membership(ids.AccountID(e.parts[2])), m)
		e.led(p, m.Organization == e.parts[0] && attaches(m, e.parts[1]), "target "+e.parts[2])
	}),
	`'R' org\0 'f'`: record(func(e *entry, _ *records.RootFeatures) { e.inOrganization() }),
	`'R' org\0 'd'`: record(func(e *entry, _ *records.OrganizationResourcePolicy) { e.inOrganization() }),
	`'R' org\0 'h' handshake`: plain(func(e *entry) {
		empty(e)
		e.ledToHandshake(func(h *records.Handshake) bool { return h.Organization == e.parts[0] })
	}),
	`'R' org\0 'i' handshake`: plain(func(e *entry) {
		empty(e)
		e.ledToHandshake(func(h *records.Handshake) bool { return h.Organization == e.parts[0] && invites(h) })
	}),
	`'R' org\0 'q' request`: record(func(e *entry, c *records.CreateAccountRequest) {
		e.inOrganization()
		e.same("ID", c.Id, e.parts[1])
		if c.State == orgs.InProgress {
			e.needs(keys.UnfinishedRequest(e.org(), c.Id), []byte{}, "organization to requests that are in progress", true)
		}
	}),
	`'R' org\0 'k'`: record(checkOrganizationCounts),
	`'H' handshake`: record(func(e *entry, h *records.Handshake) {
		e.same("ID", h.Id, e.parts[0])
		org := ids.OrganizationID(h.Organization)
		if e.get(keys.Organization(org)) == nil {
			return // it was deleted: what was answered is kept
		}
		e.needs(keys.HandshakeOfOrganization(org, h.Id), []byte{}, "organization to handshakes", true)
		if invites(h) {
			e.needs(keys.OpenInvitation(org, h.Id), []byte{}, "organization to invitations that were not answered", true)
		}
	}),
	`'J' account handshake`: plain(func(e *entry) {
		empty(e)
		e.ledToHandshake(func(h *records.Handshake) bool { return h.Account == e.parts[0] })
	}),
	`'Q' org\0 request`: plain(func(e *entry) {
		empty(e)
		c := new(records.CreateAccountRequest)
		p := e.read(keys.CreateAccountRequest(e.org(), e.parts[1]), c)
		e.led(p, c.State == orgs.InProgress, "request "+e.parts[1])
	}),
}

func (e *entry) org() ids.OrganizationID { return ids.OrganizationID(e.parts[0]) }

// inOrganization notes that the organization in the key is not there.
func (e *entry) inOrganization() { e.exists(keys.Organization(e.org()), "its organization") }

// ledToNode verifies an entry of an index that leads to the root or a unit.
func (e *entry) ledToNode(id string, has func(n *records.OrganizationNode) bool) {
	n := new(records.OrganizationNode)
	p := e.read(keys.OrganizationNode(e.org(), id), n)
	e.led(p, has(n), "node "+id)
}

// ledToHandshake verifies an entry of an index that leads to the handshake whose ID ends the key.
func (e *entry) ledToHandshake(has func(h *records.Handshake) bool) {
	id := e.parts[1]
	h := new(records.Handshake)
	p := e.read(keys.Handshake(id), h)
	e.led(p, has(h), "handshake "+id)
}

// invites reports whether a handshake is an invitation that was not answered.
func invites(h *records.Handshake) bool {
	return h.State == orgs.Open && (h.Action == "" || h.Action == orgs.InviteAction)
}

// target is what policies of organizations are attached to.
type target interface {
	GetScps() []string
	GetRcps() []string
	GetS3Policies() []string
}

func attached(t target) []string {
	return slices.Concat(t.GetScps(), t.GetRcps(), t.GetS3Policies())
}

func attaches(t target, policy string) bool { return slices.Contains(attached(t), policy) }

// targeted verifies that the policies of a node or an account are in the index from policies to them.
func (e *entry) targeted(org ids.OrganizationID, id string, t target) {
	for _, policy := range attached(t) {
		e.needs(keys.PolicyTarget(org, policy, id), []byte{}, "policy "+policy+" to targets", true)
	}
}

// checkOrganizationCounts verifies the numbers of what an organization has.
func checkOrganizationCounts(e *entry, n *records.OrganizationCounts) {
	e.inOrganization()
	right := proto.CloneOf(n)
	right.Accounts = e.count(keys.OrganizationAccounts(e.org()))
	right.Units = e.count(keys.OrganizationNodes(e.org())) - 1
	for policyType := range right.Policies {
		right.Policies[policyType] = e.count(keys.OrganizationPolicyNames(e.org(), policyType))
	}
	if e.err != nil || right.Accounts == n.Accounts && right.Units == n.Units && maps.Equal(right.Policies, n.Policies) {
		return
	}
	e.wrong(Count, "it counts %d accounts, %d units and %v policies, and there are %d, %d and %v",
		n.Accounts, n.Units, n.Policies, right.Accounts, right.Units, right.Policies)
	e.repair("correct the count", put(e.key, right))
}
