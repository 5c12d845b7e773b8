package sts

import (
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// AccountOfKey returns the account that an access key belongs to, active or not: that of a long-term key that
// there is, whatever its ID tells, or else the one that the ID tells. It is not said whether a key with such an
// ID was ever made, nor whether there is such an account; otherwise anybody could learn which accounts there are.
// The error is a ValidationError if neither is known.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html, which says of deleted keys
// only that there may be an error
func (s *Service) AccountOfKey(ctx context.Context, id ids.AccessKeyID) (ids.AccountID, error) {
	key := new(records.AccessKey)
	err := s.store.View(ctx, func(r meta.Reader) error { return records.Get(r, keys.AccessKey(id), key) })
	switch account, ok := id.Account(); {
	case err == nil:
		return ids.AccountID(key.Account), nil
	case !errors.Is(err, meta.ErrNotFound):
		return "", fmt.Errorf("read access key: %w", err)
	case ok:
		return account, nil
	default:
		return "", validationError("The access key ID %s does not exist.", id)
	}
}
