// Package webidentity verifies the tokens of OpenID Connect issuers: it fetches the keys of an issuer,
// remembers them, and tells what a token that they have signed says of a user.
//
// Only issuers are contacted that an account has registered. What an issuer answers is bounded in size and
// time and never followed to another place; and whoever sends tokens cannot make this server ask an issuer
// more than now and then, whatever they hold.
//
// The keys are of RSA or ECDSA, as on AWS. The package rests on go-jose, on which go-oidc rests as well:
// what go-oidc has beyond it reads documents of any size, and asks the issuer anew for every key that it does
// not know.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html,
// https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation and
// https://openid.net/specs/openid-connect-discovery-1_0.html
package webidentity

import (
	"context"
	"crypto/x509"
	"net/http"
	"sync"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
)

// Options are what a Verifier may be told; the zero value is for production.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Roots are the certificate authorities that are trusted; nil means those of the system.
	Roots *x509.CertPool
	// Timeout is how long an issuer may take for one document; 0 means 5 seconds, as on AWS.
	//
	// Source: https://docs.gitlab.com/ci/cloud_services/aws/
	Timeout time.Duration
}

// Provider is an issuer as an account has registered it.
type Provider struct {
	Account ids.AccountID
	// URL is the issuer, with its scheme.
	URL string
	// ClientIDs are the audiences that tokens may be for; without any, every token is refused.
	ClientIDs []string
	// Thumbprints are the SHA-1 hashes, in lower-case hex, of certificates that are trusted for this issuer.
	Thumbprints []string
}

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	now     func() time.Time
	roots   *x509.CertPool
	timeout time.Duration

	mu      sync.Mutex // over issuers
	issuers map[string]*issuer
}

// New returns a verifier that has asked nobody anything yet.
func New(o Options) *Verifier {
	v := &Verifier{now: o.Now, roots: o.Roots, timeout: o.Timeout, issuers: map[string]*issuer{}}
	if v.now == nil {
		v.now = time.Now
	}
	if v.timeout == 0 {
		v.timeout = 5 * time.Second
	}
	return v
}

// Verify returns what a token says whose signature is of the provider, which is for one of the provider's
// clients, and which holds now.
//
// Errors are InvalidIdentityToken, ExpiredTokenException, and IDPCommunicationError if the issuer cannot be
// reached.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
func (v *Verifier) Verify(ctx context.Context, token *Token, p *Provider) (*Claims, error) {
	if token.Issuer != p.URL {
		return nil, invalid("The issuer of the token is not the provider.")
	}
	key, err := v.key(ctx, p, token.keyID, token.algorithm)
	if err != nil {
		return nil, err
	}
	payload, err := token.signed.Verify(key)
	if err != nil {
		return nil, invalid("The signature of the token is not valid.").Because(err)
	}
	return read(payload, p, v.now())
}

func invalid(format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "InvalidIdentityToken", format, args...)
}

// errNoKey says that an issuer has no key for a token, or none that can be had. The text is AWS's, both
// blanks included.
var errNoKey = invalid("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")

// errUnreachable says that an issuer does not answer.
var errUnreachable = apierr.New(http.StatusBadRequest, "IDPCommunicationError",
	"The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming identity token could not be reached.")

// errThumbprint says that nothing vouches for the certificate of an issuer.
var errThumbprint = invalid("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint")
