package memory

import (
	"bytes"

	"crossgrant/internal/meta"
)

// reader reads one version of the tree.
type reader struct {
	tree *tree
}

// tx is a transaction: a version of the tree of its own, to read and to change.
type tx struct {
	reader
}

var (
	_ meta.Reader = reader{}
	_ meta.Tx     = tx{}
)

func (r reader) Get(key []byte) ([]byte, error) {
	found, ok := r.tree.Get(entry{key: key})
	if !ok {
		return nil, meta.ErrNotFound
	}
	return copyOf(found.value), nil
}

func (r reader) GetMany(keys [][]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		if found, ok := r.tree.Get(entry{key: key}); ok {
			values[i] = copyOf(found.value)
		}
	}
	return values, nil
}

func (r reader) Scan(from, to []byte) meta.Iterator {
	return &iterator{tree: r.tree, from: bytes.Clone(from), to: bytes.Clone(to)}
}

// Scan walks a copy, so that later writes of the transaction do not move nodes under the iterator.
func (t tx) Scan(from, to []byte) meta.Iterator {
	return reader{t.tree.Copy()}.Scan(from, to)
}

func (t tx) Put(key, value []byte) error {
	t.tree.Set(entry{key: copyOf(key), value: copyOf(value)})
	return nil
}

func (t tx) Delete(key []byte) error {
	t.tree.Delete(entry{key: key})
	return nil
}

// copyOf returns a copy of b that is not nil even if b is.
func copyOf(b []byte) []byte {
	return append(make([]byte, 0, len(b)), b...)
}
