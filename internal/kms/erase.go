package kms

import (
	"context"
	"errors"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// removeBatch is how many keys one transaction of EraseAccount removes.
const removeBatch = 100

// AccountContents tells how many KMS keys an account has.
func (s *Service) AccountContents(r meta.Reader, account ids.AccountID, _ bool, tell func(what string, n int)) error {
	found, err := keysOf(r, account, meta.All)
	tell("KMSKeys", len(found))
	return err
}

// EraseAccount removes some KMS keys of an account that is being deleted with their aliases, in one transaction, and
// returns how many: 0 if none is left. What they sealed, in whichever account, cannot be read any more.
func (s *Service) EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error) {
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		found, err := keysOf(tx, account, removeBatch)
		if err != nil {
			return err
		}
		removed = len(found)
		for _, r := range found {
			for _, alias := range r.Aliases {
				if err := tx.Delete(keys.KMSAlias(account, alias)); err != nil {
					return err
				}
			}
			if err := tx.Delete(keys.KMSKey(r.Id)); err != nil {
				return err
			}
		}
		return nil
	})
	return removed, err
}

// keysOf returns up to most keys of an account. All keys of all accounts are looked at: there is no index, because
// nobody but an operator lists them.
func keysOf(r meta.Reader, account ids.AccountID, most int) (found []*records.KMSKey, err error) {
	it := r.Scan(keys.KMSKeys())
	for len(found) < most && it.Next() {
		record := new(records.KMSKey)
		if err := records.Unmarshal(it.Value(), record); err != nil {
			return nil, errors.Join(err, it.Close())
		}
		if record.Account == string(account) {
			found = append(found, record)
		}
	}
	return found, it.Close()
}
