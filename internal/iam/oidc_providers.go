package iam

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// MaxClientID is how long a client ID may be, in characters.
const MaxClientID = 255

// OIDCProvider is an OpenID Connect identity provider. URL is its issuer without the scheme, as AWS shows it.
type OIDCProvider struct {
	ARN         string
	URL         string
	ClientIDs   []string
	Thumbprints []string // SHA-1 of certificates, lower-case hex
	Created     time.Time
	Tags        []Tag
}

// NewOIDCProvider is what CreateOpenIDConnectProvider makes a provider of. URL has its scheme.
type NewOIDCProvider struct {
	URL         string
	ClientIDs   []string
	Thumbprints []string
	Tags        []Tag
}

// CreateOIDCProvider makes an OpenID Connect provider. The issuer is not contacted.
//
// AWS asks the issuer for its certificate if no thumbprint is given, and stores the thumbprint of that. Here
// the list stays empty, and the trusted certificate authorities decide alone: to trust what a server shows on
// the first contact would let anybody in between be the issuer for good.
//
// A provider that is made without client IDs accepts no token until it gets one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
func (s *Service) CreateOIDCProvider(ctx context.Context, account ids.AccountID, in NewOIDCProvider) (OIDCProvider, error) {
	issuer, err := checkIssuerURL(in.URL)
	if err == nil {
		err = s.checkClientIDs(in.ClientIDs)
	}
	if err == nil {
		err = s.checkTags(in.Tags)
	}
	if err != nil {
		return OIDCProvider{}, err
	}
	thumbprints, err := s.checkThumbprints(in.Thumbprints)
	if err != nil {
		return OIDCProvider{}, err
	}
	r := &records.OIDCProvider{
		Url: in.URL, ClientIds: withoutDuplicates(in.ClientIDs),
		Thumbprints: thumbprints, Created: s.timestamp(), Tags: recordTags(in.Tags),
	}
	err = s.write(ctx, account, func(c change) error {
		key := keys.OIDCProvider(account, issuer)
		taken := alreadyExists("Provider with url %s already exists.", in.URL)
		if err := c.room(key, taken, keys.OIDCProviderKind, s.quotas.OIDCProviders, quotas.OIDCProviders); err != nil {
			return err
		}
		return records.Put(c.tx, key, r)
	})
	return makeOIDCProvider(account, r), err
}

// checkClientIDs refuses the client IDs of a provider that cannot be, or are too many.
func (s *Service) checkClientIDs(clientIDs []string) error {
	for _, id := range clientIDs {
		if n := utf8.RuneCountInString(id); n < 1 || n > MaxClientID {
			return validationError("A client ID must have between 1 and %d characters.", MaxClientID)
		}
	}
	if len(withoutDuplicates(clientIDs)) > s.quotas.ClientIDs {
		return limitExceeded("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", s.quotas.ClientIDs)
	}
	return nil
}

// thumbprintLength is that of a SHA-1 hash in hexadecimal digits.
const thumbprintLength = 40

// checkThumbprints returns thumbprints, each once, whatever its case, or refuses them. As on AWS, whose own examples
// have some, one with other letters than hexadecimal digits is stored: it is that of no certificate.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html and
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
func (s *Service) checkThumbprints(thumbprints []string) ([]string, error) {
	var out []string
	for _, t := range thumbprints {
		if utf8.RuneCountInString(t) != thumbprintLength {
			return nil, validationError("A thumbprint must have %d characters.", thumbprintLength)
		}
		if !slices.ContainsFunc(out, func(other string) bool { return strings.EqualFold(t, other) }) {
			out = append(out, t)
		}
	}
	if len(thumbprints) > s.quotas.Thumbprints {
		return nil, invalidInput("Thumbprint list must contain fewer than %d entries.", s.quotas.Thumbprints+1)
	}
	return out, nil
}

// withoutDuplicates returns values in their order, each once.
func withoutDuplicates(values []string) []string {
	var out []string
	for _, v := range values {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// OIDCProvider returns the provider of an ARN.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html
func (s *Service) OIDCProvider(ctx context.Context, account ids.AccountID, providerARN string) (p OIDCProvider, err error) {
	err = s.read(ctx, account, func(v view) error {
		_, r, err := v.oidcProvider(providerARN)
		if err != nil {
			return err
		}
		p = makeOIDCProvider(account, r)
		return nil
	})
	return p, err
}

// OIDCProviders returns all OpenID Connect providers of the account, by URL. There are so few that AWS does not
// page them.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviders.html
func (s *Service) OIDCProviders(ctx context.Context, account ids.AccountID) (list []OIDCProvider, err error) {
	err = s.read(ctx, account, func(v view) (err error) {
		list = nil
		it := v.Scan(keys.OIDCProviders(account))
		defer func() { err = errors.Join(err, it.Close()) }()
		for it.Next() {
			r := new(records.OIDCProvider)
			if err := records.Unmarshal(it.Value(), r); err != nil {
				return err
			}
			list = append(list, makeOIDCProvider(account, r))
		}
		return nil
	})
	return list, err
}

// DeleteOIDCProvider deletes a provider. Roles that trust it keep their trust policies, and nobody can assume
// them by it. That there is no such provider is no error, unlike for other things of IAM.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteOpenIDConnectProvider.html
func (s *Service) DeleteOIDCProvider(ctx context.Context, account ids.AccountID, providerARN string) error {
	return s.write(ctx, account, func(c change) error {
		key, _, err := c.oidcProvider(providerARN)
		if isNoSuchEntity(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.countOut(keys.OIDCProviderKind); err != nil {
			return err
		}
		return c.tx.Delete(key)
	})
}

// UpdateOIDCProviderThumbprint replaces the thumbprints of a provider.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html
func (s *Service) UpdateOIDCProviderThumbprint(ctx context.Context, account ids.AccountID, providerARN string, thumbprints []string) error {
	thumbprints, err := s.checkThumbprints(thumbprints)
	if err != nil {
		return err
	}
	return s.changeOIDCProvider(ctx, account, providerARN, func(r *records.OIDCProvider) error {
		r.Thumbprints = thumbprints
		return nil
	})
}

// AddClientID adds a client ID to a provider. That it is there already is no error.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html
func (s *Service) AddClientID(ctx context.Context, account ids.AccountID, providerARN, clientID string) error {
	return s.changeOIDCProvider(ctx, account, providerARN, func(r *records.OIDCProvider) error {
		r.ClientIds = withoutDuplicates(append(r.ClientIds, clientID))
		return s.checkClientIDs(r.ClientIds)
	})
}

// RemoveClientID takes a client ID from a provider. That it is not there is no error. A provider whose last
// client ID was taken accepts tokens for no audience.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveClientIDFromOpenIDConnectProvider.html
func (s *Service) RemoveClientID(ctx context.Context, account ids.AccountID, providerARN, clientID string) error {
	return s.changeOIDCProvider(ctx, account, providerARN, func(r *records.OIDCProvider) error {
		r.ClientIds = slices.DeleteFunc(r.ClientIds, func(id string) bool { return id == clientID })
		return nil
	})
}

// OIDCProviderTarget returns what authorization needs to know of the provider that an ARN stands for. That
// there is no such provider is no error.
func (s *Service) OIDCProviderTarget(ctx context.Context, account ids.AccountID, providerARN string) (Target, error) {
	t := Target{ARN: providerARN}
	p, err := s.OIDCProvider(ctx, account, providerARN)
	if isNoSuchEntity(err) {
		return t, nil
	}
	t.Tags = p.Tags
	return t, err
}

// changeOIDCProvider runs edit on the record of a provider and stores what it has changed.
func (s *Service) changeOIDCProvider(ctx context.Context, account ids.AccountID, providerARN string, edit func(*records.OIDCProvider) error) error {
	return s.write(ctx, account, func(c change) error {
		key, r, err := c.oidcProvider(providerARN)
		if err != nil {
			return err
		}
		if err := edit(r); err != nil {
			return err
		}
		return records.Put(c.tx, key, r)
	})
}

// oidcProvider reads the provider of an ARN and where it lies, or returns NoSuchEntity. The ARN of a provider
// of another account names none.
func (v view) oidcProvider(providerARN string) (key []byte, r *records.OIDCProvider, err error) {
	missing := noSuchEntity("OpenIDConnect Provider not found for arn %s", providerARN)
	account, issuer, err := ParseOIDCProviderARN(providerARN)
	if err != nil {
		return nil, nil, err
	}
	if account != v.account {
		return nil, nil, missing
	}
	key, r = keys.OIDCProvider(account, issuer), new(records.OIDCProvider)
	return key, r, v.provider(key, r, missing)
}

func makeOIDCProvider(account ids.AccountID, r *records.OIDCProvider) OIDCProvider {
	_, issuer, _ := strings.Cut(r.Url, "://")
	return OIDCProvider{
		ARN: arn.OIDCProvider(account, issuer).String(), URL: issuer, ClientIDs: r.ClientIds, Thumbprints: r.Thumbprints,
		Created: instant(r.Created), Tags: fromTags(r.Tags),
	}
}
