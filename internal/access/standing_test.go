package access

import (
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// TestStanding: what an organization trusts is known of each account in it, and so is which accounts are open; both
// change with their records.
func TestStanding(t *testing.T) {
	t.Parallel()
	f := newTree(t)
	const service = "cloudtrail.amazonaws.com"
	trusts := func(account ids.AccountID, organization ids.OrganizationID, want bool) {
		t.Helper()
		org, management, got, err := f.access.Organization(f.Context(), account, service)
		if err != nil || org != organization || (management == managementID) != (organization != "") || got != want {
			t.Errorf("account %s: %q of %q, trusts %t, %v; want %q", account, org, management, got, err, organization)
		}
	}
	organization := &records.Organization{Id: string(orgID), ManagementAccount: string(managementID), Root: rootID}
	trusts(accountID, orgID, false)
	organization.Services = []*records.TrustedService{{Principal: "iam.amazonaws.com"}}
	f.put(keys.Organization(orgID), organization)
	trusts(accountID, orgID, false)
	organization.Services = append(organization.Services, &records.TrustedService{Principal: service})
	f.put(keys.Organization(orgID), organization)
	trusts(accountID, orgID, true)
	trusts("888888888888", "", false)
	organization.Services = nil
	f.put(keys.Organization(orgID), organization)
	trusts(accountID, orgID, false)

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
