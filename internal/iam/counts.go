package iam

import (
	"errors"
	"fmt"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// The number of an account's entities of each kind is kept, so that making the next one does not count all
// of them. It lies beside them, under a key of its own that only this file writes, and changes in the
// transaction that makes or removes one. What was made before numbers were kept is counted once, by the first
// transaction that changes it.

// entities returns how many entities of a kind the account has.
func (v view) entities(k keys.Kind) (int, error) {
	kept := new(records.EntityCount)
	err := records.Get(v, keys.EntityCount(v.account, k), kept)
	if err == nil {
		return int(kept.Entities), nil
	}
	if !errors.Is(err, meta.ErrNotFound) {
		return 0, fmt.Errorf("read number of entities of kind %q of account %s: %w", k, v.account, err)
	}
	from, to := keys.Entities(v.account, k)
	return v.count(from, to, maxCount)
}

// maxCount is more than any account has of anything.
const maxCount = 1<<31 - 1

// countIn counts an entity that is about to be written, or refuses it if the account has as many as quota
// already. It must come before the write, which it would count twice.
func (c change) countIn(k keys.Kind, quota int, quotaName string) error {
	n, err := c.entities(k)
	if err != nil {
		return err
	}
	if n >= quota {
		return limitExceeded("Cannot exceed quota for %s: %d", quotaName, quota)
	}
	return c.keepCount(k, n+1)
}

// countOut counts an entity that is about to be deleted. It must come before that.
func (c change) countOut(k keys.Kind) error {
	n, err := c.entities(k)
	if err != nil {
		return err
	}
	if n < 1 {
		// It was made by a program that keeps no numbers: they are counted anew.
		return c.tx.Delete(keys.EntityCount(c.account, k))
	}
	return c.keepCount(k, n-1)
}

func (c change) keepCount(k keys.Kind, n int) error {
	return records.Put(c.tx, keys.EntityCount(c.account, k), &records.EntityCount{Entities: int64(n)})
}
