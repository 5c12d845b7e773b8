package sigv4

import (
	"crypto/subtle"
	"fmt"
)

// Secret is a secret access key. It prints as "[redacted]" in every format and compares in constant
// time; the zero value is no secret and verifies nothing.
type Secret struct {
	// A pointer, because fmt prints what stands in unexported fields of other types without asking
	// their methods; this way that is an address.
	value *string
}

// NewSecret wraps a secret access key; an empty one is no secret.
func NewSecret(value string) Secret { return Secret{&value} }

func (s Secret) reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

const redacted = "[redacted]"

// Format implements fmt.Formatter, for all verbs.
func (s Secret) Format(f fmt.State, _ rune) { f.Write([]byte(redacted)) }

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// MarshalText returns "[redacted]", so that encoders do not print the secret either.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Equal reports whether both are the same secret, in time that depends on their lengths only.
func (s Secret) Equal(o Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.reveal()), []byte(o.reveal())) == 1
}

// IsZero reports whether s is no secret.
func (s Secret) IsZero() bool { return s.reveal() == "" }
