package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// trimBatch is how many values one transaction removes at most.
const trimBatch = 64

// Trim removes events that are too old or too many. The worker does it.
func (s *Service) Trim(ctx context.Context) error {
	accounts, err := s.histories(ctx)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		for removed := trimBatch; removed == trimBatch; {
			if removed, err = s.trim(ctx, account); err != nil {
				return fmt.Errorf("trim the event history of account %s: %w", account, err)
			}
		}
	}
	return nil
}

// histories returns the accounts that have a history.
func (s *Service) histories(ctx context.Context) (accounts []ids.AccountID, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		accounts = nil
		from, to := keys.AllTrailHistories()
		all, err := meta.Keys(r, from, to, meta.All)
		for _, key := range all {
			account, parseErr := keys.ParseTrailHistory(key)
			if parseErr != nil {
				return parseErr
			}
			accounts = append(accounts, account)
		}
		return err
	})
	return accounts, err
}

// trim removes the oldest values of a history, at most trimBatch, and returns how many.
func (s *Service) trim(ctx context.Context, account ids.AccountID) (removed int, err error) {
	lost := 0
	err = s.store.Update(meta.Freeing(ctx), func(tx meta.Tx) error {
		removed, lost = 0, 0
		c, err := count(tx, account)
		if err != nil {
			return err
		}
		var gone [][]byte
		if gone, lost, err = s.surplus(tx, account, c); err != nil || len(gone) == 0 {
			return err
		}
		removed = len(gone)
		return errors.Join(meta.DeleteAll(tx, gone), records.Put(tx, keys.TrailHistory(account), c))
	})
	if err == nil && lost > 0 {
		s.drop(lost, "the account has more than are kept", "account", string(account))
	}
	return removed, err
}

// surplus returns the keys of the oldest values of a history that are to go, at most trimBatch, and how many events in
// them are not too old. It takes them from c.
func (s *Service) surplus(r meta.Reader, account ids.AccountID, c *records.TrailHistory) (gone [][]byte, lost int, err error) {
	old := sequenceAt(s.opts.Now().Add(-Age))
	it := r.Scan(keys.TrailEventsOf(account))
	for len(gone) < trimBatch && it.Next() {
		_, sequence, err := keys.ParseTrailEvents(it.Key())
		if err != nil {
			return nil, 0, errors.Join(err, it.Close())
		}
		if sequence >= old && c.Bytes <= s.opts.Size {
			break
		}
		events := eventsIn(it.Value())
		if sequence >= old {
			lost += events
		}
		c.Events = max(c.Events-int64(events), 0)
		c.Bytes = max(c.Bytes-int64(len(it.Value())), 0)
		gone = append(gone, bytes.Clone(it.Key()))
	}
	return gone, lost, it.Close()
}

// eventsIn returns how many events a value has; 0 if it cannot be read.
func eventsIn(value []byte) int {
	e := new(records.TrailEvents)
	if records.Unmarshal(value, e) != nil {
		return 0
	}
	return int(e.Events)
}

// latest is the last time that has a sequence.
var latest = time.Unix(0, math.MaxInt64)

// sequenceAt returns the sequence of a segment of the journal that was written at a time, or the nearest that there can be.
func sequenceAt(t time.Time) uint64 {
	switch {
	case t.Unix() < 0:
		return 0
	case t.After(latest):
		return math.MaxInt64
	}
	return uint64(t.UnixNano())
}
