package iam

import (
	"errors"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// SAMLProviderNamePattern is what the name of a SAML provider has to match as a whole, and
// MaxSAMLProviderName how long it may be, in characters.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
const (
	SAMLProviderNamePattern = `[\w._-]+`
	MaxSAMLProviderName     = 128
)

var samlProviderNameRegexp = regexp.MustCompile(`^[\w.-]+$`)

// maxProviderURL is how long the URL of an OpenID Connect provider may be, in characters.
const maxProviderURL = 255

// ParseOIDCProviderARN returns the account and the issuer, its URL without the scheme, of the ARN of an
// OpenID Connect provider. The error is InvalidInput. It does not say whether the provider exists.
func ParseOIDCProviderARN(text string) (account ids.AccountID, issuer string, err error) {
	account, issuer, ok := parseProviderARN(text, "oidc-provider/")
	if !ok || len(issuer) > maxProviderURL {
		return "", "", invalidInput("ARN %s is not valid.", text)
	}
	return account, issuer, nil
}

// ParseSAMLProviderARN returns the account and the name of the ARN of a SAML provider. The error is
// InvalidInput. It does not say whether the provider exists.
func ParseSAMLProviderARN(text string) (account ids.AccountID, name string, err error) {
	account, name, ok := parseProviderARN(text, "saml-provider/")
	if !ok || len(name) > MaxSAMLProviderName || !samlProviderNameRegexp.MatchString(name) {
		return "", "", invalidInput("ARN %s is not valid.", text)
	}
	return account, name, nil
}

func parseProviderARN(text, prefix string) (account ids.AccountID, name string, ok bool) {
	a, err := arn.Parse(text)
	if err != nil || a.Partition != arn.Partition || a.Service != "iam" || a.Region != "" {
		return "", "", false
	}
	account, err = ids.ParseAccountID(a.Account)
	name, named := strings.CutPrefix(a.Resource, prefix)
	return account, name, err == nil && named && name != ""
}

// checkIssuerURL refuses a URL that no OpenID Connect provider can have, and returns what follows its scheme.
// It begins with https://; http:// is accepted for a host that is this machine, where there is nobody to
// listen, so that issuers can be tried out. AWS accepts only https, and advises against a port.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
func checkIssuerURL(text string) (issuer string, err error) {
	invalid := validationError("Invalid Open ID Connect Provider URL")
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return "", invalid
	}
	issuer, ok := strings.CutPrefix(text, u.Scheme+"://")
	if reservedHosts[strings.ToLower(u.Host)] || !ok || len(text) > maxProviderURL || u.Hostname() == "" || u.User != nil || !issuerRegexp.MatchString(issuer) {
		return "", invalid
	}
	return issuer, nil
}

// reservedHosts are those whose condition keys would have the names of others.
var reservedHosts = map[string]bool{
	"aws": true, "iam": true, "kms": true, "organizations": true, "s3": true, "saml": true, "sts": true,
}

// issuerRegexp has a host, perhaps a port, and a path: no query, no fragment, and nothing that a policy takes
// for a wildcard or a variable.
var issuerRegexp = regexp.MustCompile(`^[A-Za-z0-9.\[\]:_-]+(?:/[A-Za-z0-9._~!&'()+,;=:@%/-]*)?$`)

// isLoopback reports whether a host is always this machine.
//
// Source: https://www.rfc-editor.org/rfc/rfc6761#section-6.3
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// provider reads the record of a provider into r, or returns missing if there is none.
func (v view) provider(key []byte, r proto.Message, missing error) error {
	err := records.Get(v, key, r)
	if errors.Is(err, meta.ErrNotFound) {
		return missing
	}
	return err
}

// room refuses a new provider if its name is taken or the account has as many of them as it may have.
func (c change) room(key []byte, taken error, k keys.Kind, standard int, quotaName string) error {
	if err := c.absent(key, taken); err != nil {
		return err
	}
	return c.countIn(k, standard, quotaName)
}

// taggableOIDCProvider and taggableSAMLProvider are taggable for providers, which their ARNs name.
func (v view) taggableOIDCProvider(providerARN string) (taggable, error) {
	key, r, err := v.oidcProvider(providerARN)
	if err != nil {
		return taggable{}, err
	}
	return taggable{&r.Tags, func(c change) error { return records.Put(c.tx, key, r) }}, nil
}

func (v view) taggableSAMLProvider(providerARN string) (taggable, error) {
	r, err := v.samlProvider(providerARN)
	if err != nil {
		return taggable{}, err
	}
	return taggable{&r.Tags, func(c change) error { return records.Put(c.tx, keys.SAMLProvider(c.account, r.Name), r) }}, nil
}
