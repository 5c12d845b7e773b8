package gather

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/reach"
	"crossgrant/internal/records"
)

// bucket returns a bucket as far as it bears on a question.
func (g *gathering) bucket(name string, q *reach.Question) (*reach.Bucket, error) {
	b, err := g.access.Bucket(g.ctx, name)
	if err != nil {
		return nil, err
	}
	return g.bucketOf(b, q)
}

// bucketOf is bucket for one that is known.
func (g *gathering) bucketOf(b *access.Bucket, q *reach.Question) (*reach.Bucket, error) {
	out, err := g.facts(b)
	if err == nil && !b.Enforced {
		out.Objects, err = g.stored(b, q)
	}
	return out, err
}

// facts returns a bucket without its objects.
func (g *gathering) facts(b *access.Bucket) (*reach.Bucket, error) {
	out := &reach.Bucket{Name: b.Record.Name, Owner: b.Owner, Policy: b.Policy}
	in, err := g.seen(&access.Check{Action: "s3:ListBucket", Resource: arn.Bucket(out.Name).String(), Bucket: b}, &out.Keys)
	if err != nil {
		return nil, err
	}
	out.S3, out.RCPs = *in.S3, in.RCPs
	return out, nil
}

// seen returns what a check depends on whoever asks, and puts the condition keys into k that its resource brings.
func (g *gathering) seen(check *access.Check, k *policy.Context) (*authz.Input, error) {
	request := access.Anonymous().Context()
	in, err := g.access.Question(g.ctx, access.Anonymous(), check, &request)
	if err != nil {
		return nil, err
	}
	mine := access.Anonymous().Context()
	for _, key := range in.Request.Context.Keys() {
		if _, _, ok := mine.Lookup(key); ok {
			continue
		}
		if values, multi, _ := in.Request.Context.Lookup(key); multi {
			k.SetMulti(key, values)
		} else {
			k.Set(key, values[0])
		}
	}
	return in, nil
}

// stored returns the objects of a bucket, of which ACLs count, that are not the owner's alone.
func (g *gathering) stored(b *access.Bucket, q *reach.Question) ([]reach.StoredObject, error) {
	out, err := g.readStored(b, q)
	if g.world.For != "" {
		g.hide(out, b.Canonical)
	}
	return out, err
}

func (g *gathering) readStored(b *access.Bucket, q *reach.Question) ([]reach.StoredObject, error) {
	prefix := q.Prefix
	if q.Key != "" {
		prefix = q.Key
	}
	from, to := keys.Objects(b.ID, prefix)
	out, err := g.objectsIn(b, from, to, func(key []byte) (string, error) { return keys.ParseObject(key) })
	if err != nil || b.Record.Versioning == "" {
		return out, err
	}
	from, to = keys.Versions(b.ID)
	older, err := g.objectsIn(b, from, to, func(key []byte) (string, error) {
		name, _, err := keys.ParseVersion(key)
		return name, err
	})
	for i := range older {
		if strings.HasPrefix(older[i].Key, prefix) {
			out = append(out, older[i])
		}
	}
	return out, err
}

// objectsIn returns those in a range of keys, of which parse returns the objects' keys.
func (g *gathering) objectsIn(b *access.Bucket, from, to []byte, parse func([]byte) (string, error)) (out []reach.StoredObject, err error) {
	it := g.r.Scan(from, to)
	defer func() { err = errors.Join(err, it.Close()) }()
	for it.Next() {
		name, err := parse(it.Key())
		if err != nil {
			return nil, err
		}
		if g.records++; g.records > g.limits.Records || g.objects >= g.limits.Objects {
			g.cut("Objects with an owner or ACL of their own were looked for among %d only: in bucket %s, those from %q on were not.", g.records-1, b.Record.Name, name)
			return out, nil
		}
		record := new(records.Object)
		if err := records.Unmarshal(it.Value(), record); err != nil {
			return nil, fmt.Errorf("read object %s of bucket %s: %w", name, b.Record.Name, err)
		}
		o := b.Object(record)
		if record.DeleteMarker || o.Owner == b.Canonical && o.ACL.OnlyOwner(b.Canonical) {
			continue
		}
		g.objects++
		out = append(out, reach.StoredObject{Key: name, VersionID: versionOf(record, it.Key()), Object: *o})
	}
	return out, nil
}

// versionOf returns the version ID of an older version; empty for a current one.
func versionOf(record *records.Object, key []byte) string {
	_, version, err := keys.ParseVersion(key)
	switch {
	case err != nil:
		return ""
	case record.NullVersion:
		return "null"
	default:
		return version.String()
	}
}

// allBuckets adds the buckets of accounts.
func (g *gathering) allBuckets(q *reach.Question, of func(ids.AccountID) bool) error {
	var found []string
	it := g.r.Scan(keys.AllBuckets())
	for it.Next() {
		record := new(records.Bucket)
		if err := records.Unmarshal(it.Value(), record); err != nil {
			return errors.Join(fmt.Errorf("read bucket: %w", err), it.Close())
		}
		if id := ids.AccountID(record.Account); g.accounts[id] != nil && of(id) {
			found = append(found, record.Name)
		}
	}
	if err := it.Close(); err != nil {
		return err
	}
	for i, name := range found {
		if i == g.limits.Buckets {
			g.cut("There are more than %d buckets: those from %s on were not looked at.", i, name)
			return nil
		}
		b, err := g.bucket(name, q)
		if err = errors.Join(err, g.ctx.Err()); err != nil {
			return err
		}
		g.world.Buckets = append(g.world.Buckets, b)
	}
	return nil
}

// role returns a role as what can be assumed, and adds it to the world; nil if there is none.
func (g *gathering) role(name string) (*reach.AssumedRole, error) {
	if kept, ok := g.roles[name]; ok {
		return kept, nil
	}
	found, err := g.access.Role(g.ctx, name)
	if err != nil || found == nil {
		return nil, err
	}
	out := &reach.AssumedRole{ARN: name, Name: found.Name, Owner: found.Account, Trust: found.Trust}
	in, err := g.seen(&access.Check{Action: "sts:AssumeRole", Resource: name, Owner: found.Account, Policy: found.Trust}, &out.Keys)
	if err != nil {
		return nil, err
	}
	out.RCPs = in.RCPs
	for _, tag := range found.Tags {
		out.Keys.Set("aws:ResourceTag/"+tag.Key, tag.Value)
		out.Keys.Set("iam:ResourceTag/"+tag.Key, tag.Value)
	}
	g.roles[name] = out
	g.world.Roles = append(g.world.Roles, out)
	return out, nil
}

// allRoles adds the roles of accounts.
func (g *gathering) allRoles(of func(ids.AccountID) bool) error {
	for _, id := range g.order {
		if !of(id) {
			continue
		}
		found, err := list(g, id, keys.RoleKind, func(r *records.Role) arn.ARN { return arn.Role(id, r.Path, r.Name) })
		if err != nil {
			return err
		}
		for _, name := range found {
			if len(g.roles) >= g.limits.Principals {
				g.cut("There are more than %d roles: who may assume those from %s on was not looked at.", g.limits.Principals, name)
				return nil
			}
			if _, err := g.role(name.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

func notThere(who string) error {
	return apierr.New(http.StatusNotFound, "NoSuchEntity", "There is no principal %s.", who)
}

// entity adds a user or role.
func (g *gathering) entity(name arn.ARN) (*reach.Caller, error) {
	if kept := g.callers[name.String()]; kept != nil {
		return kept, nil
	}
	if g.accounts[ids.AccountID(name.Account)] == nil {
		return nil, notThere(name.String())
	}
	e, err := g.access.Entity(g.ctx, name)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, notThere(name.String())
	}
	if err != nil {
		return nil, err
	}
	c := &reach.Caller{
		Principal: reach.Principal{ID: name.String(), Kind: reach.User, Account: e.Principal.Account, Name: name.Name()},
		As:        e.Principal, Identity: e.Policies, Boundary: e.Boundary, SCPs: e.SCPs, Exempt: e.Exempt,
	}
	copyKeys(&c.Keys, &e.Keys)
	if e.Principal.Kind == policy.RoleSession {
		// No session has this name.
		c.Kind, c.As.ARN, c.As.Name = reach.Role, arn.AssumedRole(c.Account, name.Name(), "*").String(), "*"
	}
	g.put(c)
	return c, nil
}

// session adds a session of a role, or of a federated user, that a policy names; nothing for one of a role that there
// is not.
func (g *gathering) session(name string) error {
	a, err := arn.Parse(name)
	if err != nil || g.accounts[ids.AccountID(a.Account)] == nil || g.callers[name] != nil {
		return err
	}
	id := ids.AccountID(a.Account)
	if a.Type() == "federated-user" {
		return g.federated(id, name, a.Name())
	}
	as, err := g.access.As(g.ctx, name, time.Time{})
	switch {
	case err != nil && apierr.From(err).Status == http.StatusNotFound:
		return nil
	case err != nil:
		return err
	}
	role, err := arn.Parse(as.EntityARN)
	if err != nil {
		return err
	}
	found, err := g.entity(role)
	if err != nil {
		return err
	}
	c := *found
	c.Principal = reach.Principal{ID: name, Kind: reach.Session, Account: id, Name: a.Name()}
	c.As, c.Keys = as.Principal, policy.Context{}
	copyKeys(&c.Keys, &found.Keys)
	c.Keys.Set("aws:userid", as.UserID())
	g.put(&c)
	return nil
}

// federated adds a federated user, of whom only the name is known: what its user and its session may do is taken to be
// everything.
func (g *gathering) federated(id ids.AccountID, name, user string) error {
	root, err := g.root(id)
	if err != nil {
		return err
	}
	c := &reach.Caller{
		Principal: reach.Principal{ID: name, Kind: reach.FederatedUser, Account: id, Name: user},
		As: policy.Principal{
			Kind: policy.FederatedUser, Account: id, CanonicalID: root.As.CanonicalID, ARN: name, EntityARN: root.ID, Name: user,
		},
		Identity: reach.Whatever("account " + string(id)), Session: everything, SCPs: root.SCPs,
	}
	g.shared(c, root)
	c.Keys.Set("aws:PrincipalArn", name)
	c.Keys.Set("aws:PrincipalType", "FederatedUser")
	c.Keys.Set("aws:userid", c.As.UserID())
	g.put(c)
	return nil
}

// principal adds the principal that a question names.
func (g *gathering) principal(who string) (*reach.Caller, error) {
	if kept := g.callers[who]; kept != nil {
		return kept, nil
	}
	var err error
	name, parseErr := arn.Parse(who)
	account, idErr := ids.ParseAccountID(who)
	switch {
	case who == "*" || who == access.AnonymousName:
		who = access.AnonymousName
		err = g.as(who, reach.Anonymous)
	case who == string(reach.AnyAccount):
		err = g.stranger()
	case idErr == nil:
		err = g.any(account)
	case parseErr != nil:
		err = g.as(who, reach.Service)
	case name.Service == "sts":
		err = g.session(who)
	case name.Service == "iam" && name.Resource == "root":
		var c *reach.Caller
		if c, err = g.root(ids.AccountID(name.Account)); err == nil {
			g.put(c)
		}
	default:
		return g.entity(name)
	}
	if err == nil && g.callers[who] == nil {
		err = notThere(who)
	}
	return g.callers[who], err
}
