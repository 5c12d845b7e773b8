package stsapi

import (
	"context"
	"errors"

	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

// mfaInput is the device that the caller shows to have, and what it shows.
type mfaInput struct{ serial, code string }

func decodeMFA(q *query.Reader) mfaInput {
	return mfaInput{q.String("SerialNumber", serialNumberRules...), q.String("TokenCode", tokenCodeRules...)}
}

// verifyMFA reports whether the caller shows a code of its own MFA device. It is false, without an error, if
// it shows none. The code is used up whatever comes of the request: it is a fact that the decision depends
// on. Devices of others are not asked, so that nobody can make them take no codes any more.
//
// Sources of the words: https://github.com/aws/aws-cli/issues/2279 and https://github.com/aws/aws-cli/issues/6325
// (observed); those for half of the parameters are as AWS is remembered to say, without a source.
func (a *api) verifyMFA(ctx context.Context, c *httpapi.Call, in mfaInput) (shown bool, err error) {
	switch {
	case in == mfaInput{}:
		return false, nil
	case in.serial == "" || in.code == "":
		return false, apierr.AccessDenied("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.")
	case c.Caller.Kind != policy.User && c.Caller.Kind != policy.Root:
		err = iam.ErrNoMFADevice // neither roles nor federated users have devices
	default:
		err = a.MFA.VerifyUserMFA(ctx, c.Caller.Account, c.Caller.EntityID, in.serial, in.code, c.Time)
	}
	switch {
	case errors.Is(err, iam.ErrNoMFADevice):
		return false, apierr.AccessDenied("MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.").Because(err)
	case errors.Is(err, iam.ErrMFACode):
		return false, apierr.AccessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code.").Because(err)
	}
	return err == nil, err
}
