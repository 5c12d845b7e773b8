package iam

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/quotas"
)

// Quotas limit what one account may have, where the operator did not set a value for it. Sizes are in characters, in which IAM does not count white
// space.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
type Quotas struct {
	Users, Groups, Roles, Policies int
	InstanceProfiles               int
	GroupsPerUser                  int
	// AccessKeys is per user, and for the root user.
	AccessKeys int
	// MFADevices is per user, and for the root user. An account has as many virtual ones as users.
	MFADevices int
	// PoliciesPerUser, PoliciesPerGroup and PoliciesPerRole count attached managed policies.
	PoliciesPerUser, PoliciesPerGroup, PoliciesPerRole int
	VersionsPerPolicy                                  int
	// PolicySize is that of one version of a managed policy.
	PolicySize int
	// InlineUser, InlineGroup and InlineRole are the sums over the inline policies of one entity.
	InlineUser, InlineGroup, InlineRole int
	// TrustSize is that of a role's trust policy.
	TrustSize int
	// Tags is per entity.
	Tags int
	// OIDCProviders and SAMLProviders are per account, ClientIDs and Thumbprints per OpenID Connect
	// provider, PrivateKeys per SAML provider.
	OIDCProviders, SAMLProviders, ClientIDs, Thumbprints, PrivateKeys int
}

// DefaultQuotas returns the quotas of a new AWS account.
func DefaultQuotas() Quotas {
	of := quotas.Default
	return Quotas{
		Users: of(quotas.Users), Groups: of(quotas.Groups), Roles: of(quotas.Roles), Policies: of(quotas.Policies),
		InstanceProfiles: of(quotas.InstanceProfiles),
		GroupsPerUser:    of(quotas.GroupsPerUser), AccessKeys: of(quotas.AccessKeysPerUser), MFADevices: of(quotas.MFADevicesPerUser),
		PoliciesPerUser: of(quotas.AttachedPerUser), PoliciesPerGroup: of(quotas.AttachedPerGroup), PoliciesPerRole: of(quotas.AttachedPerRole),
		VersionsPerPolicy: of(quotas.VersionsPerPolicy), PolicySize: of(quotas.PolicySize),
		InlineUser: of(quotas.UserPolicySize), InlineGroup: of(quotas.GroupPolicySize), InlineRole: of(quotas.RolePolicySize),
		TrustSize: of(quotas.TrustPolicySize), Tags: 50,
		OIDCProviders: of(quotas.OIDCProviders), SAMLProviders: of(quotas.SAMLProviders), ClientIDs: 100, Thumbprints: 5, PrivateKeys: 2,
	}
}

// within refuses one more than the account's quota of this name allows of what there are n. standard is the
// value of the quota where the operator set none.
func (v view) within(n int, name string, standard int) error {
	quota, err := quotas.Value(v, v.account, name, standard)
	if err == nil && n >= quota {
		err = exceeded(name, quota)
	}
	return err
}

// quotaOf returns the value of a quota that limits the size of a document, which is judged before the
// transaction that stores it: one that changes meanwhile changed after the document was stored.
func (s *Service) quotaOf(ctx context.Context, account ids.AccountID, name string, standard int) (quota int, err error) {
	err = s.read(ctx, account, func(v view) error {
		quota, err = quotas.Value(v, account, name, standard)
		return err
	})
	return quota, err
}

// exceeded is the refusal of what a quota does not allow, in the name that AWS's texts have for it.
func exceeded(name string, quota int) error {
	if q, ok := quotas.Lookup(name); ok && q.Told != "" {
		name = q.Told
	}
	return limitExceeded("Cannot exceed quota for %s: %d", name, quota)
}

// countIn counts an entity that is about to be written, or refuses it if the account has as many as its quota
// allows. It must come before the write. standard is the value of the quota where the operator set none.
func (c change) countIn(k keys.Kind, standard int, name string) error {
	quota, err := quotas.Value(c, c.account, name, standard)
	if err != nil {
		return err
	}
	room, err := quotas.Enter(c.tx, c.account, k, quota)
	if err == nil && !room {
		err = exceeded(name, quota)
	}
	return err
}

// countOut counts an entity that is about to be deleted. It must come before that.
func (c change) countOut(k keys.Kind) error { return quotas.Leave(c.tx, c.account, k) }
