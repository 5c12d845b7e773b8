package cloudtrail

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// AccountContents tells how many trails an account has.
func (s *Service) AccountContents(r meta.Reader, account ids.AccountID, _ bool, tell func(what string, n int)) error {
	all, err := trailsOf(r, account)
	tell("Trails", len(all))
	return err
}

// eraseBatch is how many keys one transaction removes.
const eraseBatch = 256

// EraseAccount removes some of what is kept of the trails of an account that is being deleted, in one transaction, and
// returns how much: 0 if nothing is left.
func (s *Service) EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error) {
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		removed = 0
		// The trails come last of the ranges, so that nothing is there of which the trail is not.
		for _, of := range keys.TrailsOf(account) {
			doomed, err := meta.Keys(tx, of[0], of[1], eraseBatch)
			if err != nil {
				return err
			}
			if len(doomed) > 0 {
				removed = len(doomed)
				return meta.DeleteAll(tx, doomed)
			}
		}
		return nil
	})
	return removed, err
}
