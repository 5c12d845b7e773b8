package page

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// errSealed says that a sealed value was not sealed here, or too long ago.
var errSealed = errors.New("page: no sealed value, or one that is too old")

// sealer seals what a form has to bring back and its page must not show, such as a password between two steps of
// signing in. Its key lives as long as the server, unless it is one that several have.
type sealer struct {
	key [chacha20poly1305.KeySize]byte
}

func newSealer(key *[chacha20poly1305.KeySize]byte) *sealer {
	if key != nil {
		return &sealer{*key}
	}
	s := new(sealer)
	rand.Read(s.key[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	return s
}

type sealed struct {
	Until time.Time
	Value json.RawMessage
}

// Seal returns a value for a hidden field of a form, which Unseal takes for so long. purpose is what it is for: sealed
// for one, it is nothing for others.
func (v *Visit) Seal(purpose string, value any, lasts time.Duration) (string, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	plain, err = json.Marshal(sealed{v.Now().Add(lasts), plain})
	if err != nil {
		return "", err
	}
	aead, err := chacha20poly1305.NewX(v.site.sealer.key[:])
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, []byte(purpose))), nil
}

// Unseal reads what Seal made into a value.
func (v *Visit) Unseal(purpose, text string, value any) error {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	aead, failed := chacha20poly1305.NewX(v.site.sealer.key[:])
	if failed != nil {
		return failed
	}
	if err != nil || len(raw) < aead.NonceSize() {
		return errSealed
	}
	plain, err := aead.Open(nil, raw[:aead.NonceSize()], raw[aead.NonceSize():], []byte(purpose))
	if err != nil {
		return errSealed
	}
	var s sealed
	if err := json.Unmarshal(plain, &s); err != nil || !v.Now().Before(s.Until) {
		return errSealed
	}
	return json.Unmarshal(s.Value, value)
}
