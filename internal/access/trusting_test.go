package access

import (
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// TestTrusting: what an organization trusts is known of each account in it, and so is which accounts are open; both
// change with their records.
func TestTrusting(t *testing.T) {
	t.Parallel()
	f := newTree(t)
	const service = "cloudtrail.amazonaws.com"
	trusts := func(account ids.AccountID, want ids.OrganizationID) {
		t.Helper()
		org, management, err := f.access.Trusting(f.Context(), account, service)
		if err != nil || org != want || (management == managementID) != (want != "") {
			t.Errorf("account %s: %q of %q, %v, want %q", account, org, management, err, want)
		}
	}
	organization := &records.Organization{Id: string(orgID), ManagementAccount: string(managementID), Root: rootID}
	trusts(accountID, "")
	organization.Services = []*records.TrustedService{{Principal: "iam.amazonaws.com"}}
	f.put(keys.Organization(orgID), organization)
	trusts(accountID, "")
	organization.Services = append(organization.Services, &records.TrustedService{Principal: service})
	f.put(keys.Organization(orgID), organization)
	trusts(accountID, orgID)
	trusts("888888888888", "")
	organization.Services = nil
	f.put(keys.Organization(orgID), organization)
	trusts(accountID, "")

	isOpen := func(account ids.AccountID, want bool) {
		t.Helper()
		if got, err := f.access.Open(f.Context(), account); err != nil || got != want {
			t.Errorf("account %s is open: %t, %v", account, got, err)
		}
	}
	isOpen(accountID, true)
	isOpen("888888888888", false)
	f.put(keys.Account(accountID), &records.Account{Id: string(accountID), CanonicalId: "aa", Name: "A", Closed: 1})
	isOpen(accountID, false)
}
