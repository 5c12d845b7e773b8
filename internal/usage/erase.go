package usage

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// eraseBatch is how many keys one transaction of EraseAccount removes.
const eraseBatch = 256

// AccountContents tells how many records there are of the real use of an account, reports included, if exactly is set.
func (s *Service) AccountContents(r meta.Reader, account ids.AccountID, exactly bool, tell func(what string, n int)) error {
	if !exactly {
		return nil
	}
	it := r.Scan(keys.UsageOf(account))
	n := 0
	for it.Next() {
		n++
	}
	tell("UsageRecords", n)
	return it.Close()
}

// EraseAccount removes some of what is stored about the real use of an account that is being deleted, in one
// transaction, and returns how much: 0 if nothing is left. Uses that are in memory are forgotten.
func (s *Service) EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error) {
	s.forget(account)
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		removed, err = erase(tx, account, eraseBatch)
		return err
	})
	return removed, err
}

// erase removes up to most keys of what is stored about the real use of an account.
func erase(tx meta.Tx, account ids.AccountID, most int) (removed int, err error) {
	from, to := keys.UsageOf(account)
	doomed, err := meta.Keys(tx, from, to, most)
	if err != nil {
		return 0, err
	}
	return len(doomed), meta.DeleteAll(tx, doomed)
}

// forget forgets the uses of an account that wait to be written.
func (s *Service) forget(account ids.AccountID) {
	s.flushing.Lock() // what is being written is written before
	defer s.flushing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for of, u := range s.pending {
		if of.account == account {
			s.size -= count(u)
			delete(s.pending, of)
		}
	}
}
