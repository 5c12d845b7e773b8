package analyzer

import (
	"errors"
	"fmt"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// servicePrincipal is the name of Access Analyzer among the services that an organization trusts.
const servicePrincipal = "access-analyzer.amazonaws.com"

// Why an analyzer of an organization is disabled.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_StatusReason.html
const (
	serviceDisabled  = "AWS_SERVICE_ACCESS_DISABLED"
	notAdministrator = "DELEGATED_ADMINISTRATOR_DEREGISTERED"
	noOrganization   = "ORGANIZATION_DELETED"
)

// zone is the zone of trust of an analyzer.
type zone struct {
	accounts     map[ids.AccountID]bool
	organization ids.OrganizationID // empty: a single account
	reason       string             // why it is not analyzed; empty: it is
}

// zoneOf returns the zone of an analyzer, as it is now.
func zoneOf(r meta.Reader, a *records.Analyzer) (*zone, error) {
	z := &zone{accounts: map[ids.AccountID]bool{ids.AccountID(a.Account): true}}
	if a.Type != OrganizationType {
		return z, nil
	}
	z.organization = ids.OrganizationID(a.Organization)
	org, reason, err := administered(r, ids.AccountID(a.Account))
	if err != nil {
		return z, err
	}
	if z.reason = reason; reason == "" && org != z.organization {
		z.reason = noOrganization
	}
	if z.reason != "" {
		return z, nil
	}
	from, to := keys.OrganizationAccounts(org)
	return z, scan(r, from, to, func(key, _ []byte) error {
		_, parts, err := keys.Split(key)
		if err != nil || len(parts) != 2 {
			return fmt.Errorf("read accounts of organization %s: %w", org, errors.Join(err, meta.ErrCorrupt))
		}
		z.accounts[ids.AccountID(parts[1])] = true
		return nil
	})
}

// administered returns the organization that an account may analyze: as its management account, or as the delegated
// administrator of Access Analyzer. reason tells why there is none.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-settings.html
func administered(r meta.Reader, account ids.AccountID) (org ids.OrganizationID, reason string, err error) {
	membership, record := new(records.Membership), new(records.Organization)
	err = records.Get(r, keys.Membership(account), membership)
	if errors.Is(err, meta.ErrNotFound) {
		return "", noOrganization, nil
	}
	if err != nil {
		return "", "", err
	}
	org = ids.OrganizationID(membership.Organization)
	if err := records.Get(r, keys.Organization(org), record); err != nil {
		return "", "", fmt.Errorf("read organization %s: %w", org, err)
	}
	for _, service := range record.Services {
		if service.Principal != servicePrincipal {
			continue
		}
		if record.ManagementAccount == string(account) {
			return org, "", nil
		}
		for _, d := range service.Administrators {
			if d.Account == string(account) {
				return org, "", nil
			}
		}
		return "", notAdministrator, nil
	}
	if record.ManagementAccount != string(account) {
		return "", notAdministrator, nil
	}
	return "", serviceDisabled, nil
}
