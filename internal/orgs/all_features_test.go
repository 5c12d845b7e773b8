package orgs

import (
	"testing"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs/managed"
)

// billing makes an organization for consolidated billing with member and outsider in it, by invitation.
func (w *world) billing() (root string) {
	w.Helper()
	_, err := w.CreateOrganization(w.ctx, management, ConsolidatedBilling)
	w.must(err)
	w.join(member)
	w.join(outsider)
	roots, err := w.Roots(w.ctx, management, Page{})
	w.must(err)
	return roots.Items[0].ID
}

// request returns the ID of the open request for an account's approval, or "".
func (w *world) request(account ids.AccountID) string {
	w.Helper()
	list, err := w.HandshakesForAccount(w.ctx, account, HandshakeFilter{Action: ApproveAction}, Page{})
	w.must(err)
	for _, h := range list.Items {
		if h.State == Open {
			return h.ID
		}
	}
	return ""
}

func (w *world) enable() Handshake {
	w.Helper()
	h, err := w.EnableAllFeatures(w.ctx, management)
	w.must(err)
	return h
}

// TestConsolidatedBilling: without all features an organization has accounts and units, and nothing else.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_org_support-all-features.html
func TestConsolidatedBilling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.billing()
	o, err := w.Organization(w.ctx, member)
	w.must(err)
	if o.FeatureSet != ConsolidatedBilling || w.attached(root, managed.SCP) != "" {
		t.Errorf("organization %+v, attached %s", o, w.attached(root, managed.SCP))
	}
	w.unit(root, "unit")
	_, err = w.EnablePolicyType(w.ctx, management, root, managed.SCP)
	w.refused(err, "PolicyTypeNotAvailableForOrganization", "")
	_, err = w.CreatePolicy(w.ctx, management, NewPolicy{Type: managed.SCP, Name: "p", Content: denyDelete})
	w.refused(err, "PolicyTypeNotAvailableForOrganization", "")
	w.refused(w.AttachPolicy(w.ctx, management, managed.FullAWSAccess, root), "PolicyTypeNotEnabled", "")
	const reason = "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE"
	w.refused(w.EnableServiceAccess(w.ctx, management, iamService), "ConstraintViolation", reason)
	w.refused(w.CloseAccount(w.ctx, management, member), "ConstraintViolation", reason)
	_, err = w.PutResourcePolicy(w.ctx, management, delegating(toMember+`,"Action":"organizations:List*","Resource":"*"`), nil)
	w.refused(err, "ConstraintViolation", reason)
}

// TestEnableAllFeatures goes through the approval of all features.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAllFeatures.html
func TestEnableAllFeatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.billing()
	_, err := w.CreateAccount(w.ctx, management, NewAccount{Name: "made", Email: "made@example.com"})
	w.must(err)
	_, err = w.EnableAllFeatures(w.ctx, member)
	w.refused(err, "AccessDenied", "")
	h := w.enable()
	if h.State != Requested || h.Action != EnableAction || !h.Expires.Equal(w.clock.Add(enablingLife)) {
		t.Errorf("handshake %+v", h)
	}
	_, err = w.EnableAllFeatures(w.ctx, management)
	w.refused(err, "HandshakeConstraintViolation", "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION")
	_, err = w.Invite(w.ctx, management, Invitation{Target: string(closed), TargetType: AccountParty})
	w.refused(err, "HandshakeConstraintViolation", "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES")
	children, err := w.HandshakesForOrganization(w.ctx, management, HandshakeFilter{Parent: h.ID}, Page{})
	w.must(err)
	if len(children.Items) != 2 || w.request(management) != "" {
		t.Errorf("asked %+v", children.Items)
	}
	for made := range w.made {
		if w.request(made) != "" {
			t.Errorf("%s was made in the organization, and is asked", made)
		}
	}
	_, err = w.Accept(w.ctx, management, h.ID)
	w.refused(err, "InvalidHandshakeTransition", "")
	_, err = w.Accept(w.ctx, management, w.request(member))
	w.refused(err, "AccessDenied", "")
	_, err = w.Cancel(w.ctx, management, w.request(member))
	w.refused(err, "InvalidHandshakeTransition", "")

	approved, err := w.Accept(w.ctx, member, w.request(member))
	w.must(err)
	if approved.State != Accepted || approved.Parent != h.ID {
		t.Errorf("approved %+v", approved)
	}
	_, err = w.Accept(w.ctx, management, h.ID)
	w.refused(err, "InvalidHandshakeTransition", "")
	// One that declines is in the way until it leaves.
	_, err = w.Decline(w.ctx, outsider, w.request(outsider))
	w.must(err)
	_, err = w.Accept(w.ctx, management, h.ID)
	w.refused(err, "InvalidHandshakeTransition", "")
	w.must(w.RemoveAccount(w.ctx, management, outsider))
	if h, err = w.Handshake(w.ctx, management, h.ID); err != nil || h.State != Open {
		t.Errorf("all approved: %+v, %v", h, err)
	}
	_, err = w.Decline(w.ctx, management, h.ID)
	w.refused(err, "InvalidHandshakeTransition", "")
	_, err = w.Accept(w.ctx, member, h.ID)
	w.refused(err, "HandshakeNotFound", "")
	h, err = w.Accept(w.ctx, management, h.ID)
	w.must(err)
	o, err := w.Organization(w.ctx, member)
	w.must(err)
	roots, err := w.Roots(w.ctx, management, Page{})
	w.must(err)
	if h.State != Accepted || o.FeatureSet != AllFeatures || len(roots.Items[0].PolicyTypes) != 0 {
		t.Errorf("enabled %+v, %+v, %+v", h, o, roots.Items[0])
	}
	_, err = w.EnableAllFeatures(w.ctx, management)
	w.refused(err, "HandshakeConstraintViolation", "ORGANIZATION_ALREADY_HAS_ALL_FEATURES")
	_, err = w.EnablePolicyType(w.ctx, management, root, managed.SCP)
	w.must(err)
	if got := w.attached(string(member), managed.SCP); got != managed.FullAWSAccess {
		t.Errorf("attached %s", got)
	}
	w.join(outsider)
}

// TestEnablingEnds: the enabling of all features is canceled, expires, or ends with the organization, and what was
// asked for with it.
func TestEnablingEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.billing()
	h := w.enable()
	_, err := w.Accept(w.ctx, member, w.request(member))
	w.must(err)
	h, err = w.Cancel(w.ctx, management, h.ID)
	w.must(err)
	if h.State != Canceled || w.request(outsider) != "" {
		t.Errorf("canceled %+v, and still asked", h)
	}
	second := w.enable()
	if w.request(member) == "" {
		t.Error("not asked again")
	}
	w.clock = w.clock.Add(enablingLife)
	if h, err = w.Handshake(w.ctx, management, second.ID); err != nil || h.State != Expired {
		t.Errorf("expired: %+v, %v", h, err)
	}
	if request := w.request(member); request != "" {
		t.Errorf("%s is still open", request)
	}
	w.enable()
	// An account that leaves is not asked any more.
	asked := w.request(member)
	w.must(w.Leave(w.ctx, member))
	_, err = w.Accept(w.ctx, member, asked)
	w.refused(err, "InvalidHandshakeTransition", "")
	w.must(w.Leave(w.ctx, outsider))
	w.must(w.DeleteOrganization(w.ctx, management))
	w.organization()
}

// TestJoiningWhileEnabling: an account that accepts an invitation from before is asked as well.
func TestJoiningWhileEnabling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	_, err := w.CreateOrganization(w.ctx, management, ConsolidatedBilling)
	w.must(err)
	invitation, err := w.Invite(w.ctx, management, Invitation{Target: string(member), TargetType: AccountParty})
	w.must(err)
	if invitation.FeatureSet != ConsolidatedBilling {
		t.Errorf("invited to %s", invitation.FeatureSet)
	}
	h := w.enable()
	if h.State != Open {
		t.Errorf("nobody to ask: %s", h.State)
	}
	w.clock = w.clock.Add(time.Hour)
	_, err = w.Accept(w.ctx, member, invitation.ID)
	w.must(err)
	_, err = w.Accept(w.ctx, management, h.ID)
	w.refused(err, "InvalidHandshakeTransition", "")
	_, err = w.Accept(w.ctx, member, w.request(member))
	w.must(err)
	_, err = w.Accept(w.ctx, management, h.ID)
	w.must(err)
}
