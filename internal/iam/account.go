package iam

import (
	"context"
	"fmt"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// RootUser returns when an account was made, which is the age of its root user, and when the root user last signed in
// with a password; zero if it did not yet.
func (s *Service) RootUser(ctx context.Context, account ids.AccountID) (created, signedIn time.Time, err error) {
	err = s.read(ctx, account, func(v view) error {
		r, err := v.root()
		if err != nil {
			return err
		}
		created, signedIn = instant(r.Created), lastUsed(r.RootLogin)
		return nil
	})
	return created, signedIn, err
}

// root reads the record of the account.
func (v view) root() (*records.Account, error) {
	r := new(records.Account)
	if err := records.Get(v, keys.Account(v.account), r); err != nil {
		return nil, fmt.Errorf("read account %s: %w", v.account, err)
	}
	return r, nil
}

// changeAccount runs edit on the record of the account and stores it if edit returns nil.
func (s *Service) changeAccount(ctx context.Context, account ids.AccountID, edit func(c change, r *records.Account) error) error {
	return s.write(ctx, account, func(c change) error {
		r, err := c.root()
		if err != nil {
			return err
		}
		if err := edit(c, r); err != nil {
			return err
		}
		return records.Put(c.tx, keys.Account(account), r)
	})
}

// SetGlobalEndpointTokenVersion records which version of session tokens the global endpoint of STS gives out, 1 or
// 2. Here sessions are good in every Region whatever it is: the account summary tells it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetSecurityTokenServicePreferences.html
func (s *Service) SetGlobalEndpointTokenVersion(ctx context.Context, account ids.AccountID, version int) error {
	return s.changeAccount(ctx, account, func(_ change, r *records.Account) error {
		r.GlobalEndpointTokenVersion = int32(version)
		return nil
	})
}
