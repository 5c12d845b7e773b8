package stsapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/query"
)

// Limits of GetWebIdentityToken, from the API's model.
const (
	defaultTokenDuration = 5 * time.Minute
	minTokenDuration     = time.Minute
	maxTokenDuration     = time.Hour
	maxAudiences         = 10
)

type webIdentityTokenInput struct {
	audience  []string
	algorithm string
	duration  time.Duration
	tags      sts.Tags
}

// getWebIdentityToken answers, to who may call it, what AWS answers in accounts in which outbound identity
// federation was not enabled. It cannot be here: the tokens would be of an issuer that nobody outside can ask
// for its keys.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
func (a *api) getWebIdentityToken() httpapi.Operation {
	return queryapi.Row[webIdentityTokenInput]{
		Name: "GetWebIdentityToken", NotOffered: "outbound web identity federation",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*webIdentityTokenInput, error) {
			in := &webIdentityTokenInput{
				audience:  q.RequiredStrings("Audience", maxAudiences, query.Length(1, 1000)),
				algorithm: q.Required("SigningAlgorithm", query.Enum("RS256", "ES384")),
				duration:  duration(q, minTokenDuration, maxTokenDuration),
				tags:      sts.Tags{Passed: passedTags(q)},
			}
			if in.duration == 0 {
				in.duration = defaultTokenDuration
			}
			return in, in.tags.Check()
		},
		Checks: checkGetWebIdentityToken,
		Run: func(context.Context, *httpapi.Call, *webIdentityTokenInput) (any, error) {
			return nil, apierr.New(http.StatusForbidden, "OutboundWebIdentityFederationDisabledException",
				"The outbound web identity federation feature is not enabled for this account. To use this feature, you must first enable it through the AWS Management Console or API.")
		},
	}.Operation(protocol)
}

// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
func checkGetWebIdentityToken(_ *httpapi.Call, in *webIdentityTokenInput) []access.Check {
	checks := []access.Check{{Action: "sts:GetWebIdentityToken", Resource: "*", Keys: func(k *policy.Context) {
		k.SetMulti("sts:IdentityTokenAudience", in.audience)
		k.Set("sts:SigningAlgorithm", in.algorithm)
		k.Set("sts:DurationSeconds", strconv.Itoa(int(in.duration/time.Second)))
		requestTags(k, in.tags.Passed)
	}}}
	if in.tags.Any() {
		checks = append(checks, access.Check{
			Action: "sts:TagGetWebIdentityToken", Resource: "*", Keys: func(k *policy.Context) { requestTags(k, in.tags.Passed) },
		})
	}
	return checks
}

// getDelegatedAccessToken refuses every trade-in token, to who may call it: none was ever issued here, and AWS
// has one error for those that are no longer good.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetDelegatedAccessToken.html
func (a *api) getDelegatedAccessToken() httpapi.Operation {
	return queryapi.Row[struct{}]{
		Name: "GetDelegatedAccessToken", NotOffered: "trade-in tokens",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*struct{}, error) {
			q.Required("TradeInToken")
			return new(struct{}), nil
		},
		Checks: onEverything[struct{}]("sts:GetDelegatedAccessToken"),
		Run: func(context.Context, *httpapi.Call, *struct{}) (any, error) {
			return nil, apierr.New(http.StatusBadRequest, "ExpiredTradeInTokenException",
				"The trade-in token provided in the request has expired and can no longer be exchanged for credentials. Request a new token and retry the operation.")
		},
	}.Operation(protocol)
}
