package sts

import (
	"context"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/saml"
	"crossgrant/internal/webidentity"
)

// OIDCProvider returns the provider of an account, which must be open, for an issuer; nil if there is none.
// issuer is as tokens have it, with its scheme.
func (s *Service) OIDCProvider(ctx context.Context, account ids.AccountID, issuer string) (*webidentity.Provider, error) {
	_, name, _ := strings.Cut(issuer, "://")
	record := new(records.OIDCProvider)
	err := s.readProvider(ctx, account, func(r meta.Reader) error { return records.Get(r, keys.OIDCProvider(account, name), record) })
	if errors.Is(err, meta.ErrNotFound) || err == nil && record.Url != issuer {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read provider %s of account %s: %w", name, account, err)
	}
	return &webidentity.Provider{
		Account: account, URL: record.Url, ClientIDs: record.ClientIds, Thumbprints: record.Thumbprints,
	}, nil
}

// SAMLProvider returns the provider of this name of an account, which must be open; nil if there is none.
func (s *Service) SAMLProvider(ctx context.Context, account ids.AccountID, name string) (*saml.Provider, error) {
	record := new(records.SAMLProvider)
	err := s.readProvider(ctx, account, func(r meta.Reader) error { return records.Get(r, keys.SAMLProvider(account, name), record) })
	if errors.Is(err, meta.ErrNotFound) {
		return nil, nil
	}
	if err == nil {
		var p *saml.Provider
		if p, err = s.makeSAMLProvider(record); err == nil {
			return p, nil
		}
	}
	return nil, fmt.Errorf("read provider %s of account %s: %w", name, account, err)
}

// readProvider runs read on a snapshot in which the account is open.
func (s *Service) readProvider(ctx context.Context, account ids.AccountID, read func(r meta.Reader) error) error {
	return s.store.View(ctx, func(r meta.Reader) error {
		owner := new(records.Account)
		if err := records.Get(r, keys.Account(account), owner); err != nil {
			return err
		}
		if owner.Closed != 0 {
			return meta.ErrNotFound
		}
		return read(r)
	})
}

// makeSAMLProvider reads what a record has of the metadata document, and opens its private keys.
func (s *Service) makeSAMLProvider(record *records.SAMLProvider) (*saml.Provider, error) {
	if record.EntityId == "" || len(record.Certificates) == 0 {
		return nil, fmt.Errorf("nothing is known of its metadata: %w", meta.ErrCorrupt)
	}
	metadata := &saml.Metadata{EntityID: record.EntityId, ValidUntil: time.Unix(0, record.ValidUntil).UTC()}
	for _, der := range record.Certificates {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		metadata.Certificates = append(metadata.Certificates, certificate)
	}
	p := &saml.Provider{Metadata: metadata, ID: record.Id, Encrypted: record.EncryptionMode == "Required"}
	for _, k := range record.PrivateKeys {
		key, err := s.openPrivateKey(k)
		if err != nil {
			return nil, fmt.Errorf("open private key %s: %w", k.Id, err)
		}
		p.Keys = append(p.Keys, key)
	}
	return p, nil
}

func (s *Service) openPrivateKey(k *records.SAMLPrivateKey) (*rsa.PrivateKey, error) {
	der, err := s.box.Open(k.Sealed, []byte(k.Id))
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("it is a %T", key)
	}
	return private, nil
}

// NameQualifier returns the value of saml:namequalifier for a provider: a hash of its issuer, its account and
// its name, which makes of a subject one that is unique.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
func NameQualifier(issuer string, account ids.AccountID, name string) string {
	sum := sha1.Sum([]byte(issuer + string(account) + "/" + name))
	return base64.StdEncoding.EncodeToString(sum[:])
}
