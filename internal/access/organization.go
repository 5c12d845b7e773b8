package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs/declarative"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// maxLevels bounds the way from an account to its root: units may be five deep.
const maxLevels = 16

// member is the place of an account in its organization, and what applies to it there. Its zero value
// is an account in no organization. It is not changed once it is made.
type member struct {
	organization ids.OrganizationID
	// management is the management account, and trusted the services of AWS that the organization trusts.
	management ids.AccountID
	trusted    []string
	// path is the value of aws:PrincipalOrgPaths and aws:ResourceOrgPaths.
	path string
	// scps and rcps have one layer per level, the root first and the account last; nil where none apply:
	// to the management account, and while the type is not enabled.
	scps, rcps []authz.Layer
	// block is the public access block that the organization sets for the account, instead of the account's
	// own; nil if it sets none.
	block *records.PublicAccessBlock
}

// outside is the place of an account that is in no organization.
var outside = new(member)

// member returns the place of an account, which need not exist.
func (a *Access) member(ctx context.Context, id ids.AccountID, part *load) (*member, error) {
	if id == "" {
		return outside, nil
	}
	return a.members.get(ctx, id, part, func(l *load) (*member, error) {
		m, err := a.readMember(ctx, id, l)
		if err != nil {
			return nil, fmt.Errorf("read organization of account %s: %w", id, err)
		}
		return m, nil
	})
}

// readMember reads the place of an account: its membership, its organization, the nodes above it, and the
// policies that are attached to them and to itself.
func (a *Access) readMember(ctx context.Context, id ids.AccountID, l *load) (*member, error) {
	var p place
	if err := l.view(ctx, func(r meta.Reader) error { return p.read(r, id) }); err != nil {
		return nil, err
	}
	if p.membership == nil {
		return outside, nil
	}
	m := &member{organization: p.organization(), management: ids.AccountID(p.record.ManagementAccount), path: p.path(), block: blockOf(p.s3)}
	for _, service := range p.record.Services {
		m.trusted = append(m.trusted, service.Principal)
	}
	if p.record.ManagementAccount == string(id) {
		return m, nil
	}
	var err error
	enabled := p.nodes[0].PolicyTypes
	if slices.Contains(enabled, managed.SCP) {
		m.scps, err = a.levels(ctx, &p, managed.SCP, l)
	}
	if err == nil && slices.Contains(enabled, managed.RCP) {
		m.rcps, err = a.levels(ctx, &p, managed.RCP, l)
	}
	return m, err
}

// place is the records that say where an account stands; membership is nil for one in no organization.
type place struct {
	membership *records.Membership
	record     *records.Organization
	nodes      []*records.OrganizationNode // the root first
	// s3 has the S3 policies of each level, the root first and the account last; nil while the type is not
	// enabled.
	s3 [][]declarative.S3
}

func (p *place) organization() ids.OrganizationID { return ids.OrganizationID(p.record.Id) }

func (p *place) path() string {
	path := p.record.Id + "/"
	for _, n := range p.nodes {
		path += n.Id + "/"
	}
	return path
}

// read reads the place of an account from one snapshot.
func (p *place) read(r meta.Reader, id ids.AccountID) error {
	*p = place{} // the snapshot may be read again
	membership := new(records.Membership)
	err := records.Get(r, keys.Membership(id), membership)
	if errors.Is(err, meta.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	org := ids.OrganizationID(membership.Organization)
	p.membership, p.record = membership, new(records.Organization)
	if err := records.Get(r, keys.Organization(org), p.record); err != nil {
		return fmt.Errorf("read organization %s: %w", org, inconsistent(err))
	}
	for id := membership.Parent; id != ""; {
		if len(p.nodes) == maxLevels {
			return fmt.Errorf("the tree of organization %s is too deep: %w", org, meta.ErrCorrupt)
		}
		n := new(records.OrganizationNode)
		if err := records.Get(r, keys.OrganizationNode(org, id), n); err != nil {
			return fmt.Errorf("read node %s of organization %s: %w", id, org, inconsistent(err))
		}
		p.nodes = append(p.nodes, n)
		id = n.Parent
	}
	if len(p.nodes) == 0 {
		return fmt.Errorf("an account of organization %s has no parent: %w", org, meta.ErrCorrupt)
	}
	slices.Reverse(p.nodes)
	return p.readS3(r)
}

// readS3 reads the S3 policies of a place. One that is attached and cannot be found or read blocks public
// access, and cannot be overridden.
func (p *place) readS3(r meta.Reader) error {
	if !slices.Contains(p.nodes[0].PolicyTypes, managed.S3) {
		return nil
	}
	for i := range len(p.nodes) + 1 {
		attached := p.membership.S3Policies
		if i < len(p.nodes) {
			attached = p.nodes[i].S3Policies
		}
		var level []declarative.S3
		for _, id := range attached {
			record := new(records.OrganizationPolicy)
			err := records.Get(r, keys.OrganizationPolicy(p.organization(), id), record)
			if err != nil && !errors.Is(err, meta.ErrNotFound) && !errors.Is(err, meta.ErrCorrupt) {
				return fmt.Errorf("read policy %s of organization %s: %w", id, p.organization(), err)
			}
			s3, fault := declarative.ParseS3(record.Content)
			if err != nil || fault != nil || record.Type != managed.S3 {
				s3 = declarative.S3{Assign: declarative.All, Closed: true}
			}
			level = append(level, s3)
		}
		p.s3 = append(p.s3, level)
	}
	return nil
}

// blockOf returns the public access block that S3 policies set; nil if they set none.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3.html
func blockOf(levels [][]declarative.S3) *records.PublicAccessBlock {
	setting := declarative.Effective(levels)
	if setting == declarative.Unset {
		return nil
	}
	on := setting == declarative.All
	return &records.PublicAccessBlock{BlockPublicAcls: on, IgnorePublicAcls: on, BlockPublicPolicy: on, RestrictPublicBuckets: on}
}

// AccountBlock returns the public access block that is in effect for all buckets of an account; nil for none.
// set tells that its organization sets it, so that the account cannot change it: what the account has set
// itself is in effect again when the organization ceases to.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3.html
func (a *Access) AccountBlock(ctx context.Context, id ids.AccountID) (block *records.PublicAccessBlock, set bool, err error) {
	m, err := a.member(ctx, id, nil)
	if err != nil {
		return nil, false, err
	}
	if m.block != nil {
		return m.block, true, nil
	}
	account, err := a.account(ctx, id, nil)
	return account.GetPublicAccessBlock(), false, err
}

// Organization returns the organization that an account is in, its management account, and whether it trusts a service
// of AWS. The first two are empty for an account in none.
func (a *Access) Organization(
	ctx context.Context, id ids.AccountID, principal string,
) (org ids.OrganizationID, management ids.AccountID, trusts bool, err error) {
	m, err := a.member(ctx, id, nil)
	if err != nil {
		return "", "", false, err
	}
	return m.organization, m.management, slices.Contains(m.trusted, principal), nil
}

// inconsistent makes of a record that is missing, though another one names it, a store that is corrupt.
func inconsistent(err error) error {
	if errors.Is(err, meta.ErrNotFound) {
		return fmt.Errorf("%w: %w", err, meta.ErrCorrupt)
	}
	return err
}

// attachable is a record that organization policies are attached to.
type attachable interface {
	GetScps() []string
	GetRcps() []string
}

// levels returns the policies of a type, level by level.
func (a *Access) levels(ctx context.Context, p *place, policyType string, l *load) ([]authz.Layer, error) {
	var out []authz.Layer
	for i := range len(p.nodes) + 1 {
		var at attachable = p.membership
		if i < len(p.nodes) {
			at = p.nodes[i]
		}
		attached := at.GetScps()
		if policyType == managed.RCP {
			attached = at.GetRcps()
		}
		layer := authz.Layer{}
		for _, id := range attached {
			source, err := a.orgPolicy(ctx, orgPolicy{p.organization(), policyType, id}, ids.AccountID(p.record.ManagementAccount), l)
			if err != nil {
				return nil, err
			}
			layer = append(layer, source)
		}
		out = append(out, layer)
	}
	return out, nil
}

// orgPolicy names a policy of an organization that is attached as one of a type.
type orgPolicy struct {
	organization   ids.OrganizationID
	policyType, id string
}

// orgPolicy returns a policy, compiled. One that is attached and cannot be found or read is a fault, which
// denies.
func (a *Access) orgPolicy(ctx context.Context, p orgPolicy, management ids.AccountID, part *load) (authz.Source, error) {
	if m, ok := managed.Lookup(p.id); ok {
		return authz.Source{Name: m.ARN(), Document: m.Document}, nil
	}
	return a.orgPolicies.get(ctx, p, part, func(l *load) (authz.Source, error) {
		name := arn.OrganizationPolicy(management, p.organization, p.policyType, p.id).String()
		record := new(records.OrganizationPolicy)
		err := l.view(ctx, func(r meta.Reader) error {
			return records.Get(r, keys.OrganizationPolicy(p.organization, p.id), record)
		})
		if errors.Is(err, meta.ErrNotFound) || errors.Is(err, meta.ErrCorrupt) {
			return fault(name, err), nil
		}
		if err != nil {
			return authz.Source{}, fmt.Errorf("read policy %s of organization %s: %w", p.id, p.organization, err)
		}
		kind, ok := managed.DocumentType(record.Type)
		if !ok || record.Type != p.policyType {
			return fault(name, fmt.Errorf("policy %s is of type %q", p.id, record.Type)), nil
		}
		return compile(kind, name, record.Content), nil
	})
}

// organize adds to in what the organizations of the caller and of the resource's owner contribute: their
// policies and condition keys. It tells check whether both are in the same one.
//
// Service control policies bind the principals of member accounts and nobody else; resource control
// policies bind everybody, on resources of member accounts. Neither applies to service-linked roles.
//
// Sources:
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (a *Access) organize(ctx context.Context, in *authz.Input, k *policy.Context, caller *Caller, check *Check) error {
	on, err := a.member(ctx, in.Owner, nil)
	if err != nil {
		return err
	}
	from := caller.member
	check.inOrganization = from.organization != "" && from.organization == on.organization
	told := on
	if check.ToldOwner != "" {
		if told, err = a.member(ctx, check.ToldOwner, nil); err != nil {
			return err
		}
	}
	told.keys(k, "aws:Resource")
	if exempt(&caller.Principal) {
		return nil
	}
	in.SCPs = from.scps
	if coveredByRCPs(check) {
		in.RCPs = on.rcps
	}
	return nil
}

// keys sets the condition keys that tell the organization; they are absent outside any.
func (m *member) keys(k *policy.Context, prefix string) {
	if m.organization == "" {
		return
	}
	k.Set(prefix+"OrgID", string(m.organization))
	k.SetMulti(prefix+"OrgPaths", []string{m.path})
}

// exempt reports whether a principal is one that no policy of an organization binds: a service-linked role.
func exempt(p *policy.Principal) bool {
	return p.Kind == policy.RoleSession && serviceLinked(p.EntityARN)
}

// serviceLinked reports whether an ARN is that of a service-linked role. Only CreateServiceLinkedRole makes roles
// with such a path, and its roles trust nobody but their services.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
func serviceLinked(roleARN string) bool {
	a, err := arn.Parse(roleARN)
	return err == nil && a.Service == "iam" && strings.HasPrefix(a.Resource, "role/aws-service-role/")
}

// coveredByRCPs reports whether resource control policies bear on a check: on actions of the services
// they cover, if the action has a resource type, and not on who may assume a service-linked role.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
func coveredByRCPs(check *Check) bool {
	if isS3(check.Action) {
		action, ok := policy.S3Action(check.Action)
		return !ok || action.Resource != policy.OnNothing
	}
	return strings.HasPrefix(check.Action, "sts:") && check.Resource != "*" && !serviceLinked(check.Resource)
}
