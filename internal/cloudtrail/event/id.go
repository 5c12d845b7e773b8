package event

import (
	"crypto/sha256"
	"encoding/hex"

	"crossgrant/internal/audit"
	"crossgrant/internal/ids"
)

// ID returns the eventID of the event of r for recipient: a UUID that is always the same for the same request and
// recipient, so that an event that is delivered twice has one ID.
func ID(r *audit.Record, recipient ids.AccountID) string {
	var b [36]byte
	return string(appendID(b[:0], r, recipient))
}

// appendID appends the ID of the event for recipient; for none, that which the events of all recipients share.
func appendID(dst []byte, r *audit.Record, recipient ids.AccountID) []byte {
	var b [128]byte
	text := append(append(b[:0], r.RequestID...), 0)
	text = append(append(text, r.HostID...), 0)
	sum := sha256.Sum256(append(text, recipient...))
	// The bits that say what sort of UUID it is say that it is random, which is what its readers take it for.
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	for _, part := range [...][]byte{sum[0:4], sum[4:6], sum[6:8], sum[8:10]} {
		dst = append(hex.AppendEncode(dst, part), '-')
	}
	return hex.AppendEncode(dst, sum[10:16])
}
