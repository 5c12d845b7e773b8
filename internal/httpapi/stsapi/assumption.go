package stsapi

import (
	"context"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/sts"
)

// assumption is what the operations have in common by which a role is assumed: which role, and what the session
// will be like.
type assumption struct {
	roleARN     string
	account     ids.AccountID // of the role
	sessionName string
	duration    time.Duration
	policy      string
	policyARNs  []string
	tags        sts.Tags
	// sourceIdentity is what was passed or, once loaded, what is inherited or what a provider says; empty for none.
	sourceIdentity string

	role *sts.Role // read before the checks; nil if there is none
}

// checks asks for action on the role, for sts:TagSession if the session will have tags, and last for
// sts:SetSourceIdentity if it will have a source identity. A role that does not exist is one whose trust policy
// says nothing, so that the answer is that of a role which refuses the caller. keys adds the condition keys.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
func (in *assumption) checks(action string, keys func(*policy.Context)) []access.Check {
	trust := sts.NoTrust(in.roleARN)
	if in.role != nil {
		trust = in.role.Trust
	}
	ask := func(action string) access.Check {
		return access.Check{Action: action, Resource: in.roleARN, Owner: in.account, Policy: trust, Keys: keys}
	}
	checks := []access.Check{ask(action)}
	if in.tags.Any() {
		checks = append(checks, ask("sts:TagSession"))
	}
	if in.sourceIdentity != "" {
		checks = append(checks, ask("sts:SetSourceIdentity"))
	}
	return checks
}

// conditionKeys adds the keys of the request and of the role. All questions have all of them: AWS's examples of
// trust policies allow two actions in one statement, under conditions on keys that its reference lists for one.
//
// Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html#id_credentials_temp_control-access_monitor-control-access
func (in *assumption) conditionKeys(k *policy.Context) {
	k.Set("sts:RoleSessionName", in.sessionName)
	if in.sourceIdentity != "" {
		k.Set("sts:SourceIdentity", in.sourceIdentity)
	}
	requestTags(k, in.tags.Passed)
	if len(in.tags.Transitive) > 0 {
		k.SetMulti("sts:TransitiveTagKeys", in.tags.Transitive)
	}
	if in.role != nil {
		in.resourceTags(k)
	}
}

// resourceTags adds the tags of the role. A tag that the caller hands on stands in the place of the role's of
// the same key.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
func (in *assumption) resourceTags(k *policy.Context) {
	for _, tag := range in.role.Tags {
		value := tag.Value
		for _, inherited := range in.tags.Inherited {
			if sts.SameKey(inherited.Key, tag.Key) {
				value = inherited.Value
			}
		}
		k.Set("aws:ResourceTag/"+tag.Key, value)
		k.Set("iam:ResourceTag/"+tag.Key, value)
	}
}

type assumedRoleUser struct{ AssumedRoleId, Arn string }

// assumedResult is what the answers have in common.
type assumedResult struct {
	AssumedRoleUser assumedRoleUser
	Credentials     credentials
	// PackedPolicySize is there only if session policies or tags were passed.
	PackedPolicySize *int   `xml:",omitempty"`
	SourceIdentity   string `xml:",omitempty"`
}

// issue makes the session, which has its kind and who it is for; the rest is added.
func (a *api) issue(ctx context.Context, in *assumption, session sts.Session, duration time.Duration) (*assumedResult, error) {
	session.SourceIdentity = in.sourceIdentity
	issued, err := a.sts.Issue(ctx, sts.Request{
		Session: session, Duration: duration, Policy: in.policy, PolicyARNs: in.policyARNs, Tags: in.tags,
	})
	if err != nil {
		return nil, err
	}
	result := &assumedResult{
		AssumedRoleUser: assumedRoleUser{AssumedRoleId: issued.Session.UserID(), Arn: issued.Session.ARN()},
		Credentials:     showCredentials(issued),
		SourceIdentity:  in.sourceIdentity,
	}
	if in.policy != "" || len(in.policyARNs) > 0 || len(in.tags.Passed) > 0 {
		result.PackedPolicySize = &issued.PackedSize
	}
	return result, nil
}
