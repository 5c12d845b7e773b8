package stsapi

import (
	"context"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/query"
)

// assumeRoleInput is AssumeRole's input.
type assumeRoleInput struct {
	roleARN     string
	sessionName string
	externalID  string // empty if it was not passed: the shortest one has two characters
	duration    time.Duration
	policy      string
	policyARNs  []string
	tags        sts.Tags
	// sourceIdentity is what was passed or, once loaded, what is inherited; empty for none.
	sourceIdentity string
	mfa            mfaInput

	role    *sts.Role // nil if there is none
	withMFA bool      // the caller has shown a code of its MFA device with this very request
}

// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func (a *api) assumeRole() httpapi.Operation {
	return queryapi.Row[assumeRoleInput]{
		Name:   "AssumeRole",
		Decode: decodeAssumeRole,
		Load:   a.loadAssumeRole,
		Checks: checkAssumeRole,
		Run:    a.runAssumeRole,
	}.Operation(protocol)
}

func decodeAssumeRole(c *httpapi.Call, q *query.Reader) (*assumeRoleInput, error) {
	in := &assumeRoleInput{
		roleARN:     q.Required("RoleArn", arnRules...),
		sessionName: q.Required("RoleSessionName", sessionNameRules...),
		externalID:  q.String("ExternalId", externalIDRules...),
		duration:    duration(q, sts.MinDuration, sts.MaxRoleDuration),
		policy:      q.String("Policy", policyRules...),
		policyARNs:  policyARNs(q),
		tags: sts.Tags{
			Passed:     passedTags(q),
			Transitive: q.Strings("TransitiveTagKeys", sts.MaxTags, tagKeyRules...),
			Inherited:  c.Caller.Session.Inherited(),
		},
		sourceIdentity: q.String("SourceIdentity", sourceIdentityRules...),
		mfa:            decodeMFA(q),
	}
	contexts := decodeContexts(q)
	if _, err := sts.ParseRoleARN(in.roleARN); err != nil {
		return in, err
	}
	if contexts {
		return in, errContexts
	}
	return in, in.tags.Check()
}

// errContexts refuses context assertions. They are made by IAM Identity Center, the only context provider that
// AWS has, which is not here, so that none can be valid.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_ProvidedContext.html
var errContexts = query.Invalid("The context assertion in ProvidedContexts is invalid: there is no context provider that has issued it.")

// decodeContexts reads ProvidedContexts and reports whether there are any.
func decodeContexts(q *query.Reader) bool {
	items := q.List("ProvidedContexts", 5)
	for _, item := range items {
		item.String("ProviderArn", arnRules...)
		item.String("ContextAssertion", query.Length(4, 2048))
	}
	return len(items) > 0
}

func (a *api) loadAssumeRole(ctx context.Context, c *httpapi.Call, in *assumeRoleInput) (err error) {
	if c.Caller.Kind == policy.Root {
		return apierr.AccessDenied("Roles may not be assumed by root accounts.")
	}
	if err := in.inheritSourceIdentity(c.Caller); err != nil {
		return err
	}
	if in.role, err = a.Roles.Role(ctx, in.roleARN); err != nil {
		return err
	}
	in.withMFA, err = a.verifyMFA(ctx, c, in.mfa)
	return err
}

// inheritSourceIdentity puts the source identity of the calling session into in. It cannot be changed.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html, which
// says that the request is denied, and not with which words
func (in *assumeRoleInput) inheritSourceIdentity(caller *access.Caller) error {
	if caller.Session == nil || caller.Session.SourceIdentity == "" {
		return nil
	}
	inherited := caller.Session.SourceIdentity
	if in.sourceIdentity != "" && in.sourceIdentity != inherited {
		return apierr.AccessDenied("The source identity of the calling session cannot be changed.")
	}
	in.sourceIdentity = inherited
	return nil
}

// checkAssumeRole asks for sts:AssumeRole on the role, for sts:TagSession if the session will have tags, and for
// sts:SetSourceIdentity if it will have a source identity. A role that does not exist is one whose trust
// policy says nothing, so that the answer is that of a role which refuses the caller.
//
// A role that passes on a source identity needs the permission in its own policies as well, also where the
// trust policy would be enough.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
// and https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html#id_credentials_temp_control-access_monitor-perms
func checkAssumeRole(c *httpapi.Call, in *assumeRoleInput) []access.Check {
	account, _ := sts.ParseRoleARN(in.roleARN) // decodeAssumeRole has seen to it
	trust := sts.NoTrust(in.roleARN)
	if in.role != nil {
		trust = in.role.Trust
	}
	ask := func(action string) access.Check {
		return access.Check{Action: action, Resource: in.roleARN, Owner: account, Policy: trust, Keys: in.conditionKeys}
	}
	checks := []access.Check{ask("sts:AssumeRole")}
	if in.tags.Any() {
		checks = append(checks, ask("sts:TagSession"))
	}
	if in.sourceIdentity == "" {
		return checks
	}
	set := ask("sts:SetSourceIdentity")
	set.BothSides = c.Caller.Kind == policy.RoleSession
	return append(checks, set)
}

// conditionKeys adds the keys of AssumeRole. All of its questions have all of them: AWS's examples of trust
// policies allow two actions in one statement, under conditions on keys that its reference lists for one.
//
// Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html#id_credentials_temp_control-access_monitor-control-access
func (in *assumeRoleInput) conditionKeys(k *policy.Context) {
	k.Set("sts:RoleSessionName", in.sessionName)
	if in.externalID != "" {
		k.Set("sts:ExternalId", in.externalID)
	}
	if in.sourceIdentity != "" {
		k.Set("sts:SourceIdentity", in.sourceIdentity)
	}
	requestTags(k, in.tags.Passed)
	if len(in.tags.Transitive) > 0 {
		k.SetMulti("sts:TransitiveTagKeys", in.tags.Transitive)
	}
	if in.withMFA {
		k.Set("aws:MultiFactorAuthPresent", "true")
		k.Set("aws:MultiFactorAuthAge", "0")
	}
	if in.role != nil {
		in.resourceTags(k)
	}
}

// resourceTags adds the tags of the role. A tag that the caller hands on stands in the place of the role's of
// the same key.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
func (in *assumeRoleInput) resourceTags(k *policy.Context) {
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

type assumeRoleResult struct {
	AssumedRoleUser assumedRoleUser
	Credentials     credentials
	// PackedPolicySize is there only if session policies or tags were passed.
	PackedPolicySize *int   `xml:",omitempty"`
	SourceIdentity   string `xml:",omitempty"`
}

func (a *api) runAssumeRole(ctx context.Context, c *httpapi.Call, in *assumeRoleInput) (any, error) {
	if in.role == nil {
		// Only a decision that takes silence for consent could lead here.
		return nil, apierr.AccessDenied("User: " + c.Caller.ARN + " is not authorized to perform: sts:AssumeRole on resource: " + in.roleARN)
	}
	duration, err := in.role.Duration(in.duration, c.Caller.Temporary())
	if err != nil {
		return nil, err
	}
	session := in.role.Session(in.sessionName, c.Caller.ARN)
	session.SourceIdentity = in.sourceIdentity
	issued, err := a.sts.Issue(ctx, sts.Request{
		Session: session, Duration: duration, Policy: in.policy, PolicyARNs: in.policyARNs, Tags: in.tags,
	})
	if err != nil {
		return nil, err
	}
	result := &assumeRoleResult{
		AssumedRoleUser: assumedRoleUser{AssumedRoleId: issued.Session.UserID(), Arn: issued.Session.ARN()},
		Credentials:     showCredentials(issued),
		SourceIdentity:  in.sourceIdentity,
	}
	if in.policy != "" || len(in.policyARNs) > 0 || len(in.tags.Passed) > 0 {
		result.PackedPolicySize = &issued.PackedSize
	}
	return result, nil
}
