package iam

import (
	"context"
	"errors"
	"time"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
	"crossgrant/internal/saml"
)

// SAMLProvider is a SAML identity provider.
type SAMLProvider struct {
	ARN      string
	Name     string
	ID       string // SAMLProviderUUID
	Metadata string
	Created  time.Time
	// ValidUntil is when the metadata document ends to be valid.
	ValidUntil time.Time
	// EncryptionMode is "Required" or "Allowed"; empty if there are no private keys.
	EncryptionMode string
	PrivateKeys    []SAMLPrivateKey
	Tags           []Tag
}

// SAMLPrivateKey is a private key that decrypts assertions, without the key.
type SAMLPrivateKey struct {
	ID    string
	Added time.Time
}

// The modes of encryption.
const (
	EncryptionRequired = "Required"
	EncryptionAllowed  = "Allowed"
)

// NewSAMLProvider is what CreateSAMLProvider makes a provider of.
type NewSAMLProvider struct {
	Name     string
	Metadata string
	Tags     []Tag
	// EncryptionMode is empty unless given, and so is PrivateKey, a PEM file.
	EncryptionMode, PrivateKey string
}

// validYears is how long a provider is valid whose metadata document does not say, as AWS's answers show.
//
// Source: https://docs.aws.amazon.com/cli/latest/reference/iam/get-saml-provider.html
const validYears = 100

// CreateSAMLProvider makes a SAML provider.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
func (s *Service) CreateSAMLProvider(ctx context.Context, account ids.AccountID, in NewSAMLProvider) (SAMLProvider, error) {
	if len(in.Name) > MaxSAMLProviderName || !samlProviderNameRegexp.MatchString(in.Name) {
		return SAMLProvider{}, validationError("The specified value for name is invalid. It must contain only alphanumeric characters and/or the following: ._-")
	}
	if err := s.checkTags(in.Tags); err != nil {
		return SAMLProvider{}, err
	}
	id, err := ids.NewToken(s.rand, providerIDLength)
	if err != nil {
		return SAMLProvider{}, err
	}
	r := &records.SAMLProvider{Name: in.Name, Id: id, Created: s.timestamp(), Tags: recordTags(in.Tags)}
	added, err := s.newPrivateKey(in.PrivateKey)
	if err == nil {
		err = setMetadata(r, in.Metadata)
	}
	if err == nil {
		err = s.setEncryption(r, in.EncryptionMode, added, "")
	}
	if err != nil {
		return SAMLProvider{}, err
	}
	err = s.write(ctx, account, func(c change) error {
		key := keys.SAMLProvider(account, in.Name)
		taken := alreadyExists("SAMLProvider with name %s already exists.", in.Name)
		if err := c.room(key, taken, keys.SAMLProviderKind, s.quotas.SAMLProviders, quotas.SAMLProviders); err != nil {
			return err
		}
		return records.Put(c.tx, key, r)
	})
	return makeSAMLProvider(account, r), err
}

// providerIDLength is the length of the IDs of SAML providers and of their private keys.
const providerIDLength = 22

// setMetadata parses a metadata document and writes it into r.
func setMetadata(r *records.SAMLProvider, document string) error {
	m, err := saml.ParseMetadata([]byte(document))
	if err != nil {
		return invalidInput("Could not parse metadata").Because(err)
	}
	until := m.ValidUntil
	if until.IsZero() {
		until = instant(r.Created).AddDate(validYears, 0, 0)
	}
	r.Metadata, r.ValidUntil = document, until.UnixNano()
	return nil
}

// SAMLProvider returns the provider of an ARN.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetSAMLProvider.html
func (s *Service) SAMLProvider(ctx context.Context, account ids.AccountID, providerARN string) (p SAMLProvider, err error) {
	err = s.read(ctx, account, func(v view) error {
		r, err := v.samlProvider(providerARN)
		if err != nil {
			return err
		}
		p = makeSAMLProvider(account, r)
		return nil
	})
	return p, err
}

// SAMLProviders returns all SAML providers of the account, by name. There are so few that AWS does not page
// them.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSAMLProviders.html
func (s *Service) SAMLProviders(ctx context.Context, account ids.AccountID) (list []SAMLProvider, err error) {
	err = s.read(ctx, account, func(v view) (err error) {
		list = nil
		it := v.Scan(keys.SAMLProviders(account))
		defer func() { err = errors.Join(err, it.Close()) }()
		for it.Next() {
			r := new(records.SAMLProvider)
			if err := records.Unmarshal(it.Value(), r); err != nil {
				return err
			}
			list = append(list, makeSAMLProvider(account, r))
		}
		return nil
	})
	return list, err
}

// SAMLProviderUpdate is what UpdateSAMLProvider changes; what is empty stays as it is. AddPrivateKey is a PEM
// file, and RemovePrivateKey the ID of a key.
type SAMLProviderUpdate struct {
	Metadata                        string
	EncryptionMode                  string
	AddPrivateKey, RemovePrivateKey string
}

// UpdateSAMLProvider changes a provider.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateSAMLProvider.html
func (s *Service) UpdateSAMLProvider(ctx context.Context, account ids.AccountID, providerARN string, in SAMLProviderUpdate) error {
	added, err := s.newPrivateKey(in.AddPrivateKey)
	if err != nil {
		return err
	}
	return s.write(ctx, account, func(c change) error {
		r, err := c.samlProvider(providerARN)
		if err != nil {
			return err
		}
		if in.Metadata != "" {
			if err := setMetadata(r, in.Metadata); err != nil {
				return err
			}
		}
		if err := s.setEncryption(r, in.EncryptionMode, added, in.RemovePrivateKey); err != nil {
			return err
		}
		return records.Put(c.tx, keys.SAMLProvider(account, r.Name), r)
	})
}

// DeleteSAMLProvider deletes a provider. Roles that trust it keep their trust policies, and nobody can assume
// them by it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteSAMLProvider.html
func (s *Service) DeleteSAMLProvider(ctx context.Context, account ids.AccountID, providerARN string) error {
	return s.write(ctx, account, func(c change) error {
		r, err := c.samlProvider(providerARN)
		if err != nil {
			return err
		}
		if err := c.countOut(keys.SAMLProviderKind); err != nil {
			return err
		}
		return c.tx.Delete(keys.SAMLProvider(account, r.Name))
	})
}

// SAMLProviderTarget returns what authorization needs to know of the provider that an ARN stands for. That
// there is no such provider is no error.
func (s *Service) SAMLProviderTarget(ctx context.Context, account ids.AccountID, providerARN string) (Target, error) {
	t := Target{ARN: providerARN}
	p, err := s.SAMLProvider(ctx, account, providerARN)
	if isNoSuchEntity(err) {
		return t, nil
	}
	t.Tags = p.Tags
	return t, err
}

// samlProvider reads the provider of an ARN, or returns NoSuchEntity. The ARN of a provider of another account
// names none.
func (v view) samlProvider(providerARN string) (*records.SAMLProvider, error) {
	missing := noSuchEntity("Manifest not found for arn %s", providerARN)
	account, name, err := ParseSAMLProviderARN(providerARN)
	if err != nil {
		return nil, err
	}
	if account != v.account {
		return nil, missing
	}
	r := new(records.SAMLProvider)
	return r, v.provider(keys.SAMLProvider(account, name), r, missing)
}

func makeSAMLProvider(account ids.AccountID, r *records.SAMLProvider) SAMLProvider {
	p := SAMLProvider{
		ARN: arn.SAMLProvider(account, r.Name).String(), Name: r.Name, ID: r.Id, Metadata: r.Metadata,
		Created: instant(r.Created), ValidUntil: instant(r.ValidUntil), EncryptionMode: r.EncryptionMode, Tags: fromTags(r.Tags),
	}
	for _, k := range r.PrivateKeys {
		p.PrivateKeys = append(p.PrivateKeys, SAMLPrivateKey{k.Id, instant(k.Added)})
	}
	return p
}
