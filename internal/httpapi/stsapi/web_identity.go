package stsapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/sts"
	"crossgrant/internal/webidentity"
	"crossgrant/internal/wire/query"
)

// webIdentityInput is AssumeRoleWithWebIdentity's input.
type webIdentityInput struct {
	federatedInput
	token  *webidentity.Token
	claims *webidentity.Claims // read before the checks
}

// assumeRoleWithWebIdentity is the row of AssumeRoleWithWebIdentity. The request is not signed: the token shows
// who asks. It counts if it is of an OpenID Connect provider of the role's account.
//
// Google, Facebook, Login with Amazon and Amazon Cognito, which AWS trusts without a provider of the account,
// are trusted here only as such a provider, if they are OpenID Connect issuers.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
func (a *api) assumeRoleWithWebIdentity() httpapi.Operation {
	const action = "sts:AssumeRoleWithWebIdentity"
	return queryapi.Row[webIdentityInput]{
		Name:     "AssumeRoleWithWebIdentity",
		Unsigned: true,
		Decode:   decodeWebIdentity,
		Load:     a.loadWebIdentity,
		Checks:   func(_ *httpapi.Call, in *webIdentityInput) []access.Check { return in.checks(action) },
		Run: func(ctx context.Context, _ *httpapi.Call, in *webIdentityInput) (any, error) {
			result, err := a.issueFederated(ctx, &in.federatedInput, action)
			if err != nil {
				return nil, err
			}
			return &webIdentityResult{*result, in.claims.Subject, in.provider, in.claims.Audience}, nil
		},
	}.Operation(protocol)
}

type webIdentityResult struct {
	assumedResult
	SubjectFromWebIdentityToken string
	Provider                    string
	Audience                    string
}

func decodeWebIdentity(_ *httpapi.Call, q *query.Reader) (in *webIdentityInput, err error) {
	in = &webIdentityInput{federatedInput: decodeFederated(q)}
	in.sessionName = q.Required("RoleSessionName", sessionNameRules...)
	text := q.Required("WebIdentityToken", query.Length(4, 20000))
	other := q.String("ProviderId", query.Length(4, 2048))
	if in.account, err = sts.ParseRoleARN(in.roleARN); err != nil {
		return in, err
	}
	if other != "" {
		return in, invalidToken("Access tokens of the provider %s are not accepted: only ID tokens of OpenID Connect providers of the role's account are.", other)
	}
	in.token, err = webidentity.Parse(text)
	return in, err
}

// loadWebIdentity reads the role and the provider, and verifies the token. That there is no role does not save
// the token from being verified, so that nothing tells the two apart.
func (a *api) loadWebIdentity(ctx context.Context, c *httpapi.Call, in *webIdentityInput) (err error) {
	if in.role, err = a.Roles.Role(ctx, in.roleARN); err != nil {
		return err
	}
	provider, err := a.Providers.OIDCProvider(ctx, in.account, in.token.Issuer)
	if err != nil {
		return err
	}
	if provider == nil {
		return invalidToken("No OpenIDConnect provider found in your account for %s", in.token.Issuer)
	}
	if in.claims, err = a.Tokens.Verify(ctx, in.token, provider); err != nil {
		return err
	}
	issuer := issuerName(provider)
	in.provider = arn.OIDCProvider(in.account, issuer).String()
	in.told = claimKeys(issuer, in.claims)
	in.kept = keep(in.told, issuer+":aud", issuer+":sub", issuer+":amr")
	for _, tag := range in.claims.Tags {
		in.tags.Passed = append(in.tags.Passed, sts.Tag(tag))
	}
	in.tags.Transitive, in.sourceIdentity = in.claims.TransitiveTagKeys, in.claims.SourceIdentity
	in.actAs(c, in.claims.Audience, in.claims.Subject)
	return in.checkSession()
}
