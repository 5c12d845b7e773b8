package iam

// Quotas limit what one account may have. Sizes are in characters, in which IAM does not count white
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
}

// DefaultQuotas returns the quotas of a new AWS account.
func DefaultQuotas() Quotas {
	return Quotas{
		Users: 5000, Groups: 300, Roles: 1000, Policies: 1500, InstanceProfiles: 1000,
		GroupsPerUser: 10, AccessKeys: 2, MFADevices: 8,
		PoliciesPerUser: 10, PoliciesPerGroup: 10, PoliciesPerRole: 10,
		VersionsPerPolicy: 5, PolicySize: 6144,
		InlineUser: 2048, InlineGroup: 5120, InlineRole: 10240,
		TrustSize: 2048, Tags: 50,
	}
}
