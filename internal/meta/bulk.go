package meta

import (
	"bytes"
	"math"
)

// All is a number of keys that no range has.
const All = math.MaxInt

// Keys returns up to most keys of [from, to), in order. They stay valid, also when what they name is deleted.
func Keys(r Reader, from, to []byte, most int) (found [][]byte, err error) {
	it := r.Scan(from, to)
	for len(found) < most && it.Next() {
		found = append(found, bytes.Clone(it.Key()))
	}
	return found, it.Close()
}

// DeleteAll deletes keys. Those that are not there are left alone, as Delete does.
func DeleteAll(tx Tx, keys [][]byte) error {
	for _, key := range keys {
		if err := tx.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
