package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/orgs/managed"
)

// Organization is an organization with all features: its accounts, which are named by their IDs, in units, and the
// policies that are attached to them. Service control policies are enabled.
type Organization struct {
	Management  string      `yaml:"management"`
	PolicyTypes []string    `yaml:"policy-types"`
	Accounts    []string    `yaml:"accounts"` // right below the root
	Units       []Unit      `yaml:"units"`
	Policies    []OrgPolicy `yaml:"policies"`
	// WithoutFullAccess are the targets that have not AWS's service control policy FullAWSAccess, which everything else
	// has.
	WithoutFullAccess []string `yaml:"without-full-access"`
}

// Unit is an organizational unit.
type Unit struct {
	Name     string   `yaml:"name"`
	Accounts []string `yaml:"accounts"`
	Units    []Unit   `yaml:"units"`
}

// OrgPolicy is a policy of an organization. A target is "root", an account ID, or the names of units from below the
// root to the one that is meant, with slashes between.
type OrgPolicy struct {
	Name        string   `yaml:"name"`
	Type        string   `yaml:"type"` // as Organizations names it; empty: SERVICE_CONTROL_POLICY
	Description string   `yaml:"description"`
	Targets     []string `yaml:"targets"`
	Content     `yaml:",inline"`
}

// rootTarget is how the root of an organization is named.
const rootTarget = "root"

// organization makes what is missing of an organization. Everything is done by its management account, but for what
// accounts do themselves.
func (r *run) organization(ctx context.Context, o *Organization) error {
	b := &organizing{run: r, file: o, management: ids.AccountID(o.Management), places: map[string]string{}}
	for _, step := range []func(context.Context) error{b.found, b.enable, b.root, b.policies} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// organizing makes one organization.
type organizing struct {
	*run
	file       *Organization
	management ids.AccountID
	id         ids.OrganizationID
	top        orgs.Root
	places     map[string]string // IDs of the root and of units, by the names of targets
}

// found makes the organization.
func (b *organizing) found(ctx context.Context) error {
	made, err := b.Organizations.Organization(ctx, b.management)
	if apierr.Is(err, "AWSOrganizationsNotInUseException") {
		if made, err = b.Organizations.CreateOrganization(ctx, b.management, orgs.AllFeatures); err == nil {
			b.say("made organization %s of account %s", made.ID, b.management)
		}
	}
	if err == nil && made.Management != b.management {
		err = fmt.Errorf("it is in the organization of account %s", made.Management)
	}
	b.id = made.ID
	return err
}

// enable enables types of policies.
func (b *organizing) enable(ctx context.Context) error {
	roots, err := b.Organizations.Roots(ctx, b.management, orgs.Page{})
	if err != nil {
		return err
	}
	b.top = roots.Items[0]
	b.places[rootTarget] = b.top.ID
	for _, policyType := range b.file.PolicyTypes {
		if slices.Contains(b.top.PolicyTypes, policyType) {
			continue
		}
		if _, err := b.Organizations.EnablePolicyType(ctx, b.management, b.top.ID, policyType); err != nil {
			return fmt.Errorf("policy type %s: %w", policyType, err)
		}
	}
	return nil
}

// root fills the root.
func (b *organizing) root(ctx context.Context) error {
	return b.fill(ctx, b.top.ID, "", b.file.Accounts, b.file.Units)
}

// fill puts accounts and units below a root or unit. prefix begins the names of targets in it.
func (b *organizing) fill(ctx context.Context, parent, prefix string, accounts []string, units []Unit) error {
	for _, id := range accounts {
		if err := b.admit(ctx, ids.AccountID(id), parent); err != nil {
			return fmt.Errorf("account %s: %w", id, err)
		}
	}
	there, err := every(func(p orgs.Page) (orgs.List[orgs.Unit], error) {
		return b.Organizations.Units(ctx, b.management, parent, p)
	})
	if err != nil {
		return err
	}
	for _, u := range units {
		name := prefix + u.Name
		i := slices.IndexFunc(there, func(unit orgs.Unit) bool { return unit.Name == u.Name })
		if i >= 0 {
			b.places[name] = there[i].ID
		} else {
			made, err := b.Organizations.CreateUnit(ctx, b.management, parent, u.Name, nil)
			if err != nil {
				return fmt.Errorf("unit %s: %w", name, err)
			}
			b.say("made organizational unit %s", name)
			b.places[name] = made.ID
		}
		if err := b.fill(ctx, b.places[name], name+"/", u.Accounts, u.Units); err != nil {
			return fmt.Errorf("unit %s: %w", name, err)
		}
	}
	return nil
}

// admit lets an account join, and moves it from the root to where it belongs.
func (b *organizing) admit(ctx context.Context, account ids.AccountID, parent string) error {
	if account != b.management {
		if err := b.join(ctx, account); err != nil {
			return err
		}
	}
	above, err := b.Organizations.Parents(ctx, b.management, string(account), orgs.Page{})
	if err != nil || above.Items[0].ID != b.top.ID || parent == b.top.ID {
		return err
	}
	return b.Organizations.MoveAccount(ctx, b.management, account, b.top.ID, parent)
}

// join has an account invited, and accept.
func (b *organizing) join(ctx context.Context, account ids.AccountID) error {
	in, err := b.Organizations.Organization(ctx, account)
	switch {
	case err == nil && in.ID != b.id:
		return fmt.Errorf("it is in the organization of account %s", in.Management)
	case err == nil || !apierr.Is(err, "AWSOrganizationsNotInUseException"):
		return err
	}
	h, err := b.Organizations.Invite(ctx, b.management, orgs.Invitation{Target: string(account), TargetType: orgs.AccountParty})
	if apierr.Is(err, "DuplicateHandshakeException") {
		h, err = b.invitation(ctx, account)
	}
	if err == nil {
		_, err = b.Organizations.Accept(ctx, account, h.ID)
	}
	if err == nil {
		b.say("account %s joined organization %s", account, b.id)
	}
	return err
}

// invitation returns the open invitation of an account.
func (b *organizing) invitation(ctx context.Context, account ids.AccountID) (orgs.Handshake, error) {
	all, err := every(func(p orgs.Page) (orgs.List[orgs.Handshake], error) {
		return b.Organizations.HandshakesForAccount(ctx, account, orgs.HandshakeFilter{Action: orgs.InviteAction}, p)
	})
	for _, h := range all {
		if h.State == orgs.Open && h.Organization == b.id {
			return h, nil
		}
	}
	if err == nil {
		err = errors.New("its invitation is gone")
	}
	return orgs.Handshake{}, err
}

// policies makes policies and attaches them. AWS's are detached last: something has to be attached at any time.
func (b *organizing) policies(ctx context.Context) error {
	for i := range b.file.Policies {
		if err := b.policy(ctx, &b.file.Policies[i]); err != nil {
			return fmt.Errorf("policy %s: %w", b.file.Policies[i].Name, err)
		}
	}
	for _, name := range b.file.WithoutFullAccess {
		target, err := b.target(name)
		if err == nil {
			err = b.Organizations.DetachPolicy(ctx, b.management, managed.FullAWSAccess, target)
		}
		if err != nil && !apierr.Is(err, "PolicyNotAttachedException") {
			return fmt.Errorf("detach FullAWSAccess from %s: %w", name, err)
		}
	}
	return nil
}

func (b *organizing) policy(ctx context.Context, p *OrgPolicy) error {
	policyType := firstOf(p.Type, managed.SCP)
	there, err := every(func(page orgs.Page) (orgs.List[orgs.Policy], error) {
		return b.Organizations.Policies(ctx, b.management, policyType, page)
	})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(there, func(one orgs.Policy) bool { return one.Name == p.Name })
	if i < 0 {
		document, err := b.run.file.document(p.Content)
		if err != nil {
			return err
		}
		made, err := b.Organizations.CreatePolicy(ctx, b.management, orgs.NewPolicy{
			Type: policyType, Name: p.Name, Description: p.Description, Content: document,
		})
		if err != nil {
			return err
		}
		b.say("made policy %s of organization %s", p.Name, b.id)
		there, i = []orgs.Policy{made}, 0
	}
	for _, name := range p.Targets {
		target, err := b.target(name)
		if err == nil {
			err = b.Organizations.AttachPolicy(ctx, b.management, there[i].ID, target)
		}
		if err != nil && !apierr.Is(err, "DuplicatePolicyAttachmentException") {
			return fmt.Errorf("attach it to %s: %w", name, err)
		}
	}
	return nil
}

// target returns the ID of a target.
func (b *organizing) target(name string) (string, error) {
	if id, ok := b.places[name]; ok {
		return id, nil
	}
	if _, err := ids.ParseAccountID(name); err != nil {
		return "", fmt.Errorf("%q is neither root, nor an account ID, nor a unit of the file", name)
	}
	return name, nil
}

// every returns the items of all pages of a list.
func every[T any](list func(orgs.Page) (orgs.List[T], error)) (all []T, err error) {
	for page := (orgs.Page{}); ; {
		one, err := list(page)
		if err != nil {
			return nil, err
		}
		all = append(all, one.Items...)
		if one.Token == "" {
			return all, nil
		}
		page.Token = one.Token
	}
}
