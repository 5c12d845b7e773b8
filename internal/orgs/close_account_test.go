package orgs

import (
	"testing"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs/managed"
)

// TestCloseAccount closes a member account, which stays in the organization, and can be moved and have
// policies attached there.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CloseAccount.html
func TestCloseAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.organization()
	w.join(member)
	unit := w.unit(root, "closed")
	w.refused(w.CloseAccount(w.ctx, member, member), "AccessDenied", "")
	w.refused(w.CloseAccount(w.ctx, management, outsider), "AccountNotFound", "")
	w.refused(w.CloseAccount(w.ctx, management, management), "ConstraintViolation", "CANNOT_CLOSE_MANAGEMENT_ACCOUNT")
	w.must(w.CloseAccount(w.ctx, management, member))
	w.refused(w.CloseAccount(w.ctx, management, member), "AccountAlreadyClosed", "")
	w.must(w.MoveAccount(w.ctx, management, member, root, unit))
	w.must(w.AttachPolicy(w.ctx, management, w.policy(managed.SCP, "p", denyDelete), string(member)))
	list, err := w.Accounts(w.ctx, management, unit, Page{})
	w.must(err)
	if len(list.Items) != 1 || !list.Items[0].Closed || !list.Items[0].ClosedAt.Equal(w.clock) {
		t.Errorf("below the unit: %+v", list.Items)
	}
	w.refused(w.RemoveAccount(w.ctx, management, member), "ConstraintViolation", "ACCOUNT_CANNOT_LEAVE_ORGANIZATION")
	w.refused(w.DeleteOrganization(w.ctx, management), "OrganizationNotEmpty", "")
	w.must(w.EnableServiceAccess(w.ctx, management, iamService))
	w.refused(w.RegisterDelegate(w.ctx, management, member, iamService), "ConstraintViolation", "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR")
	w.clock = w.clock.Add(postClosure)
	w.must(w.RemoveAccount(w.ctx, management, member))
	w.must(w.DeleteOrganization(w.ctx, management))
}

// TestQuotaOfClosures: so many accounts can be closed within 30 days, and then others.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
func TestQuotaOfClosures(t *testing.T) {
	t.Parallel()
	for members, want := range map[int64]int{0: 250, 1250: 250, 1255: 251, 5000: 1000, 50000: 1000} {
		if got := closureQuota(members); got != want {
			t.Errorf("%d members: %d, want %d", members, got, want)
		}
	}
	w := newWorld(t, Quotas{})
	w.organization()
	w.fill(0, 252)
	list, err := w.Accounts(w.ctx, management, "", Page{Max: 1})
	w.must(err)
	var all []ids.AccountID
	for token := list.Token; token != ""; token = list.Token {
		list, err = w.Accounts(w.ctx, management, "", Page{Token: token})
		w.must(err)
		for _, a := range list.Items {
			all = append(all, a.ID)
		}
	}
	for _, id := range all[:250] {
		w.must(w.CloseAccount(w.ctx, management, id))
	}
	w.refused(w.CloseAccount(w.ctx, management, all[250]), "ConstraintViolation", "CLOSE_ACCOUNT_QUOTA_EXCEEDED")
	w.clock = w.clock.Add(closurePeriod - time.Second)
	w.refused(w.CloseAccount(w.ctx, management, all[250]), "ConstraintViolation", "CLOSE_ACCOUNT_QUOTA_EXCEEDED")
	w.clock = w.clock.Add(time.Second)
	w.must(w.CloseAccount(w.ctx, management, all[250]))
}
