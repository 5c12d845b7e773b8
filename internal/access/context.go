package access

import (
	"strconv"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sts"
)

// callerKeys returns the condition keys that depend on the caller alone. tags are those of the user
// or role. The age of an MFA authentication depends on the time as well: see RequestKeys.
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
	if c.Session != nil {
		sessionKeys(&k, c.Session)
	}
	return k
}

// sessionKeys adds the condition keys of temporary credentials. Session tags replace those of the user or
// role, whatever the case of their keys.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_know
func sessionKeys(k *policy.Context, s *sts.Session) {
	providerKeys(k, s.ProviderKeys)
	for _, tag := range s.Tags {
		k.Set("aws:PrincipalTag/"+tag.Key, tag.Value)
	}
	k.Set("aws:TokenIssueTime", s.Issued.UTC().Format(time.RFC3339))
	// Present, and false, for temporary credentials that were had without MFA; absent for
	// long-term keys.
	k.Set("aws:MultiFactorAuthPresent", strconv.FormatBool(!s.MFA.IsZero()))
	if s.SourceIdentity != "" {
		k.Set("aws:SourceIdentity", s.SourceIdentity)
	}
	if s.Provider != "" {
		k.Set("aws:FederatedProvider", s.Provider)
	}
	if s.Kind == sts.AssumedRoot {
		k.Set("aws:AssumedRoot", "true")
	}
}

// RequestKeys adds the condition keys that depend on the caller and on the time of the request.
func (c *Caller) RequestKeys(k *policy.Context, now time.Time) {
	if mfa := c.MFA(); !mfa.IsZero() {
		k.Set("aws:MultiFactorAuthAge", strconv.FormatInt(max(int64(now.Sub(mfa)/time.Second), 0), 10))
	}
}

// principalKeys adds the condition keys of a principal, and of a role's sessions whatever their names. tags
// are those of the user or role.
func principalKeys(k *policy.Context, p *policy.Principal, tags []*records.Tag) {
	k.Set("aws:PrincipalType", principalType(p.Kind))
	k.Set("aws:PrincipalAccount", string(p.Account))
	if p.Kind == policy.FederatedUser {
		k.Set("aws:PrincipalArn", p.ARN)
	} else {
		k.Set("aws:PrincipalArn", p.EntityARN)
	}
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

// tagKeys adds the condition keys of the bucket's tags, which requests for its objects have as well, if
// attribute-based access control is enabled for it. Keys of tags that differ in case only are one condition key,
// for which the last in order counts.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging.html and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html (bucket, object)
func (b *Bucket) tagKeys(k *policy.Context) {
	if !b.Record.Abac {
		return
	}
	for _, tag := range b.Record.Tags {
		k.Set("aws:ResourceTag/"+tag.Key, tag.Value)
		k.Set("s3:BucketTag/"+tag.Key, tag.Value)
	}
}
