package ids

import (
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"time"
)

// A request ID has 16 upper-case letters and digits, as those of S3 have: the time of the request, in milliseconds
// since requestEpoch in base 36, and what tells those of one millisecond apart. The time lets the record of a request
// be found without an index.
const (
	requestTime   = 8
	requestRandom = 8
)

// requestEpoch lets request IDs last until 2114.
var requestEpoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// NewRequestID draws the ID of a request that came at a time.
func NewRequestID(rand io.Reader, at time.Time) (string, error) {
	tail, err := draw(rand, accessKeyAlphabet, requestRandom)
	head := strings.ToUpper(strconv.FormatInt(max(at.Sub(requestEpoch).Milliseconds(), 0), 36))
	if len(head) < requestTime {
		head = strings.Repeat("0", requestTime-len(head)) + head
	}
	return head + tail, err
}

// NewHostID draws the second ID of a request to S3, x-amz-id-2: 48 bytes in base64, as those of S3 have.
func NewHostID(rand io.Reader) (string, error) {
	var b [48]byte
	_, err := io.ReadFull(rand, b[:])
	return base64.StdEncoding.EncodeToString(b[:]), err
}

// RequestTime returns the time in a request ID, to the millisecond below; ok is false if it is none of NewRequestID's.
func RequestTime(id string) (at time.Time, ok bool) {
	if len(id) != requestTime+requestRandom || strings.ToUpper(id) != id || strings.Trim(id[:requestTime], "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" ||
		strings.Trim(id[requestTime:], accessKeyAlphabet) != "" {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(id[:requestTime], 36, 64)
	return requestEpoch.Add(time.Duration(n) * time.Millisecond), err == nil
}
