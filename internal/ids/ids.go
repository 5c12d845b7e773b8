// Package ids holds the identifiers of AWS's account model as distinct types.
//
// A value of one of these types that came from a constructor of this package is valid; the zero
// value means "none". Generation takes its randomness as an argument, so that the package itself
// is deterministic. Nothing here knows who an identifier belongs to.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html
package ids

import (
	"encoding/hex"
	"fmt"
	"io"
)

// AccountID is a 12-digit AWS account ID; leading zeros are significant.
type AccountID string

// CanonicalUserID is the 64-digit lower-case hexadecimal canonical user ID of an account.
type CanonicalUserID string

// AccessKeyID is the public half of an access key, such as AKIA… (long-term) or ASIA… (temporary).
type AccessKeyID string

// UniqueID is the unique ID of an IAM entity, such as AIDA… for a user. It is never used again
// after its entity is deleted.
type UniqueID string

// Prefix is the four letters that tell what a unique ID or access key ID names.
type Prefix string

// The prefixes in use, from reference_identifiers.html#identifiers-unique-ids.
const (
	User            Prefix = "AIDA"
	Role            Prefix = "AROA"
	Group           Prefix = "AGPA"
	Policy          Prefix = "ANPA"
	InstanceProfile Prefix = "AIPA"
	AccessKey       Prefix = "AKIA"
	TemporaryKey    Prefix = "ASIA"
)

const (
	// accessKeyAlphabet is the base32 alphabet that access key IDs are written in.
	accessKeyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	// secretAlphabet has 64 letters, so that each one carries six bits.
	secretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	digits         = "0123456789"
	mixedAlphabet  = digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// ParseAccountID returns s as an AccountID, or an error if it is not 12 decimal digits.
func ParseAccountID(s string) (AccountID, error) {
	if !IsAccountID(s) {
		return "", fmt.Errorf("account id %q is not 12 digits", s)
	}
	return AccountID(s), nil
}

// ParseCanonicalUserID returns s as a CanonicalUserID, or an error if it is not 64 lower-case
// hexadecimal digits.
func ParseCanonicalUserID(s string) (CanonicalUserID, error) {
	if !IsCanonicalUserID(s) {
		return "", fmt.Errorf("canonical user id %q is not 64 lower-case hexadecimal digits", s)
	}
	return CanonicalUserID(s), nil
}

// IsAccountID reports whether s is 12 digits.
func IsAccountID(s string) bool { return len(s) == 12 && only(s, digits) }

// IsCanonicalUserID reports whether s is 64 lower-case hexadecimal digits.
func IsCanonicalUserID(s string) bool { return len(s) == 64 && only(s, "0123456789abcdef") }

// ParseAccessKeyID returns s as an AccessKeyID, or an error if it is not 16 to 128 characters of
// [A-Za-z0-9_], the pattern of the IAM API.
func ParseAccessKeyID(s string) (AccessKeyID, error) {
	if len(s) < 16 || len(s) > 128 || !isWord(s) {
		return "", fmt.Errorf("access key id %q is not 16 to 128 letters, digits or underscores", s)
	}
	return AccessKeyID(s), nil
}

// NewAccountID draws an account ID that does not begin with zero.
func NewAccountID(rand io.Reader) (AccountID, error) {
	s, err := draw(rand, digits, 12)
	if err != nil {
		return "", err
	}
	if s[0] == '0' {
		s = "1" + s[1:]
	}
	return AccountID(s), nil
}

// NewCanonicalUserID draws a canonical user ID.
func NewCanonicalUserID(rand io.Reader) (CanonicalUserID, error) {
	var b [32]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("draw canonical user id: %w", err)
	}
	return CanonicalUserID(hex.EncodeToString(b[:])), nil
}

// NewUniqueID draws the unique ID of an entity: its prefix and 17 upper-case letters and digits.
func NewUniqueID(rand io.Reader, p Prefix) (UniqueID, error) {
	s, err := draw(rand, accessKeyAlphabet, 17)
	return UniqueID(string(p) + s), err
}

// NewAccessKeyID draws an access key ID: its prefix and 16 characters of the base32 alphabet.
func NewAccessKeyID(rand io.Reader, p Prefix) (AccessKeyID, error) {
	s, err := draw(rand, accessKeyAlphabet, 16)
	return AccessKeyID(string(p) + s), err
}

// NewSecretAccessKey draws a secret access key of 40 characters (240 bits).
func NewSecretAccessKey(rand io.Reader) (string, error) { return draw(rand, secretAlphabet, 40) }

// NewToken draws an opaque token of n letters and digits, such as a request ID.
func NewToken(rand io.Reader, n int) (string, error) { return draw(rand, accessKeyAlphabet, n) }

// NewMixedToken draws n letters of both cases and digits, such as what tells log files of CloudTrail apart.
func NewMixedToken(rand io.Reader, n int) (string, error) { return draw(rand, mixedAlphabet, n) }

// draw returns n letters of alphabet, each equally likely.
func draw(rand io.Reader, alphabet string, n int) (string, error) {
	// Bytes at or above the largest multiple of the alphabet's size would favour its first letters.
	limit := 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	buf := make([]byte, n+16)
	for len(out) < n {
		if _, err := io.ReadFull(rand, buf); err != nil {
			return "", fmt.Errorf("draw identifier: %w", err)
		}
		for _, b := range buf {
			if int(b) < limit && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out), nil
}

// isWord reports whether every byte of s is a letter, a digit or an underscore.
func isWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// only reports whether every byte of s is in set.
func only(s, set string) bool {
	for i := range len(s) {
		found := false
		for j := range len(set) {
			if s[i] == set[j] {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}
