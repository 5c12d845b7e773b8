package ids

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
)

// An access key ID of AWS has told since 2019 whose it is. Its 16 characters behind the prefix are base 32 of
// ten bytes, of which the first six are
//
//	bit 47       1, by which such an ID is told from an older one
//	bits 46..7   the account ID as a number
//	bits 6..0    random, as the four bytes that follow are
//
// Source: https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489, which found it out; AWS has
// published nothing.
const (
	accountMark  = 1 << 47
	accountShift = 7
	accountMask  = 1<<40 - 1
)

// NewAccountKeyID draws an access key ID that tells its account. 39 bits of it are random.
func NewAccountKeyID(rand io.Reader, p Prefix, account AccountID) (AccessKeyID, error) {
	if _, err := ParseAccountID(string(account)); err != nil {
		return "", err
	}
	number, err := strconv.ParseUint(string(account), 10, 64)
	if err != nil {
		return "", err
	}
	var b [10]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("draw identifier: %w", err)
	}
	var head [8]byte
	binary.BigEndian.PutUint64(head[:], accountMark|number<<accountShift|uint64(b[5]&(1<<accountShift-1)))
	copy(b[:6], head[2:])
	return AccessKeyID(string(p) + base32.StdEncoding.EncodeToString(b[:])), nil
}

// Account returns the account that an access key ID tells; ok is false if it tells none. That there is such
// an account, or such a key, is not said.
func (id AccessKeyID) Account() (account AccountID, ok bool) {
	if len(id) != 20 {
		return "", false
	}
	if p := Prefix(id[:4]); p != AccessKey && p != TemporaryKey {
		return "", false
	}
	b, err := base32.StdEncoding.DecodeString(string(id[4:]))
	if err != nil {
		return "", false
	}
	head := binary.BigEndian.Uint64(append([]byte{0, 0}, b[:6]...))
	number := head >> accountShift & accountMask
	if head&accountMark == 0 || number > 999_999_999_999 {
		return "", false
	}
	return AccountID(fmt.Sprintf("%012d", number)), true
}
