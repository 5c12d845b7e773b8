package accounts

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// SetPublicAccessBlock sets the public access block of an account, for all of its buckets; nil removes it.
// CodeNotFound if there is no such account. What is in effect for them, package access knows.
func (s *Service) SetPublicAccessBlock(ctx context.Context, id ids.AccountID, block *records.PublicAccessBlock) error {
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		record := new(records.Account)
		if err := records.Get(tx, keys.Account(id), record); err != nil {
			return orNotFound(err, string(id))
		}
		record.PublicAccessBlock = block
		return records.Put(tx, keys.Account(id), record)
	})
	return wrap(err, "set public access block of account %s", id)
}
