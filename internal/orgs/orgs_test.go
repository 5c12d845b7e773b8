package orgs

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs/managed"
)

// TestLifeOfAnOrganization goes once through everything that makes and unmakes one.
func TestLifeOfAnOrganization(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	_, err := w.Organization(w.ctx, management)
	w.refused(err, "AWSOrganizationsNotInUse", "")
	root := w.organization()
	_, err = w.CreateOrganization(w.ctx, management, AllFeatures)
	w.refused(err, "AlreadyInOrganization", "")
	for _, target := range []string{root, string(management)} {
		if got := w.attached(target, managed.SCP); got != managed.FullAWSAccess {
			t.Errorf("%s has %q attached", target, got)
		}
	}
	w.join(member)
	o, err := w.Organization(w.ctx, member)
	w.must(err)
	if o.Management != management || o.ManagementEmail != "1@example.com" || o.FeatureSet != AllFeatures {
		t.Errorf("organization %+v", o)
	}
	w.refused(w.DeleteOrganization(w.ctx, member), "AccessDenied", "")
	w.refused(w.DeleteOrganization(w.ctx, management), "OrganizationNotEmpty", "")
	w.refused(w.Leave(w.ctx, management), "MasterCannotLeaveOrganization", "")
	w.refused(w.RemoveAccount(w.ctx, management, management), "MasterCannotLeaveOrganization", "")
	w.refused(w.RemoveAccount(w.ctx, management, outsider), "AccountNotFound", "")
	w.must(w.Leave(w.ctx, member))
	w.refused(w.Leave(w.ctx, member), "AWSOrganizationsNotInUse", "")
	w.unit(root, "left")
	w.policy(managed.SCP, "left", denyDelete)
	h, err := w.Invite(w.ctx, management, Invitation{Target: string(outsider), TargetType: AccountParty})
	w.must(err)
	w.must(w.DeleteOrganization(w.ctx, management))
	_, err = w.Accept(w.ctx, outsider, h.ID)
	w.refused(err, "InvalidHandshakeTransition", "")
	w.organization()
}

// TestOnlyTheManagementAccountManages calls what is for the management account as a member, and from
// outside.
func TestOnlyTheManagementAccountManages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.organization()
	w.join(member)
	for name, call := range map[string]func(ids.AccountID) error{
		"ListRoots":       func(a ids.AccountID) error { _, err := w.Roots(w.ctx, a, Page{}); return err },
		"ListAccounts":    func(a ids.AccountID) error { _, err := w.Accounts(w.ctx, a, "", Page{}); return err },
		"DescribeAccount": func(a ids.AccountID) error { _, err := w.Account(w.ctx, a, member); return err },
		"CreateUnit":      func(a ids.AccountID) error { _, err := w.CreateUnit(w.ctx, a, root, "x", nil); return err },
		"Move":            func(a ids.AccountID) error { return w.MoveAccount(w.ctx, a, member, root, root) },
		"Remove":          func(a ids.AccountID) error { return w.RemoveAccount(w.ctx, a, member) },
		"Invite": func(a ids.AccountID) error {
			_, err := w.Invite(w.ctx, a, Invitation{Target: "333333333333", TargetType: AccountParty})
			return err
		},
		"CreateAccount": func(a ids.AccountID) error {
			_, err := w.CreateAccount(w.ctx, a, NewAccount{Name: "n", Email: "n@example.com"})
			return err
		},
		"CreatePolicy": func(a ids.AccountID) error {
			_, err := w.CreatePolicy(w.ctx, a, NewPolicy{Type: managed.SCP, Name: "n", Content: denyDelete})
			return err
		},
		"AttachPolicy":      func(a ids.AccountID) error { return w.AttachPolicy(w.ctx, a, managed.FullAWSAccess, root) },
		"DetachPolicy":      func(a ids.AccountID) error { return w.DetachPolicy(w.ctx, a, managed.FullAWSAccess, root) },
		"DescribePolicy":    func(a ids.AccountID) error { _, err := w.Policy(w.ctx, a, managed.FullAWSAccess); return err },
		"DisablePolicyType": func(a ids.AccountID) error { _, err := w.DisablePolicyType(w.ctx, a, root, managed.SCP); return err },
		"Tag":               func(a ids.AccountID) error { return w.Tag(w.ctx, a, root, []Tag{{"k", "v"}}) },
		"ListTags":          func(a ids.AccountID) error { _, err := w.Tags(w.ctx, a, root, Page{}); return err },
		"ListHandshakes": func(a ids.AccountID) error {
			_, err := w.HandshakesForOrganization(w.ctx, a, HandshakeFilter{}, Page{})
			return err
		},
		"DeleteOrganization": func(a ids.AccountID) error { return w.DeleteOrganization(w.ctx, a) },
	} {
		t.Run(name, func(t *testing.T) {
			w.refused(call(member), "AccessDenied", "")
			w.refused(call(outsider), "AWSOrganizationsNotInUse", "")
		})
	}
}

// TestTree makes, names, fills and empties units.
func TestTree(t *testing.T) {
	t.Parallel()
	quotas := DefaultQuotas()
	quotas.Units = 6
	w := newWorld(t, quotas)
	root := w.organization()
	w.join(member)
	parent := root
	var units []string
	for i := range 5 {
		parent = w.unit(parent, fmt.Sprintf("level %d", i+1))
		units = append(units, parent)
	}
	_, err := w.CreateUnit(w.ctx, management, parent, "too deep", nil)
	w.refused(err, "ConstraintViolation", "OU_DEPTH_LIMIT_EXCEEDED")
	_, err = w.CreateUnit(w.ctx, management, root, "level 1", nil)
	w.refused(err, "DuplicateOrganizationalUnit", "")
	_, err = w.CreateUnit(w.ctx, management, "ou-none-12345678", "x", nil)
	w.refused(err, "ParentNotFound", "")
	_, err = w.CreateUnit(w.ctx, management, string(member), "x", nil)
	w.refused(err, "ParentNotFound", "")
	_, err = w.CreateUnit(w.ctx, management, root, "", nil)
	w.refused(err, "InvalidInput", "MIN_LENGTH_EXCEEDED")
	other := w.unit(root, "other")
	_, err = w.CreateUnit(w.ctx, management, root, "one too many", nil)
	w.refused(err, "ConstraintViolation", "OU_NUMBER_LIMIT_EXCEEDED")

	name := "level 1"
	_, err = w.RenameUnit(w.ctx, management, other, &name)
	w.refused(err, "DuplicateOrganizationalUnit", "")
	name = "renamed"
	renamed, err := w.RenameUnit(w.ctx, management, other, &name)
	w.must(err)
	o, err := w.Organization(w.ctx, management)
	w.must(err)
	if renamed.Name != name || renamed.Path != string(o.ID)+"/"+root+"/"+other+"/" {
		t.Errorf("renamed %+v", renamed)
	}
	if _, err := w.RenameUnit(w.ctx, management, other, nil); err != nil {
		t.Error(err)
	}

	w.refused(w.MoveAccount(w.ctx, management, member, other, root), "SourceParentNotFound", "")
	w.refused(w.MoveAccount(w.ctx, management, member, root, "ou-none-12345678"), "DestinationParentNotFound", "")
	w.refused(w.MoveAccount(w.ctx, management, member, root, root), "DuplicateAccount", "")
	w.refused(w.MoveAccount(w.ctx, management, outsider, root, other), "AccountNotFound", "")
	w.must(w.MoveAccount(w.ctx, management, member, root, units[4]))
	a, err := w.Account(w.ctx, management, member)
	w.must(err)
	if want := string(o.ID) + "/" + root + "/" + strings.Join(units, "/") + "/222222222222/"; a.Path != want || a.JoinedMethod != Invited {
		t.Errorf("account %+v, want path %s", a, want)
	}
	below, err := w.Accounts(w.ctx, management, root, Page{})
	w.must(err)
	if len(below.Items) != 1 || below.Items[0].ID != management {
		t.Errorf("accounts below the root: %+v", below)
	}
	children, err := w.Children(w.ctx, management, units[4], AccountKind, Page{})
	w.must(err)
	if fmt.Sprint(children.Items) != "[{222222222222 ACCOUNT}]" {
		t.Errorf("children %+v", children)
	}
	parents, err := w.Parents(w.ctx, management, units[0], Page{})
	w.must(err)
	if fmt.Sprint(parents.Items) != "[{"+root+" ROOT}]" {
		t.Errorf("parents %+v", parents)
	}
	w.refused(w.DeleteUnit(w.ctx, management, units[4]), "OrganizationalUnitNotEmpty", "")
	w.refused(w.DeleteUnit(w.ctx, management, units[0]), "OrganizationalUnitNotEmpty", "")
	w.refused(w.DeleteUnit(w.ctx, management, root), "OrganizationalUnitNotFound", "")
	w.must(w.MoveAccount(w.ctx, management, member, units[4], root))
	w.must(w.DeleteUnit(w.ctx, management, units[4]))
	_, err = w.Unit(w.ctx, management, units[4])
	w.refused(err, "OrganizationalUnitNotFound", "")
}

// TestPages holds that a list in pages is the list.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.organization()
	for i := range 25 {
		w.unit(root, fmt.Sprint(i))
	}
	for _, most := range []int{0, 1, 7, 20} {
		seen, token := map[string]bool{}, ""
		for {
			page, err := w.Units(w.ctx, management, root, Page{Max: most, Token: token})
			w.must(err)
			if len(page.Items) > MaxPage || most > 0 && len(page.Items) > most {
				t.Fatalf("a page of %d has %d items", most, len(page.Items))
			}
			for _, u := range page.Items {
				seen[u.ID] = true
			}
			if token = page.Token; token == "" {
				break
			}
		}
		if len(seen) != 25 {
			t.Errorf("pages of %d have %d units", most, len(seen))
		}
	}
	_, err := w.Units(w.ctx, management, root, Page{Token: "*"})
	w.refused(err, "InvalidInput", "INVALID_NEXT_TOKEN")
}

// TestInvitations goes through the states of a handshake.
func TestInvitations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.organization()
	invite := func(target, kind string) (Handshake, error) {
		return w.Invite(w.ctx, management, Invitation{Target: target, TargetType: kind, Tags: []Tag{{"team", "x"}}})
	}
	for _, c := range []struct{ target, kind, code, reason string }{
		{"999999999999", AccountParty, "InvalidInput", "INVALID_PARTY_TYPE_TARGET"},
		{string(closed), AccountParty, "InvalidInput", "INVALID_PARTY_TYPE_TARGET"},
		{"nobody@example.com", EmailParty, "InvalidInput", "INVALID_EMAIL_ADDRESS_TARGET"},
		{string(management), AccountParty, "HandshakeConstraintViolation", "ALREADY_IN_AN_ORGANIZATION"},
	} {
		_, err := invite(c.target, c.kind)
		w.refused(err, c.code, c.reason)
	}
	h, err := invite("2@Example.com", EmailParty)
	w.must(err)
	if h.State != Open || h.Target != "2@Example.com" || !h.Expires.Equal(w.clock.Add(15*24*time.Hour)) || h.ManagementName != "account 1" {
		t.Errorf("handshake %+v", h)
	}
	_, err = invite(string(member), AccountParty)
	w.refused(err, "DuplicateHandshake", "")
	for _, call := range []func(ids.AccountID) error{
		func(a ids.AccountID) error { _, err := w.Handshake(w.ctx, a, h.ID); return err },
		func(a ids.AccountID) error { _, err := w.Accept(w.ctx, a, h.ID); return err },
		func(a ids.AccountID) error { _, err := w.Cancel(w.ctx, a, h.ID); return err },
	} {
		w.refused(call(outsider), "HandshakeNotFound", "")
	}
	_, err = w.Accept(w.ctx, management, h.ID)
	w.refused(err, "AccessDenied", "")
	_, err = w.Cancel(w.ctx, member, h.ID)
	w.refused(err, "AccessDenied", "")
	if h, err = w.Decline(w.ctx, member, h.ID); err != nil || h.State != Declined {
		t.Errorf("declined: %+v, %v", h, err)
	}
	_, err = w.Decline(w.ctx, member, h.ID)
	w.refused(err, "HandshakeAlreadyInState", "")
	_, err = w.Accept(w.ctx, member, h.ID)
	w.refused(err, "InvalidHandshakeTransition", "")

	h, err = invite(string(member), AccountParty)
	w.must(err)
	w.clock = w.clock.Add(15 * 24 * time.Hour)
	_, err = w.Accept(w.ctx, member, h.ID)
	w.refused(err, "InvalidHandshakeTransition", "")
	if h, err = w.Handshake(w.ctx, member, h.ID); err != nil || h.State != Expired {
		t.Errorf("expired: %+v, %v", h, err)
	}
	h, err = invite(string(member), AccountParty)
	w.must(err)
	if h, err = w.Cancel(w.ctx, management, h.ID); err != nil || h.State != Canceled {
		t.Errorf("canceled: %+v, %v", h, err)
	}
	h, err = invite(string(member), AccountParty)
	w.must(err)
	if h, err = w.Accept(w.ctx, member, h.ID); err != nil || h.State != Accepted {
		t.Errorf("accepted: %+v, %v", h, err)
	}
	tags, err := w.Tags(w.ctx, management, string(member), Page{})
	w.must(err)
	if fmt.Sprint(tags.Items) != "[{team x}]" {
		t.Errorf("tags %v", tags.Items)
	}
	_, err = invite(string(member), AccountParty)
	w.refused(err, "HandshakeConstraintViolation", "ALREADY_IN_AN_ORGANIZATION")
	for name, list := range map[string]func() (List[Handshake], error){
		"account": func() (List[Handshake], error) {
			return w.HandshakesForAccount(w.ctx, member, HandshakeFilter{}, Page{})
		},
		"organization": func() (List[Handshake], error) {
			return w.HandshakesForOrganization(w.ctx, management, HandshakeFilter{}, Page{})
		},
	} {
		all, err := list()
		w.must(err)
		if len(all.Items) != 4 {
			t.Errorf("%s lists %d handshakes, want 4", name, len(all.Items))
		}
		w.clock = w.clock.Add(30 * 24 * time.Hour)
		if all, err = list(); err != nil || len(all.Items) != 0 {
			t.Errorf("%s lists %d handshakes after 30 days, %v", name, len(all.Items), err)
		}
		w.clock = w.clock.Add(-30 * 24 * time.Hour)
	}
}

// TestOneOrganizationAtATime has two invitations accepted.
func TestOneOrganizationAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.organization()
	_, err := w.CreateOrganization(w.ctx, outsider, AllFeatures)
	w.must(err)
	var invitations []string
	for _, from := range []ids.AccountID{management, outsider} {
		h, err := w.Invite(w.ctx, from, Invitation{Target: string(member), TargetType: AccountParty})
		w.must(err)
		invitations = append(invitations, h.ID)
	}
	_, err = w.Accept(w.ctx, member, invitations[0])
	w.must(err)
	_, err = w.Accept(w.ctx, member, invitations[1])
	w.refused(err, "HandshakeConstraintViolation", "ALREADY_IN_AN_ORGANIZATION")
	_, err = w.CreateOrganization(w.ctx, member, AllFeatures)
	w.refused(err, "AlreadyInOrganization", "")
	w.refused(w.RemoveAccount(w.ctx, outsider, member), "AccountNotFound", "")
}

// TestCreateAccount makes accounts, and finishes one that was interrupted.
func TestCreateAccount(t *testing.T) {
	t.Parallel()
	quotas := DefaultQuotas()
	quotas.Accounts = 4
	w := newWorld(t, quotas)
	w.organization()
	status, err := w.CreateAccount(w.ctx, management, NewAccount{Name: "Dev", Email: "dev@example.com", Tags: []Tag{{"k", "v"}}})
	w.must(err)
	if status.State != InProgress || status.Account != "" {
		t.Errorf("at first %+v", status)
	}
	status, err = w.AccountStatus(w.ctx, management, status.ID)
	w.must(err)
	if status.State != Succeeded || w.made[status.Account] != "Dev" || w.roles[status.Account] != "OrganizationAccountAccessRole trusts 111111111111" {
		t.Errorf("then %+v; made %v, roles %v", status, w.made, w.roles)
	}
	a, err := w.Account(w.ctx, management, status.Account)
	w.must(err)
	if a.JoinedMethod != Created || a.Email != "dev@example.com" {
		t.Errorf("account %+v", a)
	}
	w.refused(w.RemoveAccount(w.ctx, management, a.ID), "ConstraintViolation", "WAIT_PERIOD_ACTIVE")
	w.refused(w.Leave(w.ctx, a.ID), "ConstraintViolation", "WAIT_PERIOD_ACTIVE")

	for email, reason := range map[string]string{"taken@example.com": "EMAIL_ALREADY_EXISTS", "broken": "INVALID_EMAIL"} {
		status, err := w.CreateAccount(w.ctx, management, NewAccount{Name: "Dev", Email: email})
		w.must(err)
		status, err = w.AccountStatus(w.ctx, management, status.ID)
		w.must(err)
		if status.State != Failed || status.Failure != reason || status.Account != "" {
			t.Errorf("%s: %+v", email, status)
		}
	}
	_, err = w.CreateAccount(w.ctx, management, NewAccount{Name: "Dev", Email: "e@example.com", Role: "AWSServiceRoleForX"})
	w.refused(err, "InvalidInput", "INVALID_ROLE_NAME")

	w.fail = errors.New("power cut")
	_, err = w.CreateAccount(w.ctx, management, NewAccount{Name: "Ops", Email: "ops@example.com", Role: "Door"})
	if err == nil {
		t.Error("a failure of storage is hidden")
	}
	w.refused(w.DeleteOrganization(w.ctx, management), "OrganizationNotEmpty", "")
	pending, err := w.AccountStatuses(w.ctx, management, []string{InProgress}, Page{})
	w.must(err)
	if len(pending.Items) != 1 {
		t.Fatalf("in progress: %+v", pending)
	}
	w.fail = nil
	w.must(w.Recover(w.ctx))
	w.must(w.Recover(w.ctx))
	status, err = w.AccountStatus(w.ctx, management, pending.Items[0].ID)
	w.must(err)
	if status.State != Succeeded || w.roles[status.Account] != "Door trusts 111111111111" {
		t.Errorf("recovered %+v, roles %v", status, w.roles)
	}
	if all, err := w.AccountStatuses(w.ctx, management, nil, Page{}); err != nil || len(all.Items) != 4 {
		t.Errorf("all statuses: %+v, %v", all, err)
	}
	w.join(member)
	_, err = w.CreateAccount(w.ctx, management, NewAccount{Name: "x", Email: "x@example.com"})
	w.refused(err, "ConstraintViolation", "ACCOUNT_NUMBER_LIMIT_EXCEEDED")
	w.clock = w.clock.Add(4 * 24 * time.Hour)
	w.must(w.RemoveAccount(w.ctx, management, a.ID))
}
