package stsapi

// known is the names of all operations of AWS's service.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/sts
const known = `
	AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot DecodeAuthorizationMessage
	GetAccessKeyInfo GetCallerIdentity GetDelegatedAccessToken GetFederationToken GetSessionToken
	GetWebIdentityToken
`
