package cloudtrail

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// allFeatures is the feature set of an organization that may have trails.
const allFeatures = "ALL"

// place is where an account stands in its organization.
type place struct {
	account      ids.AccountID
	organization *records.Organization // nil: it is in none
}

func placeOf(r meta.Reader, account ids.AccountID) (*place, error) {
	membership, p := new(records.Membership), &place{account: account}
	err := records.Get(r, keys.Membership(account), membership)
	if errors.Is(err, meta.ErrNotFound) {
		return p, nil
	}
	if err == nil {
		p.organization = new(records.Organization)
		err = records.Get(r, keys.Organization(ids.OrganizationID(membership.Organization)), p.organization)
	}
	if err != nil {
		return nil, fmt.Errorf("read organization of account %s: %w", account, err)
	}
	return p, nil
}

// management returns the management account; empty if there is no organization.
func (p *place) management() ids.AccountID {
	return ids.AccountID(p.organization.GetManagementAccount())
}

// trust returns what the organization says of CloudTrail; nil if it does not trust it.
func (p *place) trust() *records.TrustedService {
	for _, service := range p.organization.GetServices() {
		if service.Principal == ServicePrincipal {
			return service
		}
	}
	return nil
}

// administers reports whether the account may do with organization trails what the management account may.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
func (p *place) administers() bool {
	return p.organization != nil && p.management() == p.account ||
		slices.ContainsFunc(p.trust().GetAdministrators(), func(d *records.DelegatedAdministrator) bool { return d.Account == string(p.account) })
}

// mayHaveTrails refuses an account that cannot make organization trails.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-an-organizational-trail-prepare.html
func (p *place) mayHaveTrails() error {
	switch {
	case p.organization == nil:
		return errNoOrganization
	case !p.administers():
		return errNotManagement
	case p.organization.FeatureSet != allFeatures:
		return errNotAllFeatures
	case p.trust() == nil:
		return errNotTrusted
	}
	return nil
}

// settled returns a trail as it is now: one whose account does not manage the organization any more is an organization
// trail no longer. Where only trusted access has ended it stays one, which logs its own account until trusted access is
// there again.
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-cloudtrail.html
func settled(r meta.Reader, t *records.Trail) (*records.Trail, error) {
	if t.Organization == "" {
		return t, nil
	}
	p, err := placeOf(r, ids.AccountID(t.Account))
	if err != nil || p.organization.GetId() == t.Organization && p.management() == p.account {
		return t, err
	}
	t = proto.CloneOf(t)
	t.Organization = ""
	return t, nil
}
