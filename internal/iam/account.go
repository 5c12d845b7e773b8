package iam

import (
	"context"
	"fmt"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// AccountCreated returns when an account was made, which is the age of its root user.
func (s *Service) AccountCreated(ctx context.Context, account ids.AccountID) (created time.Time, err error) {
	err = s.read(ctx, account, func(v view) error {
		r := new(records.Account)
		if err := records.Get(v, keys.Account(account), r); err != nil {
			return fmt.Errorf("read account %s: %w", account, err)
		}
		created = instant(r.Created)
		return nil
	})
	return created, err
}
