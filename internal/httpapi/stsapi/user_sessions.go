package stsapi

import (
	"context"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/query"
)

type sessionTokenInput struct {
	duration time.Duration
	mfa      mfaInput
}

type sessionTokenResult struct{ Credentials credentials }

// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
func (a *api) getSessionToken() httpapi.Operation {
	return queryapi.Row[sessionTokenInput]{
		Name: "GetSessionToken",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*sessionTokenInput, error) {
			return &sessionTokenInput{duration(q, sts.MinDuration, sts.MaxUserDuration), decodeMFA(q)}, nil
		},
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html
		Unchecked: "no permissions are required, and policies cannot be used to control it",
		Run:       a.runGetSessionToken,
	}.Operation(protocol)
}

func (a *api) runGetSessionToken(ctx context.Context, c *httpapi.Call, in *sessionTokenInput) (any, error) {
	withMFA, err := a.verifyMFA(ctx, c, in.mfa)
	if err != nil {
		return nil, err
	}
	session := ofCaller(c.Caller, sts.UserSession, sts.RootUserSession)
	if withMFA {
		session.MFA = c.Time.UTC().Truncate(time.Second)
	}
	issued, err := a.sts.Issue(ctx, sts.Request{
		Session: session, Duration: sts.UserDuration(in.duration, c.Caller.Kind == policy.Root),
	})
	if err != nil {
		return nil, err
	}
	return &sessionTokenResult{showCredentials(issued)}, nil
}

// ofCaller returns the beginnings of a session of the user who calls, or of the root user. Other callers get
// here with no credentials: package queryapi bars them, and what is returned for them cannot be issued.
func ofCaller(caller *access.Caller, user, root sts.Kind) sts.Session {
	s := sts.Session{Account: caller.Account, IssuedTo: caller.ARN}
	switch caller.Kind {
	case policy.User:
		s.Kind, s.EntityName, s.EntityID = user, caller.Name, caller.EntityID
	case policy.Root:
		s.Kind = root
	}
	return s
}

type federationTokenInput struct {
	name       string
	duration   time.Duration
	policy     string
	policyARNs []string
	tags       sts.Tags
}

type federatedUser struct{ FederatedUserId, Arn string }

type federationTokenResult struct {
	Credentials   credentials
	FederatedUser federatedUser
	// PackedPolicySize is there also if nothing was passed, as observed on AWS.
	PackedPolicySize int
}

// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
func (a *api) getFederationToken() httpapi.Operation {
	return queryapi.Row[federationTokenInput]{
		Name:   "GetFederationToken",
		Decode: decodeGetFederationToken,
		Checks: checkGetFederationToken,
		Run:    a.runGetFederationToken,
	}.Operation(protocol)
}

func decodeGetFederationToken(_ *httpapi.Call, q *query.Reader) (*federationTokenInput, error) {
	in := &federationTokenInput{
		name:       q.Required("Name", federatedNameRules...),
		duration:   duration(q, sts.MinDuration, sts.MaxUserDuration),
		policy:     q.String("Policy", shortPolicyRules...),
		policyARNs: policyARNs(q),
		tags:       sts.Tags{Passed: passedTags(q)},
	}
	return in, in.tags.Check()
}

// checkGetFederationToken asks for sts:GetFederationToken on the federated user, and for sts:TagSession if it
// gets tags.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-getfederationtoken
func checkGetFederationToken(c *httpapi.Call, in *federationTokenInput) []access.Check {
	ask := access.Check{
		Action: "sts:GetFederationToken", Resource: arn.FederatedUser(c.Caller.Account, in.name).String(),
		Keys: func(k *policy.Context) { requestTags(k, in.tags.Passed) },
	}
	checks := []access.Check{ask}
	if in.tags.Any() {
		ask.Action = "sts:TagSession"
		checks = append(checks, ask)
	}
	return checks
}

func (a *api) runGetFederationToken(ctx context.Context, c *httpapi.Call, in *federationTokenInput) (any, error) {
	session := ofCaller(c.Caller, sts.FederatedUser, sts.FederatedUser)
	session.SessionName = in.name
	issued, err := a.sts.Issue(ctx, sts.Request{
		Session: session, Duration: sts.UserDuration(in.duration, c.Caller.Kind == policy.Root),
		Policy: in.policy, PolicyARNs: in.policyARNs, Tags: in.tags,
	})
	if err != nil {
		return nil, err
	}
	return &federationTokenResult{
		Credentials:      showCredentials(issued),
		FederatedUser:    federatedUser{issued.Session.UserID(), issued.Session.ARN()},
		PackedPolicySize: issued.PackedSize,
	}, nil
}
