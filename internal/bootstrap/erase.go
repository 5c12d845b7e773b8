package bootstrap

import (
	"bytes"
	"context"
	"errors"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Records is what a bootstrap leaves in a store beside what it makes: which profile has which access key.
type Records struct{ Store *meta.Store }

// AccountContents tells how many profiles have access keys of an account.
func (p Records) AccountContents(r meta.Reader, account ids.AccountID, _ bool, tell func(what string, n int)) error {
	found, err := profilesOf(r, account)
	tell("Profiles", len(found))
	return err
}

// EraseAccount removes the profiles of an account that is being deleted, whose access keys are still there, and
// returns how many there were.
func (p Records) EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error) {
	err = p.Store.Update(ctx, func(tx meta.Tx) error {
		found, err := profilesOf(tx, account)
		if err != nil {
			return err
		}
		removed = len(found)
		return meta.DeleteAll(tx, found)
	})
	return removed, err
}

// profilesOf returns the keys of the facts about the profiles of an account.
func profilesOf(r meta.Reader, account ids.AccountID) (found [][]byte, err error) {
	prefix := keys.Meta(profileFact)
	it := r.Scan(prefix, keys.After(prefix))
	for err == nil && it.Next() {
		record := new(records.AccessKey)
		err = records.Get(r, keys.AccessKey(ids.AccessKeyID(it.Value())), record)
		switch {
		case errors.Is(err, meta.ErrNotFound):
			err = nil
		case err == nil && record.Account == string(account):
			found = append(found, bytes.Clone(it.Key()))
		}
	}
	return found, errors.Join(err, it.Close())
}
