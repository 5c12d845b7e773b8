// Package quotas is what an account may have: the quotas of the services with their defaults, what an operator
// set in place of them for one account, and the numbers of what an account has that are kept for them.
//
// It is not what refuses: each service asks for the value of a quota in the transaction that needs it, and
// words its refusal itself. What an operator sets lies in the record of the account, and is in force for the
// next transaction that begins.
//
// The values of AWS are those of a new account. AWS raises some of them by request, up to a maximum; an operator
// may go beyond that, up to what this program can keep.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html and
// https://docs.aws.amazon.com/general/latest/gr/s3.html
package quotas

import (
	"errors"
	"fmt"
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Quota is one limit of an account; those of an organization are limits of its management account.
type Quota struct {
	// Name is AWS's: that of GetAccountSummary without "Quota" or, for what an account has in all, that of the
	// error texts.
	Name string
	// Told is the name in error texts where they have another one.
	Told string
	// Default is the value on AWS for a new account; 0: AWS has none, and 0 stands for no limit, or for the value that
	// follows from another quota.
	Default int
	// AWSMaximum is the value up to which AWS raises it; 0: AWS does not raise it.
	AWSMaximum int
	// Most is the largest value that can be set: what this program can keep.
	Most int
	// Like is the quota whose value this one has where none is set.
	Like string
	// Kind is the kind of what is counted, of which the number is kept; 0: nothing is counted for the account.
	Kind keys.Kind
	// Used returns the number of what is counted for the organization of a management account; nil elsewhere.
	Used func(n *records.OrganizationCounts) int64
}

// The names of the quotas.
const (
	Users             = "UsersPerAccount"
	Groups            = "GroupsPerAccount"
	Roles             = "RolesPerAccount"
	Policies          = "PoliciesPerAccount"
	VirtualMFADevices = "VirtualMFADevicesPerAccount"
	GroupsPerUser     = "GroupsPerUser"
	AccessKeysPerUser = "AccessKeysPerUser"
	MFADevicesPerUser = "MFADevicesPerUser"
	AttachedPerUser   = "AttachedPoliciesPerUser"
	AttachedPerGroup  = "AttachedPoliciesPerGroup"
	AttachedPerRole   = "AttachedPoliciesPerRole"
	VersionsPerPolicy = "VersionsPerPolicy"
	PolicySize        = "PolicySize"
	UserPolicySize    = "UserPolicySize"
	GroupPolicySize   = "GroupPolicySize"
	RolePolicySize    = "RolePolicySize"
	TrustPolicySize   = "AssumeRolePolicySize"
	Buckets           = "BucketsPerAccount"
	InstanceProfiles  = "InstanceProfilesPerAccount"
	OIDCProviders     = "OpenIdConnectProvidersPerAccount"
	SAMLProviders     = "SAMLProvidersPerAccount"

	Accounts         = "AccountsPerOrganization"
	Units            = "OrganizationalUnitsPerOrganization"
	SCPs             = "ServiceControlPoliciesPerOrganization"
	RCPs             = "ResourceControlPoliciesPerOrganization"
	AttachedPolicies = "ControlPoliciesPerTarget"

	RequestRate  = "RequestRate"
	RequestBurst = "RequestBurst"
)

const (
	// many is more than any account has.
	many = 1_000_000
	// someOf is how many of something may lie in one record, which every request of its owner reads.
	someOf = 1000
	// largest is the largest document that a request can have, in characters.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
	largest = 131_072
)

// all are the quotas, in the order in which they are shown. Sizes are in characters, of which IAM does not count
// white space; those of inline policies are sums over one entity. AWS's maxima are those of its page in 2026.
var all = []Quota{
	{Name: Users, Default: 5000, Most: many, Kind: keys.UserKind},
	{Name: Groups, Default: 300, AWSMaximum: 500, Most: many, Kind: keys.GroupKind},
	{Name: Roles, Default: 1000, AWSMaximum: 10_000, Most: many, Kind: keys.RoleKind},
	{Name: Policies, Default: 1500, AWSMaximum: 10_000, Most: many, Kind: keys.PolicyKind},
	{Name: InstanceProfiles, Default: 1000, AWSMaximum: 10_000, Most: many, Kind: keys.InstanceProfileKind},
	// Providers are listed all at once.
	{Name: OIDCProviders, Default: 100, AWSMaximum: 700, Most: someOf, Kind: keys.OIDCProviderKind},
	{Name: SAMLProviders, Default: 100, Most: someOf, Kind: keys.SAMLProviderKind},
	// An account may have as many virtual devices as users.
	{Name: VirtualMFADevices, Default: 5000, Most: many, Like: Users, Kind: keys.MFADeviceKind},
	{Name: GroupsPerUser, Default: 10, Most: someOf},
	{Name: AccessKeysPerUser, Default: 2, Most: someOf},
	{Name: MFADevicesPerUser, Default: 8, Most: someOf},
	{Name: AttachedPerUser, Told: "PoliciesPerUser", Default: 10, AWSMaximum: 20, Most: someOf},
	{Name: AttachedPerGroup, Told: "PoliciesPerGroup", Default: 10, Most: someOf},
	{Name: AttachedPerRole, Told: "PoliciesPerRole", Default: 10, AWSMaximum: 25, Most: someOf},
	// All versions lie in one record of at most 4 MiB, and a character may take two bytes.
	{Name: VersionsPerPolicy, Default: 5, Most: 15},
	{Name: PolicySize, Default: 6144, Most: largest},
	{Name: UserPolicySize, Default: 2048, Most: largest},
	{Name: GroupPolicySize, Default: 5120, Most: largest},
	{Name: RolePolicySize, Default: 10_240, Most: largest},
	{Name: TrustPolicySize, Told: "ACLSizePerRole", Default: 2048, AWSMaximum: 8192, Most: largest},
	{Name: Buckets, Default: 10_000, AWSMaximum: 1_000_000, Most: many, Kind: keys.BucketKind},
	// Of the organization that the account is the management account of. Those that are attached to one root, unit
	// or account count by type, and bear on every request of the accounts below.
	{Name: Accounts, Default: 10, AWSMaximum: 10_000, Most: many, Used: func(n *records.OrganizationCounts) int64 { return n.Accounts }},
	{Name: Units, Default: 2000, Most: many, Used: func(n *records.OrganizationCounts) int64 { return n.Units }},
	{Name: SCPs, Default: 10_000, Most: many, Used: func(n *records.OrganizationCounts) int64 { return n.Policies["SERVICE_CONTROL_POLICY"] }},
	{Name: RCPs, Default: 1000, Most: many, Used: func(n *records.OrganizationCounts) int64 { return n.Policies["RESOURCE_CONTROL_POLICY"] }},
	{Name: AttachedPolicies, Default: 5, Most: 100},
	// How many requests of its principals are served each second, and how many at once after a pause. AWS tells
	// neither, and S3 counts by prefix of keys; here they are the operator's.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
	{Name: RequestRate, Most: many},
	{Name: RequestBurst, Most: many},
}

// All returns the quotas in the order in which they are shown. They must not be changed.
func All() []Quota { return all }

// Lookup returns the quota of this name, which may be the one that error texts have. Only Quota.Name is a name by
// which values are set and read.
func Lookup(name string) (Quota, bool) {
	for _, q := range all {
		if name == q.Name || name == q.Told && q.Told != "" {
			return q, true
		}
	}
	return Quota{}, false
}

// Default returns the value of the quota of this name for a new account. It panics if there is none.
func Default(name string) int {
	q, ok := Lookup(name)
	if !ok {
		panic("quotas: there is no quota " + name)
	}
	return q.Default
}

// errClosed refuses to make anything for an account that is closed, or gone: what is under way when an account
// is closed must not outlive it.
var errClosed = &apierr.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: "The account is closed."}

// Value returns the value of a quota for an account: what the operator set, or else standard. AccessDenied if the
// account is closed, or not there.
func Value(r meta.Reader, account ids.AccountID, name string, standard int) (int, error) {
	record := new(records.Account)
	err := records.Get(r, keys.Account(account), record)
	if errors.Is(err, meta.ErrNotFound) || err == nil && record.Closed != 0 {
		return 0, errClosed
	}
	if err != nil {
		return 0, fmt.Errorf("read quotas of account %s: %w", account, err)
	}
	return Of(record, name, standard), nil
}

// Of is Value of an account that was read.
func Of(record *records.Account, name string, standard int) int {
	if set, ok := record.Quotas[name]; ok {
		return int(set)
	}
	if q, _ := Lookup(name); q.Like != "" {
		return Of(record, q.Like, standard)
	}
	return standard
}
