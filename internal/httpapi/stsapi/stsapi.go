// Package stsapi is the table of operations of the AWS Security Token Service.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/
package stsapi

import (
	"context"
	"time"

	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/query"
)

// protocol is STS on the wire.
var protocol = queryapi.Protocol{
	Name:       "sts",
	Version:    "2011-06-15",
	Namespace:  "https://sts.amazonaws.com/doc/2011-06-15/",
	ShowValues: true,
	Known:      known,
}

// Roles finds roles with their trust policies; package access does.
type Roles interface {
	// Role returns the role of this ARN, or nil if there is none: it must not be told apart from one that
	// refuses the caller. A ValidationError says that roleARN is not the ARN of a role.
	Role(ctx context.Context, roleARN string) (*sts.Role, error)
}

// MFADevices judges codes of MFA devices; package iam does.
type MFADevices interface {
	// VerifyUserMFA returns nil if code is one of the device with this serial number, which is enabled for the
	// user with this unique ID, or for the root user if it is empty, and the code was not used before.
	VerifyUserMFA(ctx context.Context, account ids.AccountID, user ids.UniqueID, serial, code string, now time.Time) error
}

// Deps are what the API needs beside the service.
type Deps struct {
	Roles     Roles
	MFA       MFADevices
	Providers Providers
	Tokens    Tokens
	// RootAccess is for AssumeRoot.
	RootAccess RootAccess
}

// New returns the API over service.
func New(service *sts.Service, deps Deps) *queryapi.Service {
	a := &api{service, deps}
	return queryapi.New(protocol,
		a.assumeRole(), a.assumeRoleWithWebIdentity(), a.assumeRoleWithSAML(), a.getSessionToken(), a.getFederationToken(), a.assumeRoot(),
		a.getCallerIdentity(), a.getAccessKeyInfo(), a.decodeAuthorizationMessage(),
		a.getWebIdentityToken(), a.getDelegatedAccessToken(),
	)
}

type api struct {
	sts *sts.Service
	Deps
}

// credentials are new credentials as answers have them.
type credentials struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }

func showCredentials(c *sts.Credentials) credentials {
	return credentials{
		AccessKeyId: string(c.Session.AccessKeyID), SecretAccessKey: c.Session.Secret,
		SessionToken: c.SessionToken, Expiration: query.Time(c.Session.Expires),
	}
}
