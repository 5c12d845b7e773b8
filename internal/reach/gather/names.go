package gather

import (
	"crossgrant/internal/acl"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/reach"
)

// names are whom the side of a target may let in.
type names struct {
	everyone bool // anyone, also without an account
	// whole are accounts that are named themselves; accounts, those of which a principal is.
	whole, accounts map[ids.AccountID]bool
	unique          map[ids.UniqueID]bool
	// entities are ARNs of users and roles.
	entities  map[string]bool
	canonical map[ids.CanonicalUserID]bool
	// sessions are ARNs of sessions of roles and of federated users; services and providers as policies name them.
	sessions, services, providers map[string]bool
	// skip are accounts that are not asked about.
	skip func(ids.AccountID) bool
}

// without returns the names less those of some accounts.
func (n *names) without(skip func(ids.AccountID) bool) *names {
	out := *n
	out.skip = skip
	return &out
}

func add[K comparable](m *map[K]bool, k K) {
	if *m == nil {
		*m = map[K]bool{}
	}
	(*m)[k] = true
}

func (n *names) ofBucket(b *reach.Bucket) {
	add(&n.accounts, b.Owner)
	n.ofPolicy(b.Policy)
	if b.S3.Enforced {
		return
	}
	n.ofACL(&b.S3.BucketACL)
	for i := range b.Objects {
		add(&n.canonical, b.Objects[i].Owner)
		n.ofACL(&b.Objects[i].ACL)
	}
}

func (n *names) ofRole(r *reach.AssumedRole) {
	add(&n.accounts, r.Owner)
	n.ofPolicy(r.Trust)
}

// ofPolicy adds whom a resource's policy names: in its Allow statements, and in those Deny statements that spare
// somebody.
func (n *names) ofPolicy(s *authz.Source) {
	if s == nil || s.Document == nil {
		return
	}
	for i := range s.Document.Statements {
		st := &s.Document.Statements[i]
		if st.Principals == nil || st.Effect == policy.Deny && !st.NotPrincipal {
			continue
		}
		n.everyone = n.everyone || st.Principals.Any
		for _, p := range st.Principals.Names {
			n.ofName(p)
		}
	}
}

func (n *names) ofName(p policy.NamedPrincipal) {
	switch p.Kind {
	case policy.PrincipalCanonicalUser:
		add(&n.canonical, ids.CanonicalUserID(p.Value))
		return
	case policy.PrincipalService:
		add(&n.services, p.Value)
		return
	case policy.PrincipalFederated:
		add(&n.providers, p.Value)
		return
	}
	if p.Value == "*" {
		n.everyone = true
		return
	}
	if id, err := ids.ParseAccountID(p.Value); err == nil {
		add(&n.whole, id)
		return
	}
	a, err := arn.Parse(p.Value)
	switch {
	case err != nil:
		add(&n.unique, ids.UniqueID(p.Value))
	case a.Resource == "root":
		add(&n.whole, ids.AccountID(a.Account))
	case a.Service == "sts":
		add(&n.sessions, p.Value)
		add(&n.accounts, ids.AccountID(a.Account))
	default:
		add(&n.accounts, ids.AccountID(a.Account))
		add(&n.entities, p.Value)
	}
}

func (n *names) ofACL(list *acl.ACL) {
	for _, g := range list.Grants {
		switch g.Grantee.Group {
		case "":
			add(&n.canonical, g.Grantee.ID)
		case acl.LogDelivery:
			add(&n.services, authz.LogDelivery)
		default:
			n.everyone = true
		}
	}
}
