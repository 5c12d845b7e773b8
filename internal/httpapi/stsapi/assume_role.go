package stsapi

import (
	"context"

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
	assumption
	externalID string // empty if it was not passed: the shortest one has two characters
	mfa        mfaInput
	withMFA    bool // the caller has shown a code of its MFA device with this very request
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

func decodeAssumeRole(c *httpapi.Call, q *query.Reader) (in *assumeRoleInput, err error) {
	in = &assumeRoleInput{
		assumption: assumption{
			roleARN:     q.Required("RoleArn", arnRules...),
			sessionName: q.Required("RoleSessionName", sessionNameRules...),
			duration:    duration(q, sts.MinDuration, sts.MaxRoleDuration),
			policy:      q.String("Policy", policyRules...),
			policyARNs:  policyARNs(q),
			tags: sts.Tags{
				Passed:     passedTags(q),
				Transitive: q.Strings("TransitiveTagKeys", sts.MaxTags, tagKeyRules...),
				Inherited:  c.Caller.Session.Inherited(),
			},
			sourceIdentity: q.String("SourceIdentity", sourceIdentityRules...),
		},
		externalID: q.String("ExternalId", externalIDRules...),
		mfa:        decodeMFA(q),
	}
	contexts := decodeContexts(q)
	if in.account, err = sts.ParseRoleARN(in.roleARN); err != nil {
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
	in.tell(c)
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

// checkAssumeRole asks what is asked of everybody who assumes a role. A role that passes on a source identity needs
// the permission in its own policies as well, also where the trust policy would be enough.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html#id_credentials_temp_control-access_monitor-perms
func checkAssumeRole(c *httpapi.Call, in *assumeRoleInput) []access.Check {
	checks := in.checks("sts:AssumeRole", in.conditionKeys)
	if in.sourceIdentity != "" {
		checks[len(checks)-1].BothSides = c.Caller.Kind == policy.RoleSession
	}
	return checks
}

// conditionKeys adds the keys of AssumeRole to those that all operations have by which a role is assumed.
func (in *assumeRoleInput) conditionKeys(k *policy.Context) {
	in.assumption.conditionKeys(k)
	if in.externalID != "" {
		k.Set("sts:ExternalId", in.externalID)
	}
	if in.withMFA {
		k.Set("aws:MultiFactorAuthPresent", "true")
		k.Set("aws:MultiFactorAuthAge", "0")
	}
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
	return a.issue(ctx, &in.assumption, in.role.Session(in.sessionName, c.Caller.ARN), duration)
}
