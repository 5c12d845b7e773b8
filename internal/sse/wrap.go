package sse

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
)

// ErrKey says that a sealed secret does not open under this key for this context, or was changed since.
var ErrKey = errors.New("sse: secret cannot be opened")

const (
	// wrapSalt is the size of what begins a wrapped secret, in bytes.
	wrapSalt = 32
	// wrapInfo tells wrapping keys apart from others that are derived from a secret.
	wrapInfo = "crossgrant wrap"
)

// Wrap seals secret under key for context: a salt of 32 bytes, then AES-256-GCM under HKDF-Expand (SHA-256) of key and
// salt. One key may wrap any number of secrets, as their salts differ and with them the keys of AES.
func Wrap(key, secret, context []byte) ([]byte, error) {
	sealed := make([]byte, wrapSalt, wrapSalt+len(secret)+16)
	if _, err := io.ReadFull(rand.Reader, sealed); err != nil {
		return nil, fmt.Errorf("draw salt: %w", err)
	}
	aead, err := derive(key, sealed, wrapInfo)
	if err != nil {
		return nil, err
	}
	return aead.Seal(sealed, make([]byte, aead.NonceSize()), secret, context), nil
}

// Unwrap returns the secret that Wrap sealed under key for context, or ErrKey.
func Unwrap(key, sealed, context []byte) ([]byte, error) {
	if len(sealed) < wrapSalt {
		return nil, ErrKey
	}
	aead, err := derive(key, sealed[:wrapSalt], wrapInfo)
	if err != nil {
		return nil, err
	}
	secret, err := aead.Open(nil, make([]byte, aead.NonceSize()), sealed[wrapSalt:], context)
	if err != nil {
		return nil, ErrKey
	}
	return secret, nil
}
