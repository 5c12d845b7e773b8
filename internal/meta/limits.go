package meta

import (
	"bytes"
	"fmt"
)

// limitedReader refuses keys that no engine stores, so that engines need not look.
type limitedReader struct {
	Reader
}

func (r limitedReader) Get(key []byte) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return r.Reader.Get(key)
}

func (r limitedReader) GetMany(keys [][]byte) ([][]byte, error) {
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	return r.Reader.GetMany(keys)
}

// ScanPlan implements Planner.
func (r limitedReader) ScanPlan(from, to []byte, plan Plan) Iterator {
	return Scan(r.Reader, from, to, plan)
}

// limitedTx refuses keys and values beyond the limits, remembers whether anything was written, and the keys if record
// is set.
type limitedTx struct {
	limitedReader
	tx      Tx
	wrote   bool
	record  bool
	written [][]byte
}

var _ Tx = (*limitedTx)(nil)

func (t *limitedTx) Put(key, value []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if len(value) > MaxValue {
		return fmt.Errorf("meta: value of %d bytes is larger than %d", len(value), MaxValue)
	}
	t.note(key)
	return t.tx.Put(key, value)
}

func (t *limitedTx) Delete(key []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	t.note(key)
	return t.tx.Delete(key)
}

// note remembers key. It comes before the write, because a write that reports an error that fn then
// ignores may still have been done.
func (t *limitedTx) note(key []byte) {
	t.wrote = true
	if t.record {
		t.written = append(t.written, bytes.Clone(key))
	}
}

func checkKeys(keys [][]byte) error {
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return err
		}
	}
	return nil
}

func checkKey(key []byte) error {
	if len(key) < 1 || len(key) > MaxKey {
		return fmt.Errorf("meta: key of %d bytes is not within 1 to %d", len(key), MaxKey)
	}
	return nil
}
