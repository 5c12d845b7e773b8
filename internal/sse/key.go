package sse

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

const (
	// KeySize is the size of every key in bytes.
	KeySize = 32
	// SaltSize is the size of the salt of a run in bytes.
	SaltSize = 16
)

// Key is the key of an object's content. It prints redacted.
type Key struct {
	// secrets are one, or two for content in two layers, the inner one first.
	secrets [][KeySize]byte
}

// NewKey draws a key from random, for content in one layer or in two.
func NewKey(random io.Reader, layers int) (*Key, error) {
	k := &Key{secrets: make([][KeySize]byte, layers)}
	for i := range k.secrets {
		if _, err := io.ReadFull(random, k.secrets[i][:]); err != nil {
			return nil, fmt.Errorf("draw content key: %w", err)
		}
	}
	return k, nil
}

// Layers returns how many times content is encrypted under k: 1 or 2.
func (k *Key) Layers() int { return len(k.secrets) }

// String does not tell the key.
func (k *Key) String() string { return "content key" }

// GoString does not tell the key.
func (k *Key) GoString() string { return k.String() }

// runInfo tells the keys of runs apart from others that are derived from a secret, and those of one layer from
// those of the other: two times the same key and nonce would undo each other.
var runInfo = [...]string{"crossgrant run", "crossgrant run, outer layer"}

// Run returns the cipher of the run that has this salt.
func (k *Key) Run(salt []byte) (*Run, error) {
	if len(salt) != SaltSize {
		return nil, fmt.Errorf("sse: salt of %d bytes", len(salt))
	}
	var inner cipher.AEAD
	for i := range k.secrets {
		outer, err := derive(k.secrets[i][:], salt, runInfo[i])
		if err != nil {
			return nil, err
		}
		if inner != nil {
			outer = &layers{inner, outer}
		}
		inner = outer
	}
	if inner == nil {
		return nil, errors.New("sse: content key without a secret")
	}
	return &Run{inner}, nil
}

// derive returns AES-256-GCM under a key made from secret and salt. Of HKDF it is the second half: secret is
// a key already, of which nothing has to be extracted, and expanding it is all that a small object pays for.
func derive(secret, salt []byte, info string) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, secret, info+string(salt), KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use key: %w", err)
	}
	return cipher.NewGCM(block)
}

// layers is a cipher.AEAD that encrypts with inner and what comes of it with outer.
type layers struct{ inner, outer cipher.AEAD }

func (l *layers) NonceSize() int { return l.inner.NonceSize() }
func (l *layers) Overhead() int  { return l.inner.Overhead() + l.outer.Overhead() }

func (l *layers) Seal(dst, nonce, plaintext, data []byte) []byte {
	once := l.inner.Seal(dst, nonce, plaintext, data)
	return l.outer.Seal(once[:len(dst)], nonce, once[len(dst):], data)
}

func (l *layers) Open(dst, nonce, ciphertext, data []byte) ([]byte, error) {
	once, err := l.outer.Open(dst, nonce, ciphertext, data)
	if err != nil {
		return nil, err
	}
	return l.inner.Open(once[:len(dst)], nonce, once[len(dst):], data)
}
