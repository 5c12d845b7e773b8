package s3api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

const mfaHeader = "x-amz-mfa"

// MFADevices judges codes of MFA devices; package iam does.
type MFADevices interface {
	// VerifyMFA returns nil if code is one of the device of account's root user that has this serial, and
	// was not used before.
	VerifyMFA(ctx context.Context, account ids.AccountID, serial, code string, now time.Time) error
}

// needMFA refuses a request on a bucket with MFA delete unless the root user of the bucket's owner makes it
// with a code of its MFA device:
//
//	x-amz-mfa: SERIAL CODE
//
// S3 takes the header over HTTPS only, which whoever runs this server decides.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html
func (s *Service) needMFA(ctx context.Context, c *httpapi.Call, b *access.Bucket) error {
	if !has(c.HTTP, mfaHeader) {
		return apierr.AccessDenied("Mfa Authentication must be used for this request")
	}
	if c.Caller.Kind != policy.Root || c.Caller.Account != b.Owner {
		return apierr.AccessDenied("This operation may only be performed by the bucket owner")
	}
	serial, code, ok := strings.Cut(header(c.HTTP, mfaHeader), " ")
	if !ok || serial == "" || code == "" {
		return apierr.New(http.StatusBadRequest, "InvalidRequest", "The SerialNumber and/or token code you provided is not valid.")
	}
	if err := s.MFA.VerifyMFA(ctx, b.Owner, serial, code, c.Time); err != nil {
		return apierr.AccessDenied("The SerialNumber and/or token code you provided is not valid.").Because(err)
	}
	return nil
}
