package gather

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/reach"
	"crossgrant/internal/records"
)

// ForAccounts are limits under which a question of an account is answered within a second or so.
var ForAccounts = Limits{Principals: 1000, Buckets: 500, Records: 20_000, Objects: 500, Paths: 5000, Time: time.Second}

// Halves answers questions of accounts. Each is told what it may know by itself: of its own principals, buckets and
// roles everything, but of the policies of its organization no more than that they limit something, and which of
// them deny; of other accounts what its own policies and ACLs name of them, as GetBucketPolicy, GetBucketAcl and
// GetRole show it. Nothing of another account is read but the names that those show for stored IDs. It is safe for
// concurrent use.
type Halves struct {
	store  *meta.Store
	limits Limits
	now    func() time.Time
}

// NewHalves returns Halves of what is in store; nil for now means time.Now.
func NewHalves(store *meta.Store, limits Limits, now func() time.Time) *Halves {
	if now == nil {
		now = time.Now
	}
	return &Halves{store, limits, now}
}

// Answer answers a question of an account: about one of its buckets, one of its principals, or, if the question names
// nothing, about all that it has and all that its principals are let to by their policies. What another account has, or
// has not, is NoSuchBucket and NoSuchEntity alike.
func (h *Halves) Answer(ctx context.Context, account ids.AccountID, q reach.Question) (*reach.Result, error) {
	if q.Outside != "" {
		return nil, invalid("Ask about a bucket or a principal of your account, or about all of it.")
	}
	if err := check(&q); err != nil {
		return nil, err
	}
	q.For = account
	var out *reach.Result
	err := h.store.View(ctx, func(r meta.Reader) error {
		g, err := h.gathering(ctx, r, account)
		if err != nil {
			return err
		}
		out, err = g.half(q)
		return err
	})
	return out, err
}

// gathering returns one with the account alone, and all of its principals.
func (h *Halves) gathering(ctx context.Context, r meta.Reader, account ids.AccountID) (*gathering, error) {
	g := newGathering(ctx, r, h.limits)
	until := h.now().Add(h.limits.Time)
	g.world.For, g.world.Most = account, h.limits.Paths
	g.world.Enough = func() bool { return ctx.Err() != nil || h.limits.Time > 0 && h.now().After(until) }
	record := new(records.Account)
	if err := records.Get(r, keys.Account(account), record); err != nil {
		return nil, fmt.Errorf("read account %s: %w", account, err)
	}
	if err := g.open(record); err != nil {
		return nil, err
	}
	g.world.Accounts[0].Organization = "" // others may be members of it, which are not known
	return g, g.load(account)
}

// half answers a question of the account that the world is for.
func (g *gathering) half(q reach.Question) (*reach.Result, error) {
	var err error
	switch {
	case q.Bucket != "":
		err = g.ownBucket(&q)
	case q.Principal != "":
		err = g.ownPrincipal(&q)
	}
	if err == nil && q.Bucket == "" {
		err = g.ownBuckets(&q)
	}
	if err == nil {
		err = g.allRoles(func(ids.AccountID) bool { return true })
	}
	if err != nil {
		return nil, err
	}
	if q.Principal == "" {
		if err := g.letIn(); err != nil {
			return nil, err
		}
	}
	if q.Bucket == "" {
		g.elsewhere()
	}
	return reach.Answer(g.world, q), g.ctx.Err()
}

// ownBucket adds the bucket that a question names.
func (g *gathering) ownBucket(q *reach.Question) error {
	b, err := g.mine(q.Bucket)
	if err != nil {
		return err
	}
	out, err := g.bucketOf(b, q)
	if err == nil {
		g.world.Buckets = append(g.world.Buckets, out)
	}
	return err
}

// mine returns a bucket of the account that the world is for.
func (g *gathering) mine(name string) (*access.Bucket, error) {
	none := apierr.New(http.StatusNotFound, "NoSuchBucket", "There is no bucket %s in your account.", name)
	if len(name) > 255 {
		return nil, none
	}
	if _, err := g.r.Get(keys.BucketOf(g.world.For, name)); errors.Is(err, meta.ErrNotFound) {
		return nil, none
	} else if err != nil {
		return nil, err
	}
	return g.access.Bucket(g.ctx, name)
}

// ownPrincipal makes sure that a question names a principal of the account, and its ID.
func (g *gathering) ownPrincipal(q *reach.Question) error {
	none := apierr.New(http.StatusNotFound, "NoSuchEntity", "There is no principal %s in your account.", q.Principal)
	a, err := arn.Parse(q.Principal)
	if err != nil || ids.AccountID(a.Account) != g.world.For {
		return none
	}
	switch c, err := g.principal(q.Principal); {
	case err != nil && apierr.From(err).Status < http.StatusInternalServerError:
		return none
	case err != nil:
		return err
	default:
		q.Principal = c.ID
		return nil
	}
}

// hide takes the ACLs out of objects in a bucket that its owner may not read: the owner of an object grants that.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions
func (g *gathering) hide(objects []reach.StoredObject, bucket ids.CanonicalUserID) {
	for i := range objects {
		o := &objects[i]
		shown := slices.ContainsFunc(o.ACL.Grants, func(grant acl.Grant) bool {
			to := grant.Grantee.ID == bucket || grant.Grantee.Group == acl.AllUsers || grant.Grantee.Group == acl.AuthenticatedUsers
			return to && (grant.Permission == acl.ReadACP || grant.Permission == acl.FullControl)
		})
		if o.Owner == bucket || shown {
			continue
		}
		o.ACL = acl.Private(o.Owner)
		g.cut("Some objects belong to other accounts, and have ACLs that you may not read: what those grant is not told.")
	}
}

// ownBuckets adds the buckets of the account.
func (g *gathering) ownBuckets(q *reach.Question) error {
	it := g.r.Scan(keys.BucketsOf(g.world.For))
	var names []string
	for it.Next() {
		name, err := keys.ParseBucketOf(it.Key())
		if err != nil {
			return errors.Join(err, it.Close())
		}
		names = append(names, name)
	}
	if err := it.Close(); err != nil {
		return err
	}
	g.own = map[string]bool{}
	for i, name := range names {
		g.own[name] = true
		if i >= g.limits.Buckets || g.world.Enough() {
			g.cut("You have too many buckets to look at all of them: those from %s on were not.", names[len(g.world.Buckets)])
			continue
		}
		b, err := g.bucket(name, q)
		if err != nil {
			return err
		}
		g.world.Buckets = append(g.world.Buckets, b)
	}
	return nil
}

// letIn adds whom the policies and ACLs of the account's buckets and roles name of other accounts.
func (g *gathering) letIn() error {
	var n names
	for _, b := range g.world.Buckets {
		n.ofBucket(b)
	}
	for _, role := range g.world.Roles {
		n.ofRole(role)
	}
	return g.admit(&n)
}

// admit adds who is named: of other accounts as they are named.
func (g *gathering) admit(n *names) error {
	if n.everyone {
		if err := errors.Join(g.stranger(), g.as(access.AnonymousName, reach.Anonymous)); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.whole)) {
		if id != g.world.For {
			g.other(id, string(id), reach.AnyOfAccount, arn.User(id, "/", "*"))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.canonical)) {
		if g.canonical[id] == "" {
			g.grantee(id)
		}
	}
	if err := g.unique(n); err != nil {
		return err
	}
	own, others := map[string]bool{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(n.sessions)) {
		if a, err := arn.Parse(name); err == nil && ids.AccountID(a.Account) == g.world.For {
			own[name] = true
		} else if err == nil {
			others = append(others, name)
		}
	}
	for _, name := range others {
		g.otherSession(name)
	}
	return g.named(&names{services: n.services, providers: n.providers, sessions: own})
}

// unique adds the users and roles of other accounts that are named. A policy keeps them by their unique IDs, and shows
// them by the ARNs that they have; one that is gone can do nothing.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (g *gathering) unique(n *names) error {
	for _, id := range slices.Sorted(maps.Keys(n.unique)) {
		shown, err := iam.Snapshot{Reader: g.r}.PrincipalARN(g.ctx, string(id))
		if err != nil {
			return err
		}
		if name, err := arn.Parse(shown); err == nil {
			g.entityOf(name, id)
		}
	}
	for _, shown := range slices.Sorted(maps.Keys(n.entities)) {
		if name, err := arn.Parse(shown); err == nil {
			g.entityOf(name, "")
		}
	}
	return nil
}

// entityOf adds a user or role of another account.
func (g *gathering) entityOf(name arn.ARN, id ids.UniqueID) {
	account := ids.AccountID(name.Account)
	if account == g.world.For {
		return
	}
	kind := reach.User
	if name.Type() == "role" {
		kind = reach.Role
	}
	c := g.other(account, name.String(), kind, name)
	c.As.EntityID, c.Name = id, name.Name()
	c.Keys.Set("aws:PrincipalArn", name.String())
	if kind == reach.Role {
		// No session has this name.
		c.As.Kind, c.As.ARN, c.As.Name = policy.RoleSession, arn.AssumedRole(account, name.Name(), "*").String(), "*"
		c.Keys.Set("aws:PrincipalType", "AssumedRole")
		return
	}
	c.As.Name = name.Name()
	c.Keys.Set("aws:PrincipalType", "User")
	c.Keys.Set("aws:username", name.Name())
}

// otherSession adds a session of a role, or a federated user, of another account, of which only the ARN is known.
func (g *gathering) otherSession(session string) {
	name, err := arn.Parse(session)
	if err != nil {
		return
	}
	account := ids.AccountID(name.Account)
	if name.Type() == "federated-user" {
		c := g.other(account, session, reach.FederatedUser, name)
		c.As.Kind, c.As.Name, c.Name, c.Session = policy.FederatedUser, name.Name(), name.Name(), everything
		c.As.EntityARN = arn.Root(account).String()
		c.Keys.Set("aws:PrincipalArn", session)
		c.Keys.Set("aws:PrincipalType", "FederatedUser")
		return
	}
	role, own, _ := strings.Cut(strings.TrimPrefix(name.Resource, "assumed-role/"), "/")
	c := g.other(account, session, reach.Session, name)
	c.As.Kind, c.As.Name, c.Name = policy.RoleSession, own, own
	c.As.EntityARN = arn.Role(account, "/", role).String()
	c.Keys.Set("aws:PrincipalType", "AssumedRole")
}

// other adds somebody of another account, whose policies are taken to allow everything.
func (g *gathering) other(account ids.AccountID, id string, kind reach.Kind, name arn.ARN) *reach.Caller {
	if kept := g.callers[id]; kept != nil {
		return kept
	}
	c := &reach.Caller{
		Principal: reach.Principal{ID: id, Kind: kind, Account: account},
		As: policy.Principal{
			Kind: policy.User, Account: account, CanonicalID: ids.CanonicalUserID("of account " + account), ARN: name.String(), EntityARN: name.String(),
		},
		Identity: reach.Whatever("account " + string(account)), Elsewhere: true,
	}
	c.Keys.Set("aws:PrincipalAccount", string(account))
	c.Keys.Set("aws:PrincipalIsAWSService", "false")
	g.put(c)
	if !slices.ContainsFunc(g.world.Accounts, func(a reach.Account) bool { return a.ID == account }) {
		g.world.Accounts = append(g.world.Accounts, reach.Account{ID: account})
	}
	return c
}

// grantee adds any principal of an account of which only the canonical user ID is known: an ACL names it, or it owns
// an object.
func (g *gathering) grantee(id ids.CanonicalUserID) {
	if id == "" || id == authz.AnonymousCanonicalID || id == authz.LogDeliveryCanonicalID || g.callers[string(id)] != nil {
		return
	}
	none := ids.AccountID("000000000000")
	name := arn.User(none, "/", "*").String()
	c := &reach.Caller{
		Principal: reach.Principal{ID: string(id), Kind: reach.AnyOfAccount},
		As:        policy.Principal{Kind: policy.User, Account: none, CanonicalID: id, ARN: name, EntityARN: name},
		Identity:  reach.Whatever("the account with this canonical user ID"), Elsewhere: true,
	}
	c.Keys.Set("aws:PrincipalIsAWSService", "false")
	g.put(c)
}

// maxElsewhere bounds how many buckets and roles of other accounts are looked at.
const maxElsewhere = 50

// elsewhere adds the buckets and roles of other accounts that policies of the account's principals name. Nothing is
// read of them, so that it is not told whether there are any.
func (g *gathering) elsewhere() {
	found := map[string]bool{}
	patterns := false
	for _, c := range g.world.Callers {
		if c.Account != g.world.For {
			continue
		}
		for i := range c.Identity {
			patterns = g.namedIn(c.Identity[i].Document, found) || patterns
		}
	}
	for i, name := range slices.Sorted(maps.Keys(found)) {
		if i == maxElsewhere {
			g.cut("Your policies name more than %d buckets and roles of other accounts: those from %s on were not looked at.", i, name)
			break
		}
		if a, err := arn.Parse(name); err == nil && a.Service == "iam" {
			g.world.Roles = append(g.world.Roles, &reach.AssumedRole{
				ARN: name, Name: a.Name(), Owner: ids.AccountID(a.Account), Trust: reach.WhateverOwner(), Elsewhere: true,
			})
			continue
		}
		bucket := strings.TrimPrefix(name, "arn:aws:s3:::")
		g.world.Buckets = append(g.world.Buckets, &reach.Bucket{
			Name: bucket, Policy: reach.WhateverOwner(), S3: authz.S3{OwnerCanonicalID: "elsewhere", Enforced: true}, Elsewhere: true,
		})
	}
	if patterns {
		g.cut("Of other accounts only those buckets and roles are told that your policies name without wildcards.")
	}
}

// namedIn adds the ARNs of the buckets and roles of other accounts that the Allow statements of a document name. It
// reports whether there may be more that a pattern matches.
func (g *gathering) namedIn(d *policy.Document, found map[string]bool) (patterns bool) {
	if d == nil {
		return false
	}
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.Effect != policy.Allow || !slices.ContainsFunc(reachable, func(a string) bool { return d.Takes(i, a) }) {
			continue
		}
		patterns = patterns || st.NotResource || len(st.Resources) == 0
		for _, r := range st.Resources {
			name, ok := g.namedBy(r)
			if patterns = patterns || !ok; ok && name != "" && !st.NotResource {
				found[name] = true
			}
		}
	}
	return patterns
}

// reachable are actions by which something of another account is reached.
var reachable = slices.Concat(policy.MatchingActions("s3:*"), []string{"sts:AssumeRole"})

// namedBy returns the ARN of the bucket or role that a Resource is about; empty if that is the account's own, or
// nothing that is reached. ok is false where a pattern may match several.
func (g *gathering) namedBy(resource string) (name string, ok bool) {
	const wild = "*?$"
	if bucket, found := strings.CutPrefix(resource, "arn:aws:s3:::"); found {
		bucket, _, _ = strings.Cut(bucket, "/")
		switch {
		case strings.ContainsAny(bucket, wild):
			return "", false
		case g.own[bucket] || bucket == "":
			return "", true
		default:
			return "arn:aws:s3:::" + bucket, true
		}
	}
	if strings.ContainsAny(resource, wild) {
		a := strings.SplitN(resource, ":", 6)
		other := len(a) == 6 && (a[2] != "s3" && a[2] != "iam" && !strings.ContainsAny(a[2], wild) || a[2] == "iam" && a[4] == string(g.world.For))
		return "", other
	}
	a, err := arn.Parse(resource)
	if err != nil || a.Service != "iam" || a.Type() != "role" || ids.AccountID(a.Account) == g.world.For {
		return "", true
	}
	return resource, true
}
