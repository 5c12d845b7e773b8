package orgs

import (
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// erase removes what there is of an account, and holds that nothing is left then.
func (w *world) erase(account ids.AccountID) {
	w.Helper()
	for range 5 {
		n, err := w.EraseAccount(w.ctx, account)
		w.must(err)
		if n == 0 {
			w.must(w.store.View(w.ctx, func(r meta.Reader) error {
				return w.AccountContents(r, account, true, func(what string, n int) {
					if n != 0 {
						w.Errorf("of %s, %s %d are left", account, what, n)
					}
				})
			}))
			return
		}
	}
	w.Errorf("the removal of %s does not end", account)
}

// TestEraseMember: a member leaves with all that it administers, and as if it had never been invited or made.
func TestEraseMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.organization()
	w.join(member)
	w.must(w.EnableServiceAccess(w.ctx, management, "access-analyzer.amazonaws.com"))
	w.must(w.RegisterDelegate(w.ctx, management, member, "access-analyzer.amazonaws.com"))
	_, err := w.Invite(w.ctx, management, Invitation{Target: string(outsider), TargetType: AccountParty})
	w.must(err)
	status, err := w.CreateAccount(w.ctx, management, NewAccount{Name: "n", Email: "n@example.com"})
	w.must(err)
	made, err := w.AccountStatus(w.ctx, management, status.ID)
	w.must(err)
	for _, account := range []ids.AccountID{member, outsider, made.Account} {
		w.erase(account)
	}
	_, err = w.AccountStatus(w.ctx, management, status.ID)
	w.refused(err, "CreateAccountStatusNotFound", "")
	delegates, err := w.Delegates(w.ctx, management, "", Page{})
	w.must(err)
	left, err := w.Accounts(w.ctx, management, "", Page{})
	w.must(err)
	if len(delegates.Items) != 0 || len(left.Items) != 1 {
		t.Errorf("delegates %v, accounts %v", delegates.Items, left.Items)
	}
}

// TestEraseManagement: a management account goes with its organization and with the invitations that it sent, but not
// before the members.
func TestEraseManagement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.organization()
	w.unit(root, "u")
	w.join(member)
	h, err := w.Invite(w.ctx, management, Invitation{Target: string(outsider), TargetType: AccountParty})
	w.must(err)
	_, err = w.EraseAccount(w.ctx, management)
	w.refused(err, "OrganizationNotEmpty", "")
	w.erase(member)
	w.erase(management)
	_, err = w.Handshake(w.ctx, outsider, h.ID)
	w.refused(err, "HandshakeNotFound", "")
	_, err = w.Organization(w.ctx, management)
	w.refused(err, "AWSOrganizationsNotInUse", "")
}

// TestClosedPartiesDoNotJoin: an invitation is not accepted once either of its parties is closed, and a closed account
// makes no organization.
func TestClosedPartiesDoNotJoin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.organization()
	h, err := w.Invite(w.ctx, management, Invitation{Target: string(outsider), TargetType: AccountParty})
	w.must(err)
	for _, party := range []ids.AccountID{management, outsider} {
		w.changeAccount(party, func(r *records.Account) { r.Closed = 1 })
		_, err = w.Accept(w.ctx, outsider, h.ID)
		w.refused(err, "InvalidHandshakeTransition", "")
		w.changeAccount(party, func(r *records.Account) { r.Closed = 0 })
	}
	_, err = w.CreateOrganization(w.ctx, closed, AllFeatures)
	w.refused(err, "ConcurrentModification", "")
}
