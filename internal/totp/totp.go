// Package totp is the time-based one-time passwords of virtual MFA devices: HMAC-SHA-1, six digits, a
// step of 30 seconds. It is pure: the time is an argument, and what has been accepted before is for the
// caller to remember.
//
// Sources: https://www.rfc-editor.org/rfc/rfc6238 and https://www.rfc-editor.org/rfc/rfc4226
package totp

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"
)

const (
	// Step is how long a code is the current one.
	Step = 30 * time.Second
	// Digits is the length of a code.
	Digits = 6

	modulus = 1_000_000 // 10 to the power of Digits
)

// StepAt returns the number of the step that t lies in: the steps since 1970. Before it, the step is 0.
func StepAt(t time.Time) int64 { return max(0, t.Unix()) / int64(Step/time.Second) }

// Code returns the code of a step.
//
// Source: https://www.rfc-editor.org/rfc/rfc4226#section-5.3
func Code(seed []byte, step int64) string {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	truncated := binary.BigEndian.Uint32(sum[offset:]) &^ (1 << 31)
	return fmt.Sprintf("%0*d", Digits, truncated%modulus)
}

// Find returns the first step from first to last, both included, at which codes end: the last of them is
// the code of that step, and those before it are the codes of the steps before it. How long it takes does
// not depend on where or whether a code is wrong. Without a code nothing is found.
func Find(seed []byte, first, last int64, codes ...string) (step int64, found bool) {
	for end := first; len(codes) > 0 && end <= last; end++ {
		same := 1
		for i, code := range codes {
			want := Code(seed, end-int64(len(codes)-1-i))
			same &= subtle.ConstantTimeCompare([]byte(code), []byte(want))
		}
		if same == 1 && !found {
			step, found = end, true
		}
	}
	return step, found
}
