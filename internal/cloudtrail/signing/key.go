package signing

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
)

// Key is a key pair that signs. It is safe for concurrent use.
type Key struct {
	private     *rsa.PrivateKey
	fingerprint string
}

// Fingerprint returns that of the public key, 32 hexadecimal digits.
func (k *Key) Fingerprint() string { return k.fingerprint }

// Sign returns the signature of text: RSASSA-PKCS1-v1_5 with SHA-256. The same text has the same signature.
func (k *Key) Sign(text []byte) (signature []byte, err error) {
	sum := sha256.Sum256(text)
	// This padding needs no randomness.
	if signature, err = rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:]); err != nil {
		return nil, fmt.Errorf("sign with key %s: %w", k.fingerprint, err)
	}
	return signature, nil
}
