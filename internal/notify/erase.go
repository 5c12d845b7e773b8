package notify

import (
	"bytes"
	"context"
	"errors"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// AccountContents tells how many events of an account's buckets wait to be delivered, if exactly is set.
func (s *Service) AccountContents(r meta.Reader, account ids.AccountID, exactly bool, tell func(what string, n int)) error {
	if !exactly {
		return nil
	}
	found, err := eventsOf(r, account, meta.All)
	tell("Events", len(found))
	return err
}

// EraseAccount removes some of the events that wait to be delivered of the buckets of an account that is being
// deleted, in one transaction, and returns how many: 0 if none is left.
func (s *Service) EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error) {
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		found, err := eventsOf(tx, account, trimmed)
		if err != nil {
			return err
		}
		removed = len(found)
		return meta.DeleteAll(tx, found)
	})
	return removed, err
}

// eventsOf returns the keys of up to most events of an account's buckets. What cannot be read tells of nobody, and is
// dropped by the queue that it lies in.
func eventsOf(r meta.Reader, account ids.AccountID, most int) (found [][]byte, err error) {
	it := r.Scan(keys.AllEvents())
	for len(found) < most && it.Next() {
		e := new(records.Event)
		err := records.Unmarshal(it.Value(), e)
		if err != nil && !errors.Is(err, meta.ErrCorrupt) {
			return nil, closing(it, err)
		}
		if err == nil && e.BucketOwner == string(account) {
			found = append(found, bytes.Clone(it.Key()))
		}
	}
	return found, it.Close()
}
