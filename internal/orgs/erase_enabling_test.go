package orgs

import "testing"

// TestEraseWhileEnabling: an account that is erased is out of the enabling of all features and administers nothing;
// an organization goes with its management account, whatever is under way.
func TestEraseWhileEnabling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.billing()
	h := w.enable()
	w.erase(outsider)
	_, err := w.Accept(w.ctx, member, w.request(member))
	w.must(err)
	_, err = w.Accept(w.ctx, management, h.ID)
	w.must(err)
	w.must(w.EnableServiceAccess(w.ctx, management, iamService))
	w.must(w.RegisterDelegate(w.ctx, management, member, iamService))
	w.erase(member)
	delegates, err := w.Delegates(w.ctx, management, "", Page{})
	w.must(err)
	if len(delegates.Items) != 0 {
		t.Errorf("delegates %+v", delegates.Items)
	}
	w.must(w.DeleteOrganization(w.ctx, management))

	_, err = w.CreateOrganization(w.ctx, management, ConsolidatedBilling)
	w.must(err)
	w.enable()
	w.erase(management)
	_, err = w.Organization(w.ctx, management)
	w.refused(err, "AWSOrganizationsNotInUse", "")
}
