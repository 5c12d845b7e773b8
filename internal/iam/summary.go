package iam

import (
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// policyVersionsQuota is told as AWS tells it. What limits versions here is the quota of those of one policy.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
const policyVersionsQuota = 10000

// Summary returns what an account has and may have, by the names of the API. Numbers of entities are kept
// (package quotas): nothing is read one by one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
func (s *Service) Summary(ctx context.Context, account ids.AccountID) (summary map[string]int, err error) {
	err = s.read(ctx, account, func(v view) error {
		r := new(records.Account)
		if err := records.Get(v, keys.Account(v.account), r); err != nil {
			return fmt.Errorf("read account %s: %w", v.account, err)
		}
		summary = s.summaryQuotas(r)
		if err := v.countEntities(summary); err != nil {
			return err
		}
		return v.countRoot(r, summary)
	})
	return summary, err
}

// summaryQuotas returns what the account may have: nothing of certificates, which are not offered here.
func (s *Service) summaryQuotas(r *records.Account) map[string]int {
	summary := map[string]int{
		"ServerCertificatesQuota": 0, "SigningCertificatesPerUserQuota": 0, "PolicyVersionsInUseQuota": policyVersionsQuota,
	}
	q := &s.quotas
	for name, of := range map[string]struct {
		name     string
		standard int
	}{
		"UsersQuota": {quotas.Users, q.Users}, "GroupsQuota": {quotas.Groups, q.Groups}, "RolesQuota": {quotas.Roles, q.Roles},
		"PoliciesQuota": {quotas.Policies, q.Policies}, "InstanceProfilesQuota": {quotas.InstanceProfiles, q.InstanceProfiles},
		"UserPolicySizeQuota":           {quotas.UserPolicySize, q.InlineUser},
		"GroupPolicySizeQuota":          {quotas.GroupPolicySize, q.InlineGroup},
		"RolePolicySizeQuota":           {quotas.RolePolicySize, q.InlineRole},
		"GroupsPerUserQuota":            {quotas.GroupsPerUser, q.GroupsPerUser},
		"AccessKeysPerUserQuota":        {quotas.AccessKeysPerUser, q.AccessKeys},
		"AttachedPoliciesPerUserQuota":  {quotas.AttachedPerUser, q.PoliciesPerUser},
		"AttachedPoliciesPerGroupQuota": {quotas.AttachedPerGroup, q.PoliciesPerGroup},
		"AttachedPoliciesPerRoleQuota":  {quotas.AttachedPerRole, q.PoliciesPerRole},
		"PolicySizeQuota":               {quotas.PolicySize, q.PolicySize},
		"VersionsPerPolicyQuota":        {quotas.VersionsPerPolicy, q.VersionsPerPolicy},
		"AssumeRolePolicySizeQuota":     {quotas.TrustPolicySize, q.TrustSize},
	} {
		summary[name] = quotas.Of(r, of.name, of.standard)
	}
	return summary
}

// countEntities adds the numbers of entities.
func (v view) countEntities(summary map[string]int) error {
	for name, kinds := range map[string][]keys.Kind{
		"Users": {keys.UserKind}, "Groups": {keys.GroupKind}, "Roles": {keys.RoleKind}, "Policies": {keys.PolicyKind},
		"MFADevices": {keys.MFADeviceKind}, "MFADevicesInUse": {keys.EnabledMFADeviceKind},
		"InstanceProfiles": {keys.InstanceProfileKind}, "Providers": {keys.OIDCProviderKind, keys.SAMLProviderKind}, "ServerCertificates": nil,
	} {
		summary[name] = 0
		for _, k := range kinds {
			n, err := quotas.Count(v, v.account, k)
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
func (v view) countRoot(r *records.Account, summary map[string]int) error {
	from, to := keys.EnabledMFADevices(v.account, string(v.account))
	devices, err := v.count(from, to, 1)
	summary["AccountMFAEnabled"] = devices
	summary["AccountAccessKeysPresent"] = min(len(r.AccessKeys), 1)
	summary["AccountPasswordPresent"], summary["AccountSigningCertificatesPresent"] = 0, 0
	summary["GlobalEndpointTokenVersion"] = max(int(r.GlobalEndpointTokenVersion), 1)
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
	return quotas.Keep(c.tx, c.account, keys.PolicyVersionKind, max(n+by, 0))
}
