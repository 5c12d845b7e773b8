package matrix_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/test/servertest"
)

const fullAccess = "p-FullAWSAccess"

// organization is an organization with the policies that the matrix attaches to its accounts.
type organization struct {
	account    *member               // the management account
	management *organizations.Client // of its root user
	root       string
	scps       map[limit]string // policy IDs
	rcp        string
}

// newOrganization makes an account and its organization.
func newOrganization(ctx context.Context, server *servertest.Server) (*organization, error) {
	m, err := newAccount(ctx, server, manager.String())
	if err != nil {
		return nil, err
	}
	o := &organization{account: m, management: m.root.organizations, scps: map[limit]string{}}
	if _, err := o.management.CreateOrganization(ctx, &organizations.CreateOrganizationInput{FeatureSet: types.OrganizationFeatureSetAll}); err != nil {
		return nil, err
	}
	roots, err := o.management.ListRoots(ctx, &organizations.ListRootsInput{})
	if err != nil {
		return nil, err
	}
	o.root = *roots.Roots[0].Id
	const scp, rcp = types.PolicyTypeServiceControlPolicy, types.PolicyTypeResourceControlPolicy
	everyonesDeny := denyActions
	everyonesDeny.Principal = "*"
	everyonesDeny.Action = []string{"s3:*", "sts:AssumeRole"}
	return o, all(
		func() error { return o.enable(ctx, scp) },
		func() error { return o.enable(ctx, rcp) },
		func() (err error) { o.scps[denyPolicy], err = o.create(ctx, "scp-deny", scp, denyActions); return err },
		func() (err error) {
			o.scps[silentPolicy], err = o.create(ctx, "scp-silent", scp, allowOthers)
			return err
		},
		func() (err error) { o.rcp, err = o.create(ctx, "rcp-deny", rcp, everyonesDeny); return err },
	)
}

// enable enables a type of policies, unless the new organization has it already.
func (o *organization) enable(ctx context.Context, kind types.PolicyType) error {
	_, err := o.management.EnablePolicyType(ctx, &organizations.EnablePolicyTypeInput{RootId: &o.root, PolicyType: kind})
	var already *types.PolicyTypeAlreadyEnabledException
	if errors.As(err, &already) {
		return nil
	}
	return err
}

// create makes a policy and returns its ID.
func (o *organization) create(ctx context.Context, name string, kind types.PolicyType, statements ...statement) (string, error) {
	made, err := o.management.CreatePolicy(ctx, &organizations.CreatePolicyInput{
		Name: &name, Description: ptr(""), Type: kind, Content: document(statements...),
	})
	if err != nil {
		return "", fmt.Errorf("create policy %s: %w", name, err)
	}
	return *made.Policy.PolicySummary.Id, nil
}

// join invites an account, which accepts.
func (o *organization) join(ctx context.Context, m *member) error {
	invited, err := o.management.InviteAccountToOrganization(ctx, &organizations.InviteAccountToOrganizationInput{
		Target: &types.HandshakeParty{Id: &m.id, Type: types.HandshakePartyTypeAccount},
	})
	if err != nil {
		return err
	}
	_, err = m.root.organizations.AcceptHandshake(ctx, &organizations.AcceptHandshakeInput{HandshakeId: invited.Handshake.Id})
	return err
}

func (o *organization) attach(ctx context.Context, m *member, policy string) error {
	return o.attachTo(ctx, m.id, policy)
}

// attachTo attaches a policy to an account, unit or root.
func (o *organization) attachTo(ctx context.Context, target, policy string) error {
	_, err := o.management.AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: &policy, TargetId: &target})
	return err
}

func (o *organization) detach(ctx context.Context, m *member, policy string) error {
	return o.detachFrom(ctx, m.id, policy)
}

// detachFrom is the way back from attachTo.
func (o *organization) detachFrom(ctx context.Context, target, policy string) error {
	_, err := o.management.DetachPolicy(ctx, &organizations.DetachPolicyInput{PolicyId: &policy, TargetId: &target})
	return err
}

// control attaches a service control policy to an account. One that is silent replaces FullAWSAccess.
func (o *organization) control(ctx context.Context, m *member, l limit) error {
	if err := o.attach(ctx, m, o.scps[l]); err != nil || l == denyPolicy {
		return err
	}
	return o.detach(ctx, m, fullAccess)
}

// uncontrol is the way back from control.
func (o *organization) uncontrol(ctx context.Context, m *member, l limit) error {
	if l == silentPolicy {
		if err := o.attach(ctx, m, fullAccess); err != nil {
			return err
		}
	}
	return o.detach(ctx, m, o.scps[l])
}

// guard attaches the resource control policy to an account.
func (o *organization) guard(ctx context.Context, m *member) error { return o.attach(ctx, m, o.rcp) }

// unguard is the way back from guard.
func (o *organization) unguard(ctx context.Context, m *member) error { return o.detach(ctx, m, o.rcp) }
