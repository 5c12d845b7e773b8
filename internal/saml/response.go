package saml

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/beevik/etree"

	"crossgrant/internal/apierr"
)

// Provider is the identity provider that a response has to come from.
type Provider struct {
	Metadata *Metadata
	// ID is the unique ID of the provider: a recipient may name it.
	ID string
	// Keys decrypt assertions; Encrypted says that assertions have to be encrypted.
	Keys      []*rsa.PrivateKey
	Encrypted bool
}

// Verify returns what a response asserts, which is encoded in base 64 as browsers post it. now is the time.
// Errors are InvalidIdentityToken, ExpiredTokenException, and IDPRejectedClaim for a response that says that
// the user was not authenticated.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
func Verify(encoded string, p *Provider, now time.Time) (*Assertion, error) {
	document, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return nil, malformed(err)
	}
	response, err := parse(document)
	if err != nil {
		return nil, malformed(err)
	}
	if !is(response, protocolSpace, "Response") {
		return nil, malformed(errors.New("the document is not a Response"))
	}
	if until := p.Metadata.ValidUntil; !until.IsZero() && !now.Before(until) {
		return nil, invalid("The metadata document of the specified provider has expired.")
	}
	assertion, err := signedAssertion(response, p)
	if err != nil {
		return nil, err
	}
	return read(assertion, p, now)
}

// signedAssertion returns the one assertion of a response, from what is signed: the response, or the
// assertion itself.
func signedAssertion(response *etree.Element, p *Provider) (*etree.Element, error) {
	authentic := signed(response)
	if authentic {
		covered, err := verify(response, p.Metadata.Certificates)
		if err != nil {
			return nil, err
		}
		response = covered
	}
	if err := checkResponse(response, p); err != nil {
		return nil, err
	}
	assertion, wasEncrypted, err := soleAssertion(response, p, authentic)
	switch {
	case err != nil:
		return nil, err
	case p.Encrypted && !wasEncrypted:
		return nil, invalid("The SAML assertion must be encrypted.")
	case authentic && !signed(assertion):
		return assertion, nil
	default:
		return verify(assertion, p.Metadata.Certificates)
	}
}

// checkResponse judges what a response says beside its assertion. If it is not signed, that is nothing to
// rely on, but a response that says no is taken at its word.
func checkResponse(response *etree.Element, p *Provider) error {
	if response.SelectAttrValue("Version", "") != "2.0" {
		return malformed(errors.New("the response is not of version 2.0"))
	}
	status, err := required(response, protocolSpace, "Status")
	if err != nil {
		return malformed(err)
	}
	code, err := required(status, protocolSpace, "StatusCode")
	if err != nil {
		return malformed(err)
	}
	if code.SelectAttrValue("Value", "") != "urn:oasis:names:tc:SAML:2.0:status:Success" {
		return apierr.New(forbidden, "IDPRejectedClaim", "The identity provider reported that authentication failed.")
	}
	issuer, err := only(response, assertionSpace, "Issuer")
	if err != nil {
		return malformed(err)
	}
	if issuer != nil {
		return checkIssuer(issuer, p)
	}
	return nil
}

// checkIssuer refuses an issuer that is not the provider.
func checkIssuer(issuer *etree.Element, p *Provider) error {
	name, err := text(issuer)
	if err != nil {
		return malformed(err)
	}
	if name != p.Metadata.EntityID {
		return invalid("Issuer not present in specified provider")
	}
	return nil
}

// soleAssertion returns the one assertion of a response, decrypted.
func soleAssertion(response *etree.Element, p *Provider, authentic bool) (assertion *etree.Element, wasEncrypted bool, err error) {
	plain, sealed := children(response, assertionSpace, "Assertion"), children(response, assertionSpace, "EncryptedAssertion")
	if len(plain)+len(sealed) != 1 {
		return nil, false, malformed(errors.New("the response has not one assertion"))
	}
	if len(plain) == 1 {
		return plain[0], false, nil
	}
	assertion, err = decrypt(sealed[0], p.Keys, authentic)
	return assertion, true, err
}
