package fsck

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// iamRows are those of IAM.
var iamRows = map[string]row{
	`'I' account 'u' user`: record(func(e *entry, u *records.User) {
		e.entity(keys.UserKind, u)
		e.holds(keys.UserKind, u.Name, u.Attached, u.Boundary)
		for _, group := range u.Groups {
			e.exists(keys.Entity(e.account(), keys.GroupKind, group), "group "+group)
			e.needs(keys.Member(e.account(), group, u.Name), []byte(u.Name), "group "+group+" to members", true)
		}
		for _, id := range u.AccessKeys {
			e.exists(keys.AccessKey(ids.AccessKeyID(id)), "access key "+id)
		}
	}),
	`'I' account 'g' group`: record(func(e *entry, g *records.Group) {
		e.entity(keys.GroupKind, g)
		e.holds(keys.GroupKind, g.Name, g.Attached, "")
	}),
	`'I' account 'r' role`: record(func(e *entry, r *records.Role) {
		e.entity(keys.RoleKind, r)
		e.holds(keys.RoleKind, r.Name, r.Attached, r.Boundary)
		for _, name := range r.InstanceProfiles {
			p := new(records.InstanceProfile)
			if is := e.read(keys.Entity(e.account(), keys.InstanceProfileKind, name), p); is == missing || is == present && !strings.EqualFold(p.Role, r.Name) {
				e.wrong(Reference, "it names instance profile %s, which is not there or has another role", name)
			}
		}
	}),
	`'I' account 'p' policy`: record(checkManagedPolicy),
	`'I' account 'i' profile`: record(func(e *entry, p *records.InstanceProfile) {
		e.entity(keys.InstanceProfileKind, p)
		r := new(records.Role)
		if p.Role == "" {
			return
		}
		if is := e.read(keys.Entity(e.account(), keys.RoleKind, p.Role), r); is == missing || is == present && !containsFold(r.InstanceProfiles, p.Name) {
			e.wrong(Reference, "it names role %s, which is not there or does not name it", p.Role)
		}
	}),
	`'I' account 'n' unique-id`: plain(func(e *entry) {
		var p presence
		var ok bool
		if len(e.value) > 1 {
			if m := entityOf(keys.Kind(e.value[0])); m != nil {
				p = e.read(keys.Entity(e.account(), keys.Kind(e.value[0]), string(e.value[1:])), m)
				ok = m.GetId() == e.parts[1]
			}
		}
		e.led(p, ok, "the entity "+string(e.value))
	}),
	`'N' unique-id`: plain(func(e *entry) {
		account := ids.AccountID(e.value)
		value := e.get(keys.UniqueID(account, ids.UniqueID(e.parts[0])))
		p := missing
		if value != nil {
			p = present
		}
		e.led(p, len(value) > 0 && (keys.Kind(value[0]) == keys.UserKind || keys.Kind(value[0]) == keys.RoleKind), "account "+string(account))
	}),
	`'I' account 'm' group\0 user`: plain(func(e *entry) {
		u := new(records.User)
		p := e.read(keys.Entity(e.account(), keys.UserKind, e.parts[2]), u)
		e.led(p, containsFold(u.Groups, e.parts[1]), "user "+e.parts[2])
	}),
	`'I' account 'a' policy\0 kind entity`: plain(func(e *entry) {
		h := holderOf(keys.Kind(e.parts[2][0]))
		if h == nil {
			e.led(missing, false, "an entity of no kind")
			return
		}
		p := e.read(keys.Entity(e.account(), keys.Kind(e.parts[2][0]), e.parts[3]), h)
		e.led(p, slices.Contains(h.GetAttached(), e.parts[1]), "the entity "+e.parts[3])
	}),
	`'I' account 'b' policy\0 kind entity`: plain(func(e *entry) {
		b, ok := holderOf(keys.Kind(e.parts[2][0])).(bounded)
		if !ok {
			e.led(missing, false, "an entity of no kind")
			return
		}
		p := e.read(keys.Entity(e.account(), keys.Kind(e.parts[2][0]), e.parts[3]), b)
		e.led(p, b.GetBoundary() == e.parts[1], "the entity "+e.parts[3])
	}),
	`'I' account 'c' kind`: record(checkCount),
	`'I' account 't' policy`: record(func(e *entry, u *records.PolicyUses) {
		attachments, boundaries := e.uses(e.parts[1])
		if u.Attachments != attachments || u.BoundaryUses != boundaries {
			e.wrong(Count, "it counts %d attachments and %d boundaries, and there are %d and %d", u.Attachments, u.BoundaryUses, attachments, boundaries)
			w := put(e.key, &records.PolicyUses{Attachments: attachments, BoundaryUses: boundaries})
			if attachments == 0 && boundaries == 0 {
				w.value = nil
			}
			e.repair("correct the count", w)
		}
	}),
	`'I' account 'd' device`: record(func(e *entry, d *records.MFADevice) {
		e.same("name", d.Path+d.Name, e.parts[1])
		e.opens(d.SealedSeed, arn.MFADevice(e.account(), d.Path, d.Name).String(), "its seed")
		if d.Enabled != 0 {
			e.needs(keys.EnabledMFADevice(e.account(), d.Owner, d.Path+d.Name), []byte{}, "its owner", true)
		}
	}),
	`'I' account 'e' owner\0 device`: plain(func(e *entry) {
		d := new(records.MFADevice)
		p := e.read(keys.MFADevice(e.account(), e.parts[2]), d)
		e.led(p, d.Enabled != 0 && d.Owner == e.parts[1], "MFA device "+e.parts[2])
	}),
	`'I' account 'k' task`: record(func(*entry, *records.RoleDeletion) {}),
	`'I' account 'o' issuer`: record(func(e *entry, p *records.OIDCProvider) {
		e.same("URL", strings.TrimPrefix(p.Url, "https://"), e.parts[1])
	}),
	`'I' account 's' name`: record(func(e *entry, p *records.SAMLProvider) {
		e.same("name", p.Name, e.parts[1])
		for _, k := range p.PrivateKeys {
			e.opens(k.Sealed, k.Id, "private key "+k.Id)
		}
	}),
}

// entityMessage is what the records of all IAM entities have.
type entityMessage interface {
	proto.Message
	GetName() string
	GetId() string
}

// holder is an entity that policies are attached to.
type holder interface {
	entityMessage
	GetAttached() []string
}

// bounded is an entity that has a permissions boundary.
type bounded interface {
	holder
	GetBoundary() string
}

// entityOf returns an empty record of a kind of entity; nil if there is no such kind.
func entityOf(k keys.Kind) entityMessage {
	switch k {
	case keys.PolicyKind:
		return new(records.ManagedPolicy)
	case keys.InstanceProfileKind:
		return new(records.InstanceProfile)
	}
	if h := holderOf(k); h != nil {
		return h
	}
	return nil
}

func holderOf(k keys.Kind) holder {
	switch k {
	case keys.UserKind:
		return new(records.User)
	case keys.GroupKind:
		return new(records.Group)
	case keys.RoleKind:
		return new(records.Role)
	}
	return nil
}

// entity verifies what all entities have: a name and a unique ID.
func (e *entry) entity(k keys.Kind, m entityMessage) {
	e.same("name", strings.ToLower(m.GetName()), e.parts[1])
	id := ids.UniqueID(m.GetId())
	e.needs(keys.UniqueID(e.account(), id), append([]byte{byte(k)}, strings.ToLower(m.GetName())...), "unique ID", false)
	if k == keys.UserKind || k == keys.RoleKind {
		e.needs(keys.EntityAccount(id), []byte(e.account()), "unique ID to accounts", false)
	}
}

// holds verifies the policies of an entity.
func (e *entry) holds(k keys.Kind, name string, attached []string, boundary string) {
	for _, policy := range attached {
		e.ownPolicy(policy)
		e.needs(keys.Attachment(e.account(), policy, k, name), []byte(name), "policy "+policy+" to entities", true)
	}
	if boundary != "" {
		e.ownPolicy(boundary)
		e.needs(keys.BoundaryUse(e.account(), boundary, k, name), []byte(name), "boundary "+boundary+" to entities", true)
	}
}

// ownPolicy verifies that a policy is there, if it is one of an account and not of AWS.
func (e *entry) ownPolicy(policy string) {
	a, err := arn.Parse(policy)
	if err != nil {
		e.wrong(Record, "it names %q, which is no ARN", policy)
		return
	}
	if a.Account == "aws" {
		return
	}
	e.exists(keys.Entity(ids.AccountID(a.Account), keys.PolicyKind, a.Name()), "policy "+policy)
}

// uses counts how often a policy is attached in the account of the entry, and how often it is a boundary.
func (e *entry) uses(policy string) (attachments, boundaries int32) {
	return int32(e.count(keys.Attachments(e.account(), policy))), int32(e.count(keys.BoundaryUses(e.account(), policy)))
}

// checkManagedPolicy verifies a policy, with the numbers of its uses.
func checkManagedPolicy(e *entry, p *records.ManagedPolicy) {
	e.entity(keys.PolicyKind, p)
	if !slices.ContainsFunc(p.Versions, func(v *records.PolicyVersion) bool { return v.Id == p.DefaultVersion }) {
		e.wrong(Record, "its default version, %s, is not there", p.DefaultVersion)
	}
	attachments, boundaries := e.uses(arn.Policy(e.account(), p.Path, p.Name).String())
	if p.Attachments != attachments || p.BoundaryUses != boundaries {
		e.wrong(Count, "it counts %d attachments and %d boundaries, and there are %d and %d", p.Attachments, p.BoundaryUses, attachments, boundaries)
		right := proto.CloneOf(p)
		right.Attachments, right.BoundaryUses = attachments, boundaries
		e.repair("correct the count", put(e.key, right))
	}
}

// checkCount verifies the number of what an account has of a kind.
func checkCount(e *entry, c *records.EntityCount) {
	k := keys.Kind(e.parts[1][0])
	n := int64(0)
	switch {
	case k == keys.PolicyVersionKind:
		n = e.policyVersions()
	case k == keys.EnabledMFADeviceKind || counts(k):
		n = e.count(keys.Counted(e.account(), k))
	default:
		e.wrong(Record, "nothing of this kind is counted")
		return
	}
	if e.err != nil || n == c.Entities {
		return
	}
	e.wrong(Count, "it counts %d, and there are %d", c.Entities, n)
	if w := put(e.key, &records.EntityCount{Entities: n}); n > 0 {
		e.repair("correct the count", w)
	} else {
		e.repair("correct the count", write{e.key, nil}) // none is kept of what there is none of
	}
}

// counts reports whether the keys of a kind are counted for a quota.
func counts(k keys.Kind) bool {
	return slices.ContainsFunc(quotas.All(), func(q quotas.Quota) bool { return q.Kind == k })
}

// policyVersions counts the versions of all managed policies of an account.
func (e *entry) policyVersions() (n int64) {
	it := e.r.Scan(keys.Entities(e.account(), keys.PolicyKind))
	for it.Next() {
		p := new(records.ManagedPolicy)
		if records.Unmarshal(it.Value(), p) == nil {
			n += int64(len(p.Versions))
		}
	}
	if err := it.Close(); err != nil && e.err == nil {
		e.err = err
	}
	return n
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(other string) bool { return strings.EqualFold(other, s) })
}
