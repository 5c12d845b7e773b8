// Package saml reads what a SAML 2.0 identity provider sends: its metadata document, and responses that
// assert who a user is. It is the service provider's side of the Web Browser SSO profile, as AWS has it.
//
// What it guarantees: of a response only that is read which a key of the provider's metadata has signed. The
// signed element is read from the very bytes that were hashed, never from the document around it, so that
// wrapping a signed assertion in another document gains nothing. A document type declaration is refused, and
// so are signatures that rest on SHA-1.
//
// Sources: http://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf,
// http://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
package saml

import "crossgrant/internal/apierr"

// Namespaces of the documents.
const (
	metadataSpace   = "urn:oasis:names:tc:SAML:2.0:metadata"
	protocolSpace   = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionSpace  = "urn:oasis:names:tc:SAML:2.0:assertion"
	signatureSpace  = "http://www.w3.org/2000/09/xmldsig#"
	encryptionSpace = "http://www.w3.org/2001/04/xmlenc#"
)

// The statuses of HTTP that refusals have. This package does no network.
const (
	badRequest = 400
	forbidden  = 403
)

// invalid refuses a response, in the words that AWS's troubleshooting page has where it has any.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html
func invalid(format string, args ...any) *apierr.Error {
	return apierr.New(badRequest, "InvalidIdentityToken", format, args...)
}

func expired(format string, args ...any) *apierr.Error {
	return apierr.New(badRequest, "ExpiredTokenException", format, args...)
}

// malformed refuses a response that is not a SAML response.
func malformed(cause error) *apierr.Error {
	return invalid("Your request included an invalid SAML response.").Because(cause)
}
