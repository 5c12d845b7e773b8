package history

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"time"
)

// position is how far a lookup has come: next are the entries of the value of that sequence with lower indexes, the
// highest first, and then the values of lower sequences.
type position struct {
	sequence uint64
	index    uint32
}

// whole is an index beyond those of all entries.
const whole = math.MaxInt32

// token returns a position as text that only Lookup reads, and only for the same query.
func (s *Service) token(q *Query, at position) (string, error) {
	plain := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, at.sequence), at.index)
	sealed, err := s.box.Seal(plain, bound(q))
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// position returns the one of a token: InvalidNextTokenException if it is none, or is that of another query.
func (s *Service) position(q *Query) (position, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(q.Token)
	if err == nil {
		sealed, err = s.box.Open(sealed, bound(q))
	}
	if err != nil || len(sealed) != 12 {
		return position{}, refuse("InvalidNextTokenException", "The token is not valid, or belongs to a request with other parameters.")
	}
	return position{binary.BigEndian.Uint64(sealed), binary.BigEndian.Uint32(sealed[8:])}, nil
}

// bound returns what tokens are bound to: everything of a query but how much is wanted at once.
func bound(q *Query) []byte {
	out := []byte("LookupEvents")
	for _, text := range []string{string(q.Account), q.Attribute, q.Value} {
		out = append(binary.AppendUvarint(out, uint64(len(text))), text...)
	}
	for _, at := range []time.Time{q.From, q.To} {
		// The zero time is none of those that a request may name.
		out = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(out, uint64(at.Unix())), uint32(at.Nanosecond()))
	}
	return out
}
