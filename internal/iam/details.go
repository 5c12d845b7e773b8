package iam

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// InlinePolicy is a policy that is written into an entity.
type InlinePolicy struct{ Name, Document string }

// Details is one page of everything in an account: all of its lists are in one order, users, groups, roles,
// policies of its own and policies of AWS, each by name.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
type Details struct {
	Users    []UserDetail
	Groups   []GroupDetail
	Roles    []RoleDetail
	Policies []PolicyDetail
	// Marker asks for the next page; it is empty on the last one.
	Marker string
}

// UserDetail is a user with its policies and the names of its groups.
type UserDetail struct {
	User
	Inline   []InlinePolicy
	Groups   []string
	Attached []AttachedPolicy
}

// GroupDetail is a group with its policies.
type GroupDetail struct {
	Group
	Inline   []InlinePolicy
	Attached []AttachedPolicy
}

// RoleDetail is a role with its policies, and the instance profiles that it is in.
type RoleDetail struct {
	Role
	Profiles []InstanceProfile
	Inline   []InlinePolicy
	Attached []AttachedPolicy
}

// PolicyDetail is a managed policy with its versions, the newest first.
type PolicyDetail struct {
	Policy
	Versions []PolicyVersion
}

// DetailKind names a part of Details in a filter.
type DetailKind string

// The parts, in the order of Details.
const (
	UserDetails        DetailKind = "User"
	GroupDetails       DetailKind = "Group"
	RoleDetails        DetailKind = "Role"
	LocalPolicyDetails DetailKind = "LocalManagedPolicy"
	AWSPolicyDetails   DetailKind = "AWSManagedPolicy"
)

var detailKinds = []DetailKind{UserDetails, GroupDetails, RoleDetails, LocalPolicyDetails, AWSPolicyDetails}

// maxDetails is how many bytes of documents a page has at most, unless one entity has more: AWS, too, may
// return fewer entities than are asked for.
const maxDetails = 4 << 20

// detailPage collects a page. Places are a digit for the kind, by the order of detailKinds, and a name in
// lower case.
type detailPage struct {
	Details
	size, bytes int
	last        string // place of the last entity
}

// Details returns a page of everything in an account; filter narrows it to some kinds, and none means all. Of
// the policies of AWS those are in it that the account uses.
func (s *Service) Details(ctx context.Context, account ids.AccountID, filter []DetailKind, p Page) (Details, error) {
	after, err := p.after()
	if err != nil {
		return Details{}, err
	}
	var page *detailPage
	err = s.read(ctx, account, func(v view) error {
		page = &detailPage{size: p.size()}
		for i, kind := range detailKinds {
			place := fmt.Sprint(i)
			if len(filter) > 0 && !slices.Contains(filter, kind) || after != "" && place < after[:1] {
				continue
			}
			name := ""
			if strings.HasPrefix(after, place) {
				name = after[1:]
			}
			if err := page.add(v, kind, place, name); err != nil || page.Marker != "" {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Details{}, err
	}
	return page.Details, nil
}

// room reports whether there is room for one more entity. If there is none the page has its marker.
func (p *detailPage) room() bool {
	if n := len(p.Users) + len(p.Groups) + len(p.Roles) + len(p.Policies); n < p.size && (n == 0 || p.bytes < maxDetails) {
		return true
	}
	p.Marker = marker(p.last)
	return false
}

// add adds the entities of a kind whose names sort behind after, as long as there is room.
func (p *detailPage) add(v view, kind DetailKind, place, after string) error {
	switch kind {
	case UserDetails:
		return p.each(v, keys.UserKind, place, after, func(h entity) error { p.addUser(v, h.(*records.User)); return nil })
	case GroupDetails:
		return p.each(v, keys.GroupKind, place, after, func(h entity) error { p.addGroup(v, h.(*records.Group)); return nil })
	case RoleDetails:
		return p.each(v, keys.RoleKind, place, after, func(h entity) error { return p.addRole(v, h.(*records.Role)) })
	case LocalPolicyDetails:
		return p.each(v, keys.PolicyKind, place, after, func(h entity) error { p.addPolicy(v, h.(*records.ManagedPolicy)); return nil })
	default:
		return p.addManaged(v, place, after)
	}
}

// each calls add with the records of a kind.
func (p *detailPage) each(v view, k keys.Kind, place, after string, add func(entity) error) error {
	from, to := keys.Entities(v.account, k)
	if after != "" {
		from = append(keys.Entity(v.account, k, after), 0)
	}
	it := v.Scan(from, to)
	var err error
	for err == nil && it.Next() && p.room() {
		var e entity = new(records.ManagedPolicy)
		if k != keys.PolicyKind {
			e = newHolder(k)
		}
		if err = records.Unmarshal(it.Value(), e); err == nil {
			p.last = place + strings.ToLower(e.GetName())
			err = add(e)
		}
	}
	return errors.Join(err, it.Close())
}

func (p *detailPage) addUser(v view, r *records.User) {
	p.Users = append(p.Users, UserDetail{v.makeUser(r), p.inline(r), r.Groups, attachedOf(r)})
}

func (p *detailPage) addGroup(v view, r *records.Group) {
	p.Groups = append(p.Groups, GroupDetail{v.makeGroup(r), p.inline(r), attachedOf(r)})
}

func (p *detailPage) addRole(v view, r *records.Role) error {
	role, err := v.makeRole(r)
	if err != nil {
		return err
	}
	profiles, err := v.instanceProfiles(r.InstanceProfiles)
	if err != nil {
		return err
	}
	p.bytes += len(role.Trust)
	p.Roles = append(p.Roles, RoleDetail{Role: role, Inline: p.inline(r), Attached: attachedOf(r), Profiles: profiles})
	return nil
}

func (p *detailPage) addPolicy(v view, r *records.ManagedPolicy) {
	detail := PolicyDetail{Policy: v.makePolicy(r)}
	for _, version := range slices.Backward(r.Versions) {
		p.bytes += len(version.Document)
		detail.Versions = append(detail.Versions, makeVersion(r, version))
	}
	p.Policies = append(p.Policies, detail)
}

// addManaged adds the policies of AWS that the account uses.
func (p *detailPage) addManaged(v view, place, after string) error {
	// The catalogue is in the order of its names as they are written.
	all := slices.SortedFunc(slices.Values(managed.All()), func(a, b *managed.Policy) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	for _, m := range all {
		if strings.ToLower(m.Name) <= after {
			continue
		}
		item, err := v.makeManaged(m)
		if err != nil {
			return err
		}
		if item.Attachments == 0 && item.BoundaryUses == 0 {
			continue
		}
		if !p.room() {
			return nil
		}
		p.last = place + strings.ToLower(m.Name)
		text := m.Text()
		p.bytes += len(text)
		p.Policies = append(p.Policies, PolicyDetail{item, []PolicyVersion{{ID: m.Version, Document: text, Default: true, Created: m.Updated}}})
	}
	return nil
}

// inline returns the policies that are written into h, by name.
func (p *detailPage) inline(h holder) []InlinePolicy {
	var all []InlinePolicy
	documents := h.GetInline()
	for _, name := range slices.Sorted(maps.Keys(documents)) {
		p.bytes += len(documents[name])
		all = append(all, InlinePolicy{name, documents[name]})
	}
	return all
}

// attachedOf returns the policies that are attached to h, in the order of attachment.
func attachedOf(h holder) []AttachedPolicy {
	var all []AttachedPolicy
	for _, policyARN := range h.GetAttached() {
		a, _ := arn.Parse(policyARN) // it was parsed before it was attached
		all = append(all, AttachedPolicy{Name: a.Name(), ARN: policyARN})
	}
	return all
}
