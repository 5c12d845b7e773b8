package accounts

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// PublicAccessBlock returns the public access block that is set on an account, for all of its buckets; nil
// if none is. CodeNotFound if there is no such account.
func (s *Service) PublicAccessBlock(ctx context.Context, id ids.AccountID) (*records.PublicAccessBlock, error) {
	record := new(records.Account)
	err := s.store.View(ctx, func(r meta.Reader) error { return records.Get(r, keys.Account(id), record) })
	return record.PublicAccessBlock, wrap(orNotFound(err, string(id)), "read public access block of account %s", id)
}

// SetPublicAccessBlock sets the public access block of an account; nil removes it. CodeNotFound if there is
// no such account.
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
