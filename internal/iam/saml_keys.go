package iam

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"

	"crossgrant/internal/ids"
	"crossgrant/internal/records"
)

// minPrivateKey is the least size of a private key, in bits, and maxPrivateKey the largest: anybody can ask for
// something to be decrypted.
const minPrivateKey, maxPrivateKey = 2048, 8192

// newPrivateKey seals a private key that a client has uploaded; it returns nil for none.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
func (s *Service) newPrivateKey(file string) (*records.SAMLPrivateKey, error) {
	if file == "" {
		return nil, nil
	}
	key, err := parsePrivateKey(file)
	if err != nil {
		// Nothing of the file may be told.
		return nil, invalidInput("Invalid private key: it must be a PEM file with one RSA key of %d to %d bits that is not encrypted.", minPrivateKey, maxPrivateKey)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	id, err := ids.NewToken(s.rand, providerIDLength)
	if err != nil {
		return nil, err
	}
	sealed, err := s.box.Seal(der, []byte(id))
	if err != nil {
		return nil, err
	}
	return &records.SAMLPrivateKey{Id: id, Sealed: sealed, Added: s.timestamp()}, nil
}

// parsePrivateKey reads a PEM file with one RSA key, in PKCS #8 or PKCS #1.
func parsePrivateKey(file string) (*rsa.PrivateKey, error) {
	block, rest := pem.Decode([]byte(file))
	if block == nil || len(rest) > 0 && len(slices.DeleteFunc(slices.Clone(rest), isSpace)) > 0 {
		return nil, errors.New("not one PEM block")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, errors.New("not a private key")
	}
	if err != nil {
		return nil, err
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok || private.N.BitLen() < minPrivateKey || private.N.BitLen() > maxPrivateKey {
		return nil, errors.New("not an RSA key, or one of too few or too many bits")
	}
	return private, nil
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\r' || b == '\t' }

// setEncryption changes the private keys of a provider and the mode of encryption. A mode needs a key; a
// provider that gets a key and no mode allows encryption. The last key cannot be removed while encryption is
// required: nobody could sign in any more. When it is removed, there is no mode either.
func (s *Service) setEncryption(r *records.SAMLProvider, mode string, added *records.SAMLPrivateKey, removed string) error {
	if removed != "" {
		n := len(r.PrivateKeys)
		r.PrivateKeys = slices.DeleteFunc(r.PrivateKeys, func(k *records.SAMLPrivateKey) bool { return k.Id == removed })
		if len(r.PrivateKeys) == n {
			return noSuchEntity("The private key with ID %s cannot be found.", removed)
		}
	}
	if added != nil {
		r.PrivateKeys = append(r.PrivateKeys, added)
	}
	if len(r.PrivateKeys) > s.quotas.PrivateKeys {
		return limitExceeded("Cannot exceed quota for PrivateKeysPerSAMLProvider: %d", s.quotas.PrivateKeys)
	}
	asked := mode != ""
	if !asked {
		mode = r.EncryptionMode
	}
	switch none := len(r.PrivateKeys) == 0; {
	case none && (asked || mode == EncryptionRequired):
		return invalidInput("A private key is needed for the assertion encryption mode %s.", mode)
	case none:
		mode = ""
	case mode == "":
		mode = EncryptionAllowed
	}
	r.EncryptionMode = mode
	return nil
}
