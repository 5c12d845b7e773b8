package saml

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

const (
	// maxCertificates is how many certificates a metadata document may have: each is tried.
	maxCertificates = 20
	// maxModulus is the largest RSA key of a certificate, in bits, as in TLS. A document has room for keys with
	// which to verify one signature takes half a minute, and anybody can ask for that.
	maxModulus = 8192
)

// Metadata is what the metadata document of an identity provider says of it.
type Metadata struct {
	// EntityID is what the provider calls itself; it is the issuer of its responses.
	EntityID string
	// ValidUntil is when the document ends to be valid; zero if it does not say.
	ValidUntil time.Time
	// Certificates hold the keys that sign responses, at least one. That a certificate has expired does not
	// matter: IAM takes no action on it.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
	Certificates []*x509.Certificate
}

// ParseMetadata reads a metadata document: the descriptor of one entity that is an identity provider.
func ParseMetadata(document []byte) (*Metadata, error) {
	root, err := parse(document)
	if err != nil {
		return nil, err
	}
	if !is(root, metadataSpace, "EntityDescriptor") {
		return nil, errors.New("the document is not an EntityDescriptor")
	}
	m := &Metadata{EntityID: root.SelectAttrValue("entityID", "")}
	if m.EntityID == "" {
		return nil, errors.New("the document has no entityID")
	}
	if until := root.SelectAttrValue("validUntil", ""); until != "" {
		if m.ValidUntil, err = parseTime(until); err != nil {
			return nil, err
		}
	}
	provider, err := required(root, metadataSpace, "IDPSSODescriptor")
	if err != nil {
		return nil, err
	}
	for _, key := range children(provider, metadataSpace, "KeyDescriptor") {
		if use := key.SelectAttrValue("use", "signing"); use != "signing" {
			continue
		}
		if err := m.addKey(key); err != nil {
			return nil, err
		}
	}
	if n := len(m.Certificates); n == 0 || n > maxCertificates {
		return nil, fmt.Errorf("the document has %d certificates for signing", n)
	}
	return m, nil
}

// addKey adds the certificates of a KeyDescriptor.
func (m *Metadata) addKey(key *etree.Element) error {
	info, err := required(key, signatureSpace, "KeyInfo")
	if err != nil {
		return err
	}
	for _, data := range children(info, signatureSpace, "X509Data") {
		for _, e := range children(data, signatureSpace, "X509Certificate") {
			c, err := certificate(e)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(m.Certificates, c.Equal) {
				m.Certificates = append(m.Certificates, c)
			}
		}
	}
	return nil
}

// certificate reads an X509Certificate. It has to have a key that can verify signatures.
func certificate(e *etree.Element) (*x509.Certificate, error) {
	encoded, err := text(e)
	if err != nil {
		return nil, err
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return nil, fmt.Errorf("decode certificate: %w", err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parse certificate: %w", err)
	}
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() > maxModulus {
			return nil, fmt.Errorf("the key of a certificate has %d bits", key.N.BitLen())
		}
		return c, nil
	case *ecdsa.PublicKey:
		return c, nil
	default:
		return nil, errors.New("the key of a certificate is neither RSA nor ECDSA")
	}
}

// parseTime reads a time of a document: xs:dateTime, which SAML wants in UTC.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		// Without a zone it is UTC all the same.
		t, err = time.Parse("2006-01-02T15:04:05.999999999", s)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time", s)
	}
	return t.UTC(), nil
}
