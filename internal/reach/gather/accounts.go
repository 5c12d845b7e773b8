package gather

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/reach"
	"crossgrant/internal/records"

	"google.golang.org/protobuf/proto"
)

// account is an account that is open.
type account struct {
	record *records.Account
	root   *reach.Caller
	loaded bool // its users and roles are among the callers
}

// readAccounts reads all accounts that are not closed: the principals of one that is cannot act, and nobody gets at
// what it has.
func (g *gathering) readAccounts() error {
	it := g.r.Scan(keys.Accounts())
	var all []*records.Account
	for it.Next() {
		record := new(records.Account)
		if err := records.Unmarshal(it.Value(), record); err != nil {
			return errors.Join(fmt.Errorf("read account: %w", err), it.Close())
		}
		if record.Closed == 0 {
			all = append(all, record)
		}
	}
	if err := it.Close(); err != nil {
		return err
	}
	for _, record := range all {
		if err := g.open(record); err != nil {
			return err
		}
	}
	return nil
}

// open adds an account that is open.
func (g *gathering) open(record *records.Account) error {
	id := ids.AccountID(record.Id)
	g.accounts[id] = &account{record: record}
	g.order = append(g.order, id)
	g.canonical[ids.CanonicalUserID(record.CanonicalId)] = id
	membership := new(records.Membership)
	if err := records.Get(g.r, keys.Membership(id), membership); err != nil && !errors.Is(err, meta.ErrNotFound) {
		return err
	}
	g.world.Accounts = append(g.world.Accounts, reach.Account{
		ID: id, CanonicalID: ids.CanonicalUserID(record.CanonicalId), Name: record.Name, Organization: ids.OrganizationID(membership.Organization),
	})
	return nil
}

// let reads the principals that a bucket or role may let in. Of the accounts that are let in by what lets in everyone,
// only those are read of which some principal can get through.
func (g *gathering) let(n *names, b *reach.Bucket, role *reach.AssumedRole) error {
	accounts := map[ids.AccountID]bool{}
	maps.Copy(accounts, n.accounts)
	whole := map[ids.AccountID]bool{}
	maps.Copy(whole, n.whole)
	for id := range n.canonical {
		if a, ok := g.canonical[id]; ok {
			whole[a] = true
		}
	}
	for id := range n.unique {
		a, err := g.r.Get(keys.EntityAccount(id))
		if err != nil && !errors.Is(err, meta.ErrNotFound) {
			return err
		}
		accounts[ids.AccountID(a)] = true
	}
	maps.Copy(accounts, whole)
	if n.everyone {
		if err := g.everyone(accounts, b, role); err != nil {
			return err
		}
	}
	for _, id := range g.order {
		if !accounts[id] || n.skip != nil && n.skip(id) {
			continue
		}
		if err := g.load(id); err != nil {
			return err
		}
		if whole[id] && id != ownerOf(b, role) {
			if err := g.any(id); err != nil {
				return err
			}
		}
	}
	return g.named(n)
}

func ownerOf(b *reach.Bucket, role *reach.AssumedRole) ids.AccountID {
	if b != nil {
		return b.Owner
	}
	return role.Owner
}

// everyone adds who has no account, and to accounts those of which some principal can get at a bucket or role.
func (g *gathering) everyone(accounts map[ids.AccountID]bool, b *reach.Bucket, role *reach.AssumedRole) error {
	if err := g.stranger(); err != nil {
		return err
	}
	if role == nil {
		if err := g.as(access.AnonymousName, reach.Anonymous); err != nil {
			return err
		}
	}
	for _, id := range g.order {
		if accounts[id] {
			continue
		}
		c, err := g.anyOf(id)
		if err != nil {
			return err
		}
		// Service-linked roles are not bound by policies of organizations.
		c.Exempt, c.SCPs = true, nil
		accounts[id] = reach.CanReach(g.world, c, b, role)
	}
	return nil
}

// named adds the services, identity providers and sessions that policies name.
func (g *gathering) named(n *names) error {
	for _, name := range slices.Sorted(maps.Keys(n.services)) {
		if err := g.as(name, reach.Service); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(n.providers)) {
		g.provider(name)
	}
	for _, name := range slices.Sorted(maps.Keys(n.sessions)) {
		if a, err := arn.Parse(name); err != nil || n.skip != nil && n.skip(ids.AccountID(a.Account)) {
			continue
		}
		if err := g.session(name); err != nil {
			return err
		}
	}
	return nil
}

// load adds the root user, the users and the roles of an account.
func (g *gathering) load(id ids.AccountID) error {
	a := g.accounts[id]
	if a == nil || a.loaded {
		return nil
	}
	a.loaded = true
	root, err := g.root(id)
	if err != nil {
		return err
	}
	g.put(root)
	users, err := list(g, id, keys.UserKind, func(u *records.User) arn.ARN { return arn.User(id, u.Path, u.Name) })
	if err != nil {
		return err
	}
	roles, err := list(g, id, keys.RoleKind, func(r *records.Role) arn.ARN { return arn.Role(id, r.Path, r.Name) })
	if err != nil {
		return err
	}
	for _, name := range slices.Concat(users, roles) {
		if len(g.callers) >= g.limits.Principals {
			g.cut("More than %d principals can have to do with this: those from %s on were not looked at.", g.limits.Principals, name)
			return nil
		}
		if _, err := g.entity(name); err != nil {
			return err
		}
	}
	return g.ctx.Err()
}

// list returns the ARNs of the entities of a kind.
func list[T any, R interface {
	*T
	proto.Message
}](g *gathering, id ids.AccountID, kind keys.Kind, name func(R) arn.ARN) ([]arn.ARN, error) {
	var out []arn.ARN
	it := g.r.Scan(keys.Entities(id, kind))
	for it.Next() {
		record := R(new(T))
		if err := records.Unmarshal(it.Value(), record); err != nil {
			return nil, errors.Join(fmt.Errorf("read %c of account %s: %w", kind, id, err), it.Close())
		}
		out = append(out, name(record))
	}
	return out, it.Close()
}

func (g *gathering) put(c *reach.Caller) {
	if g.callers[c.ID] == nil {
		g.callers[c.ID] = c
		g.world.Callers = append(g.world.Callers, c)
	}
}

// as adds a principal as which nobody has to sign with a key: one that package access knows by a name.
func (g *gathering) as(who string, kind reach.Kind) error {
	c, err := g.access.As(g.ctx, who, time.Time{})
	if err != nil {
		return err
	}
	out := &reach.Caller{Principal: reach.Principal{ID: who, Kind: kind}, As: c.Principal}
	context := c.Context()
	copyKeys(&out.Keys, &context)
	g.put(out)
	return nil
}

// root returns the root user of an account.
func (g *gathering) root(id ids.AccountID) (*reach.Caller, error) {
	a := g.accounts[id]
	if a == nil {
		return nil, notThere(arn.Root(id).String())
	}
	if a.root != nil {
		return a.root, nil
	}
	c, err := g.access.As(g.ctx, string(id), time.Time{})
	if err != nil {
		return nil, err
	}
	request := c.Context()
	in, err := g.access.Question(g.ctx, c, &access.Check{Action: "s3:ListAllMyBuckets", Resource: "*"}, &request)
	if err != nil {
		return nil, err
	}
	a.root = &reach.Caller{Principal: reach.Principal{ID: c.ARN, Kind: reach.Root, Account: id}, As: c.Principal, SCPs: in.SCPs}
	copyKeys(&a.root.Keys, &request)
	return a.root, nil
}

// copyKeys puts the keys of a context into another one.
func copyKeys(to, from *policy.Context) {
	for _, key := range from.Keys() {
		if values, multi, _ := from.Lookup(key); multi {
			to.SetMulti(key, values)
		} else {
			to.Set(key, values[0])
		}
	}
}

// anyOf returns any principal of an account that its own policies let.
func (g *gathering) anyOf(id ids.AccountID) (*reach.Caller, error) {
	root, err := g.root(id)
	if err != nil {
		return nil, err
	}
	name := arn.User(id, "/", "*").String()
	c := &reach.Caller{
		Principal: reach.Principal{ID: string(id), Kind: reach.AnyOfAccount, Account: id},
		As:        policy.Principal{Kind: policy.User, Account: id, CanonicalID: root.As.CanonicalID, ARN: name, EntityARN: name},
		Identity:  reach.Whatever("account " + string(id)),
		SCPs:      root.SCPs,
	}
	g.shared(c, root)
	return c, nil
}

// shared gives c the condition keys that all principals of an account share.
func (g *gathering) shared(c, root *reach.Caller) {
	for _, key := range []string{"aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalIsAWSService"} {
		if values, multi, ok := root.Keys.Lookup(key); ok && multi {
			c.Keys.SetMulti(key, values)
		} else if ok {
			c.Keys.Set(key, values[0])
		}
	}
}

func (g *gathering) any(id ids.AccountID) error {
	c, err := g.anyOf(id)
	if err == nil {
		g.put(c)
	}
	return err
}

// stranger adds any principal of an account that is not served here. No account has its numbers.
func (g *gathering) stranger() error {
	id := ids.AccountID("000000000000")
	name := arn.User(id, "/", "*").String()
	c := &reach.Caller{
		Principal: reach.Principal{ID: string(reach.AnyAccount), Kind: reach.AnyAccount},
		As:        policy.Principal{Kind: policy.User, Account: id, CanonicalID: "any-account", ARN: name, EntityARN: name},
		Identity:  reach.Whatever("its own account"),
	}
	c.Keys.Set("aws:PrincipalIsAWSService", "false")
	g.put(c)
	return nil
}

// provider adds whoever an identity provider vouches for.
func (g *gathering) provider(name string) {
	g.put(&reach.Caller{
		Principal: reach.Principal{ID: name, Kind: reach.Provider}, As: policy.Principal{Kind: policy.Anonymous, Provider: name},
	})
}

// everything is a policy that allows whatever there is.
var everything = func() *authz.Layer { l := reach.Whatever("the session"); return &l }()
