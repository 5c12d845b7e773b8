package ids

import (
	"crypto/rand"
	"testing"
	"time"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{requestEpoch, requestEpoch.Add(time.Millisecond), time.Date(2026, 11, 26, 19, 0, 0, 123_456_789, time.UTC), time.Date(2113, 12, 31, 0, 0, 0, 0, time.UTC)} {
		id, err := NewRequestID(rand.Reader, at)
		if err != nil || len(id) != 16 {
			t.Fatalf("%q, %v", id, err)
		}
		if got, ok := RequestTime(id); !ok || !got.Equal(at.Truncate(time.Millisecond)) {
			t.Errorf("the time of %s is %v, %t, want %v", id, got, ok, at)
		}
	}
	for _, id := range []string{"", "x", "0000000000000000", "-0000000ABCDEFGH", "+0000000ABCDEFGH", "0000000zABCDEFGH", "MISSINGAAAAAAAAA1", "0000000AABCDEFG1"} {
		if at, ok := RequestTime(id); ok {
			t.Errorf("%q has the time %v", id, at)
		}
	}
}
