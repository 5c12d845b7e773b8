package access

import (
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// callerKeys returns the condition keys that depend on the caller alone. tags are those of the user
// or role.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
func callerKeys(c *Caller, tags []*records.Tag) policy.Context {
	var k policy.Context
	if id := c.UserID(); id != "" {
		k.Set("aws:userid", id)
	}
	if c.Kind == policy.Anonymous {
		k.Set("aws:PrincipalType", principalType(c.Kind))
		k.Set("aws:PrincipalAccount", "anonymous")
		return k
	}
	principalKeys(&k, &c.Principal, tags)
	c.member.keys(&k, "aws:Principal")
	if c.Kind == policy.User {
		k.Set("aws:username", c.Name)
	}
	if c.Temporary() {
		k.Set("aws:TokenIssueTime", c.Issued.UTC().Format(time.RFC3339))
		// Present, and false, for temporary credentials that were had without MFA; absent for
		// long-term keys.
		k.Set("aws:MultiFactorAuthPresent", "false")
	}
	return k
}

// principalKeys adds the condition keys of a principal, and of a role's sessions whatever their names. tags
// are those of the user or role.
func principalKeys(k *policy.Context, p *policy.Principal, tags []*records.Tag) {
	k.Set("aws:PrincipalType", principalType(p.Kind))
	k.Set("aws:PrincipalAccount", string(p.Account))
	k.Set("aws:PrincipalArn", p.EntityARN)
	k.Set("aws:PrincipalIsAWSService", "false")
	for _, tag := range tags {
		k.Set("aws:PrincipalTag/"+tag.Key, tag.Value)
	}
}

// principalType returns the value of aws:PrincipalType.
func principalType(k policy.Kind) string {
	switch k {
	case policy.Root:
		return "Account"
	case policy.User:
		return "User"
	case policy.RoleSession:
		return "AssumedRole"
	case policy.FederatedUser:
		return "FederatedUser"
	case policy.Service:
		return "Service"
	default:
		return "Anonymous"
	}
}

// ResourceKeys adds the condition keys that a request for an action has because of who owns the resource;
// an empty owner is that of no resource.
func ResourceKeys(k *policy.Context, owner ids.AccountID, action string) {
	if owner == "" {
		return
	}
	k.Set("aws:ResourceAccount", string(owner))
	if isS3(action) {
		k.Set("s3:ResourceAccount", string(owner))
	}
}
