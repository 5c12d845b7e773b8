package signing

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// PublicKey is a public key and when it is valid.
type PublicKey struct {
	DER          []byte // PKCS #1
	Fingerprint  string
	Begins, Ends time.Time
}

// Public returns the public keys that digest files of a span of time, both ends included, may be signed with, the oldest
// first; there may be none. A zero time is now. It returns InvalidTimeRangeException if the span ends before it begins.
//
// A key that is valid only after the span is among them if it may have signed a digest file that was late.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
func (s *Service) Public(ctx context.Context, from, to time.Time) ([]PublicKey, error) {
	now := s.opts.Now()
	if from.IsZero() {
		from = now
	}
	if to.IsZero() {
		to = now
	}
	if to.Before(from) {
		return nil, apierr.New(http.StatusBadRequest, "InvalidTimeRangeException", "The start time is after the end time.")
	}
	var found []PublicKey
	err := s.store.View(ctx, func(r meta.Reader) error {
		found = nil
		return each(r, func(k *records.TrailKey) {
			begins, ends := time.Unix(0, k.Begins).UTC(), time.Unix(0, k.Ends).UTC()
			if !ends.Before(from) && !begins.Add(-slack).After(to) {
				found = append(found, PublicKey{DER: k.Public, Fingerprint: k.Fingerprint, Begins: begins, Ends: ends})
			}
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list the keys of digest files: %w", err)
	}
	return found, nil
}
