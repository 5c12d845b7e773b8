package queryapi

import (
	"net/http"
	"slices"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/sts"
)

// bar is what temporary credentials are not good for, whatever policies say.
type bar struct {
	kinds   []sts.Kind
	service string
	// Operations are those that the credentials are not good for. If it is nil, they are good for those of
	// except and for no other.
	operations, except []string
	// withoutMFA says that the bar is for credentials that were had without an MFA device.
	withoutMFA bool
	// console says that the bar is for sessions that began with a password, which no other one of their kind is for.
	console bool
}

// bars are all of them. Credentials of AssumeRoot must not be good for others that their task policy does not
// limit.
//
// A session that began with a password is good for everything that its user may do, as the console calls everything, but
// not for sessions that outlast it, or that do without the MFA device with which it began: AWS refuses these two calls
// from its shell in the console.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html#stsapi_comparison,
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html,
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html and
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
var bars = []bar{
	{kinds: []sts.Kind{sts.RoleSession}, service: "sts", operations: []string{"GetFederationToken", "GetSessionToken"}},
	{kinds: []sts.Kind{sts.UserSession, sts.RootUserSession}, service: "sts", console: true, operations: []string{"GetFederationToken", "GetSessionToken"}},
	{kinds: []sts.Kind{sts.UserSession, sts.RootUserSession}, service: "sts", except: []string{"AssumeRole", "GetCallerIdentity"}},
	{kinds: []sts.Kind{sts.UserSession, sts.RootUserSession}, service: "iam", withoutMFA: true},
	{kinds: []sts.Kind{sts.FederatedUser}, service: "sts", except: []string{"GetCallerIdentity"}},
	{kinds: []sts.Kind{sts.FederatedUser}, service: "iam"},
	{kinds: []sts.Kind{sts.AssumedRoot}, service: "sts", except: []string{"GetCallerIdentity"}},
}

// barred returns the error for a caller whose credentials are not good for an operation; nil if they are.
//
// Sources of the words: https://github.com/aws/aws-sdk-net/issues/1704 and https://github.com/cloudyr/aws.iam/issues/15
// (observed); that STS has the same ones for all of its operations is our reading.
func barred(caller *access.Caller, service, operation string) error {
	if caller.Session == nil {
		return nil
	}
	for _, b := range bars {
		if b.service != service || !slices.Contains(b.kinds, caller.Session.Kind) || b.console != caller.Session.Console || b.withoutMFA && !caller.MFA().IsZero() {
			continue
		}
		if b.operations != nil && !slices.Contains(b.operations, operation) || b.operations == nil && slices.Contains(b.except, operation) {
			continue
		}
		if service == "iam" {
			return apierr.New(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid")
		}
		return apierr.AccessDenied("Cannot call " + operation + " with session credentials")
	}
	return nil
}
