package stsapi

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/saml"
	"crossgrant/internal/sts"
	"crossgrant/internal/webidentity"
	"crossgrant/internal/wire/query"
)

// Providers finds identity providers; package sts does. What they return is nil if there is no such provider.
type Providers interface {
	// OIDCProvider returns the provider of an account for an issuer.
	OIDCProvider(ctx context.Context, account ids.AccountID, issuer string) (*webidentity.Provider, error)
	// SAMLProvider returns the provider of this name of an account.
	SAMLProvider(ctx context.Context, account ids.AccountID, name string) (*saml.Provider, error)
}

// Tokens verifies web identity tokens; package webidentity does.
type Tokens interface {
	Verify(ctx context.Context, token *webidentity.Token, p *webidentity.Provider) (*webidentity.Claims, error)
}

// federatedInput is what the operations have in common by which whoever an identity provider vouches for
// assumes a role.
type federatedInput struct {
	assumption

	// provider is the ARN of the provider; told are the condition keys of what it says, and kept those of them
	// that later requests of the session have as well.
	provider   string
	told, kept []sts.ProviderKey
	// longest limits the session, however long the role allows; 0: nothing does.
	longest time.Duration
}

// decodeFederated reads the parameters that the operations have in common.
func decodeFederated(q *query.Reader) federatedInput {
	return federatedInput{assumption: assumption{
		roleARN:    q.Required("RoleArn", arnRules...),
		duration:   duration(q, sts.MinDuration, sts.MaxRoleDuration),
		policy:     q.String("Policy", shortPolicyRules...),
		policyARNs: policyARNs(q),
	}}
}

// actAs makes the caller of the request whoever the provider vouches for. subject is its name there.
func (in *federatedInput) actAs(c *httpapi.Call, audience, subject string) {
	c.ActAs(access.Federated(in.provider, in.told))
	// As CloudTrail names such callers:
	// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
	c.Record.CallerID = in.provider + ":" + audience + ":" + subject
}

// checks asks what is asked of everybody who assumes a role. What the provider says is among the condition keys of
// the caller.
func (in *federatedInput) checks(action string) []access.Check {
	return in.assumption.checks(action, in.conditionKeys)
}

// issueFederated makes the session. action is the one that was asked for.
func (a *api) issueFederated(ctx context.Context, in *federatedInput, action string) (*assumedResult, error) {
	if in.role == nil {
		// Only a decision that takes silence for consent could lead here.
		return nil, apierr.AccessDenied("Not authorized to perform " + action)
	}
	duration, err := in.role.Duration(in.duration, false)
	if err != nil {
		return nil, err
	}
	if in.longest > 0 {
		duration = min(duration, in.longest)
	}
	session := in.role.Session(in.sessionName, "")
	session.Provider, session.ProviderKeys = in.provider, in.kept
	return a.issue(ctx, &in.assumption, session, duration)
}

// invalidToken refuses what a provider says.
func invalidToken(format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "InvalidIdentityToken", format, args...)
}

var (
	tagKeyRegexp         = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$`)
	tagValueRegexp       = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	sourceIdentityRegexp = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

// checkSession refuses session tags and a source identity that a request could not have either.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
func (in *federatedInput) checkSession() error {
	if len(in.tags.Passed) > sts.MaxTags || len(in.tags.Transitive) > sts.MaxTags {
		return invalidToken("A session can have at most %d tags.", sts.MaxTags)
	}
	for _, tag := range in.tags.Passed {
		badKey := utf8.RuneCountInString(tag.Key) > 128 || !tagKeyRegexp.MatchString(tag.Key)
		if badKey || utf8.RuneCountInString(tag.Value) > 256 || !tagValueRegexp.MatchString(tag.Value) {
			return invalidToken("The session tag %q is not valid.", tag.Key)
		}
	}
	if in.sourceIdentity != "" && (!sourceIdentityRegexp.MatchString(in.sourceIdentity) || strings.HasPrefix(in.sourceIdentity, "aws:")) {
		return invalidToken(`Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"`)
	}
	return in.tags.Check()
}

// keep returns those of keys whose names are among names.
func keep(told []sts.ProviderKey, names ...string) []sts.ProviderKey {
	var kept []sts.ProviderKey
	for _, key := range told {
		if slices.Contains(names, key.Name) {
			kept = append(kept, key)
		}
	}
	return kept
}
