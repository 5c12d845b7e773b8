package analyzer

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// AccountContents tells how many analyzers an account has.
func (s *Service) AccountContents(r meta.Reader, account ids.AccountID, _ bool, tell func(what string, n int)) error {
	all, err := analyzersOf(r, account)
	tell("Analyzers", len(all))
	return err
}

// EraseAccount removes some of what is kept for an account that is being deleted, in one transaction, and returns how
// much: 0 if nothing is left.
func (s *Service) EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error) {
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		first, others := keys.Analyzers(account)
		_, end := keys.AnalyzersOf(account)
		doomed, err := meta.Keys(tx, others, end, eraseBatch) // rules and findings before what they belong to
		if err == nil && len(doomed) == 0 {
			doomed, err = meta.Keys(tx, first, others, eraseBatch)
		}
		removed = len(doomed)
		if err != nil {
			return err
		}
		return meta.DeleteAll(tx, doomed)
	})
	return removed, err
}
