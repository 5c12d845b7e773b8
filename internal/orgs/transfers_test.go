package orgs

import (
	"testing"

	"crossgrant/internal/ids"
)

// TestNotHere holds what is answered about GovCloud and the transfer of responsibilities.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_InviteOrganizationToTransferResponsibility.html
func TestNotHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.organization()
	w.join(member)
	for _, c := range []struct {
		call         func(ids.AccountID) error
		code, reason string
	}{
		{func(a ids.AccountID) error { return w.CreateGovCloudAccount(w.ctx, a) }, "ConstraintViolation", "MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED"},
		{func(a ids.AccountID) error { return w.InviteToTransfer(w.ctx, a) }, "ConstraintViolation", "UNSUPPORTED_PRICING"},
		{func(a ids.AccountID) error { return w.ChangeTransfer(w.ctx, a) }, "ResponsibilityTransferNotFound", ""},
		{func(a ids.AccountID) error { return w.Transfer(w.ctx, a) }, "ResponsibilityTransferNotFound", ""},
		{func(a ids.AccountID) error { return w.Transfers(w.ctx, a, "rt-12345678", Page{}) }, "ResponsibilityTransferNotFound", ""},
	} {
		w.refused(c.call(management), c.code, c.reason)
		w.refused(c.call(member), "AccessDenied", "")
		w.refused(c.call(outsider), "AWSOrganizationsNotInUse", "")
	}
	w.must(w.Transfers(w.ctx, management, "", Page{}))
	w.refused(w.Transfers(w.ctx, management, "", Page{Token: "*"}), "InvalidInput", "INVALID_NEXT_TOKEN")
}
