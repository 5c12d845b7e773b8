package history

import (
	"context"
	"errors"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// AccountContents tells how many events the history of an account has.
func (s *Service) AccountContents(r meta.Reader, account ids.AccountID, _ bool, tell func(what string, n int)) error {
	c, err := count(r, account)
	if err != nil {
		return err
	}
	tell("HistoryEvents", int(c.Events))
	return nil
}

// EraseAccount removes some of the history of an account that is being deleted, in one transaction, and returns how much:
// 0 if nothing is left. Nothing is added to the history of an account that is closed (put), so that none follows.
func (s *Service) EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error) {
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		from, to := keys.TrailEventsOf(account)
		gone, err := meta.Keys(tx, from, to, trimBatch)
		if err != nil {
			return err
		}
		// The count goes last.
		if len(gone) < trimBatch {
			_, err := tx.Get(keys.TrailHistory(account))
			if err != nil && !errors.Is(err, meta.ErrNotFound) {
				return err
			}
			if err == nil {
				gone = append(gone, keys.TrailHistory(account))
			}
		} else if err := s.uncount(tx, account, gone); err != nil {
			return err
		}
		removed = len(gone)
		return meta.DeleteAll(tx, gone)
	})
	return removed, err
}

// uncount takes values that are removed from the count of a history.
func (s *Service) uncount(tx meta.Tx, account ids.AccountID, gone [][]byte) error {
	c, err := count(tx, account)
	if err != nil {
		return err
	}
	values, err := tx.GetMany(gone)
	if err != nil {
		return err
	}
	for _, value := range values {
		c.Events = max(c.Events-int64(eventsIn(value)), 0)
		c.Bytes = max(c.Bytes-int64(len(value)), 0)
	}
	return records.Put(tx, keys.TrailHistory(account), c)
}
