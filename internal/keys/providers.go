package keys

import "crossgrant/internal/ids"

// OIDCProvider is the key of an OpenID Connect provider. issuer is its URL without the scheme, compared as
// it is written.
func OIDCProvider(account ids.AccountID, issuer string) []byte {
	return append(iam(account, 'o'), issuer...)
}

// OIDCProviders is the range of an account's OpenID Connect providers, by URL without the scheme.
func OIDCProviders(account ids.AccountID) (from, to []byte) { return prefix(iam(account, 'o')) }

// SAMLProvider is the key of a SAML provider, whose name is compared as it is written.
func SAMLProvider(account ids.AccountID, name string) []byte {
	return append(iam(account, 's'), name...)
}

// SAMLProviders is the range of an account's SAML providers, by name.
func SAMLProviders(account ids.AccountID) (from, to []byte) { return prefix(iam(account, 's')) }
