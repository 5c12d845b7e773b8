package iam

import (
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Quotas of what nobody can have here. They are told as AWS tells them.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	serverCertificatesQuota  = 20
	signingCertificatesQuota = 2
	policyVersionsQuota      = 10000
)

// Kinds of key that a summary counts, by the letters that their keys have.
const (
	oidcProviderKind keys.Kind = 'o'
	samlProviderKind keys.Kind = 's'
)

// Summary returns what an account has and may have, by the names of the API. Numbers of entities are kept
// (counts.go): nothing is read one by one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
func (s *Service) Summary(ctx context.Context, account ids.AccountID) (summary map[string]int, err error) {
	err = s.read(ctx, account, func(v view) error {
		summary = s.summaryQuotas()
		if err := v.countEntities(summary); err != nil {
			return err
		}
		return v.countRoot(summary)
	})
	return summary, err
}

func (s *Service) summaryQuotas() map[string]int {
	q := &s.quotas
	return map[string]int{
		"UsersQuota": q.Users, "GroupsQuota": q.Groups, "RolesQuota": q.Roles, "PoliciesQuota": q.Policies,
		"ServerCertificatesQuota": serverCertificatesQuota, "InstanceProfilesQuota": q.InstanceProfiles,
		"UserPolicySizeQuota": q.InlineUser, "GroupPolicySizeQuota": q.InlineGroup, "RolePolicySizeQuota": q.InlineRole,
		"GroupsPerUserQuota": q.GroupsPerUser, "SigningCertificatesPerUserQuota": signingCertificatesQuota,
		"AccessKeysPerUserQuota":       q.AccessKeys,
		"AttachedPoliciesPerUserQuota": q.PoliciesPerUser, "AttachedPoliciesPerGroupQuota": q.PoliciesPerGroup,
		"AttachedPoliciesPerRoleQuota": q.PoliciesPerRole, "PolicySizeQuota": q.PolicySize,
		"PolicyVersionsInUseQuota": policyVersionsQuota, "VersionsPerPolicyQuota": q.VersionsPerPolicy,
		"AssumeRolePolicySizeQuota": q.TrustSize,
	}
}

// countEntities adds the numbers of entities.
func (v view) countEntities(summary map[string]int) error {
	for name, kinds := range map[string][]keys.Kind{
		"Users": {keys.UserKind}, "Groups": {keys.GroupKind}, "Roles": {keys.RoleKind}, "Policies": {keys.PolicyKind},
		"MFADevices": {keys.MFADeviceKind}, "MFADevicesInUse": {keys.EnabledMFADeviceKind},
		"InstanceProfiles": {keys.InstanceProfileKind}, "Providers": {oidcProviderKind, samlProviderKind}, "ServerCertificates": nil,
	} {
		summary[name] = 0
		for _, k := range kinds {
			n, err := v.entities(k)
			if err != nil {
				return err
			}
			summary[name] += n
		}
	}
	versions, err := v.policyVersions()
	summary["PolicyVersionsInUse"] = versions
	return err
}

// countRoot adds what the root user has. It has neither a password nor signing certificates here.
func (v view) countRoot(summary map[string]int) error {
	r := new(records.Account)
	if err := records.Get(v, keys.Account(v.account), r); err != nil {
		return fmt.Errorf("read account %s: %w", v.account, err)
	}
	from, to := keys.EnabledMFADevices(v.account, string(v.account))
	devices, err := v.count(from, to, 1)
	summary["AccountMFAEnabled"] = devices
	summary["AccountAccessKeysPresent"] = min(len(r.AccessKeys), 1)
	summary["AccountPasswordPresent"], summary["AccountSigningCertificatesPresent"] = 0, 0
	summary["GlobalEndpointTokenVersion"] = max(1, int(r.GlobalEndpointTokenVersion))
	return err
}

// policyVersions returns how many versions the account's own policies have. The number is kept like those of
// entities.
func (v view) policyVersions() (int, error) {
	kept := new(records.EntityCount)
	err := records.Get(v, keys.EntityCount(v.account, keys.PolicyVersionKind), kept)
	if !errors.Is(err, meta.ErrNotFound) {
		return int(kept.Entities), err
	}
	from, to := keys.Entities(v.account, keys.PolicyKind)
	it := v.Scan(from, to)
	n := 0
	err = nil
	for err == nil && it.Next() {
		r := new(records.ManagedPolicy)
		err = records.Unmarshal(it.Value(), r)
		n += len(r.Versions)
	}
	return n, errors.Join(err, it.Close())
}

// countVersions counts that a policy is about to get by more versions. It must come before the write, which
// it would count twice.
func (c change) countVersions(by int) error {
	n, err := c.policyVersions()
	if err != nil {
		return err
	}
	return c.keepCount(keys.PolicyVersionKind, max(n+by, 0))
}
