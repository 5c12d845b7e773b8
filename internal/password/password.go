// Package password is the passwords of IAM users: what a policy asks of them, and their Argon2id hashes. It is
// pure: salts are arguments, and what is kept is for the caller to keep.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html and
// https://www.rfc-editor.org/rfc/rfc9106
package password

import (
	"crypto/subtle"

	"golang.org/x/crypto/argon2"
)

// Cost is how expensive a hash is to make: passes over Memory KiB, by Threads at once.
type Cost struct {
	Time, Memory uint32
	Threads      uint8
}

// DefaultCost is that of new hashes: some fiftieth of a second, and 19 MiB while it lasts.
//
// Source: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
var DefaultCost = Cost{Time: 2, Memory: 19 << 10, Threads: 1}

// SaltSize and sumSize are the lengths of a salt and of a hash, in bytes.
const (
	SaltSize = 16
	sumSize  = 32
)

// maxCost bounds what a hash that was read may cost.
var maxCost = Cost{Time: 64, Memory: 1 << 20, Threads: 64}

// Hash is the hash of a password, with all that it takes to make it again.
type Hash struct {
	Salt, Sum []byte
	Cost      Cost
}

// New returns the hash of a password.
func New(text string, salt []byte, cost Cost) Hash {
	return Hash{Salt: salt, Sum: sum(text, salt, cost), Cost: cost}
}

// Matches reports whether text is the password that h is the hash of. How long that takes does not tell how
// much of it is right. A hash that New cannot have made matches nothing.
func (h Hash) Matches(text string) bool {
	c := h.Cost
	if c.Time < 1 || c.Threads < 1 || c.Time > maxCost.Time || c.Memory > maxCost.Memory || c.Threads > maxCost.Threads || len(h.Sum) != sumSize {
		return false
	}
	return subtle.ConstantTimeCompare(sum(text, h.Salt, c), h.Sum) == 1
}

func sum(text string, salt []byte, c Cost) []byte {
	return argon2.IDKey([]byte(text), salt, c.Time, c.Memory, c.Threads, sumSize)
}
