package quotas

import (
	"errors"
	"fmt"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// The number of what an account has of each kind is kept, so that making the next one does not count all of
// them. It lies under a key of its own, that only this file writes, and changes in the transaction that makes or
// removes one: the account's record is not where it lies, because every request reads that one, and keeps it.
// What was made before numbers were kept is counted once, by the first transaction that changes it.

// Count returns how many of a kind an account has.
func Count(r meta.Reader, account ids.AccountID, k keys.Kind) (int, error) {
	kept := new(records.EntityCount)
	err := records.Get(r, keys.EntityCount(account, k), kept)
	if err == nil {
		return int(kept.Entities), nil
	}
	if !errors.Is(err, meta.ErrNotFound) {
		return 0, fmt.Errorf("read number of kind %q of account %s: %w", k, account, err)
	}
	it := r.Scan(keys.Counted(account, k))
	n := 0
	for it.Next() {
		n++
	}
	return n, it.Close()
}

// Enter counts one more of a kind, which is about to be written, and reports whether there is room for it: fewer
// than limit. If there is none, nothing is counted. It must come before the write, which would be counted twice.
func Enter(tx meta.Tx, account ids.AccountID, k keys.Kind, limit int) (room bool, err error) {
	n, err := Count(tx, account, k)
	if err != nil || n >= limit {
		return false, err
	}
	return true, Keep(tx, account, k, n+1)
}

// Leave counts one less of a kind, which is about to be deleted. It must come before that.
func Leave(tx meta.Tx, account ids.AccountID, k keys.Kind) error {
	n, err := Count(tx, account, k)
	if err != nil {
		return err
	}
	// There can be one that is not counted only if it was made by a program that keeps no numbers: they are then
	// counted anew.
	return Keep(tx, account, k, max(0, n-1))
}

// Keep keeps a number, for kinds that are not counted by their keys. None is kept of what there is none of.
func Keep(tx meta.Tx, account ids.AccountID, k keys.Kind, n int) error {
	if n == 0 {
		return tx.Delete(keys.EntityCount(account, k))
	}
	return records.Put(tx, keys.EntityCount(account, k), &records.EntityCount{Entities: int64(n)})
}
