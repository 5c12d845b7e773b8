package pebble

import (
	"bytes"
	"errors"
	"fmt"

	pebbledb "github.com/cockroachdb/pebble/v2"

	"crossgrant/internal/meta"
)

// reader reads a snapshot, or an indexed batch over the newest state.
type reader struct {
	source pebbledb.Reader
}

// tx is a transaction: an indexed batch, to read and to write. It reads what is hot from there. Most other keys that it
// asks for are not there yet.
type tx struct {
	reader
	batch *pebbledb.Batch
	hot   *hot
}

var (
	_ meta.Reader = reader{}
	_ meta.Tx     = tx{}
)

func (r reader) Get(key []byte) ([]byte, error) {
	value, closer, err := r.source.Get(key)
	if errors.Is(err, pebbledb.ErrNotFound) {
		return nil, meta.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("get: %w", readError(err))
	}
	value = append(make([]byte, 0, len(value)), value...) // not nil, even if empty
	if err := closer.Close(); err != nil {
		return nil, fmt.Errorf("get: %w", readError(err))
	}
	return value, nil
}

func (r reader) GetMany(keys [][]byte) ([][]byte, error) { return getMany(r.Get, keys) }

// getMany calls get for each key.
func getMany(get func(key []byte) ([]byte, error), keys [][]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		value, err := get(key)
		if err != nil && err != meta.ErrNotFound {
			return nil, err
		}
		values[i] = value
	}
	return values, nil
}

func (r reader) Scan(from, to []byte) meta.Iterator {
	if to != nil && bytes.Compare(from, to) >= 0 {
		return &iterator{pos: after} // Pebble wants bounds in order
	}
	if len(from) == 0 {
		from = nil // Pebble has no empty bounds
	}
	walk, err := r.source.NewIter(&pebbledb.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return &iterator{pos: after, err: err}
	}
	return &iterator{walk: walk}
}

func (t tx) Get(key []byte) ([]byte, error) {
	if value, ok := t.hot.get(key); ok { // not what the batch writes, which was forgotten
		return value, nil
	}
	value, err := t.seek(key)
	if err == nil && t.batch.Empty() { // else it may be what the batch writes, and fn may yet fail
		t.hot.offer(key, value)
	}
	return value, err
}

// seek is Get with an iterator, which can use the filters of the oldest level. Pebble's Get does not, and that level has
// nearly all keys: to learn that a key is not there, which each PUT of a new object does, Get reads a block of the
// table that could hold it, from the disk if there are many.
func (t tx) seek(key []byte) (value []byte, err error) {
	it, err := t.batch.NewIter(&pebbledb.IterOptions{UseL6Filters: true})
	if err != nil {
		return nil, fmt.Errorf("get: %w", readError(err))
	}
	found := it.SeekPrefixGE(key) && bytes.Equal(it.Key(), key)
	if found {
		if value, err = it.ValueAndErr(); err == nil {
			value = append(make([]byte, 0, len(value)), value...) // not nil, even if empty
		}
	}
	if closeErr := it.Close(); err == nil {
		err = closeErr // also what ended the search early
	}
	if err != nil {
		return nil, fmt.Errorf("get: %w", readError(err))
	}
	if !found {
		return nil, meta.ErrNotFound
	}
	return value, nil
}

func (t tx) GetMany(keys [][]byte) ([][]byte, error) { return getMany(t.Get, keys) }

func (t tx) Put(key, value []byte) error {
	t.hot.forget(key)
	if err := t.batch.Set(key, value, nil); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	return nil
}

func (t tx) Delete(key []byte) error {
	t.hot.forget(key)
	if err := t.batch.Delete(key, nil); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}

// readError is translate for what a reader meets: what is not damage is a disk that cannot be read now.
func readError(err error) error {
	if err = translate(err); errors.Is(err, meta.ErrCorrupt) {
		return err
	}
	return unavailable(err)
}

// position says where an iterator stands.
type position int

const (
	before position = iota // the first entry of the range
	on                     // an entry
	after                  // the last entry of the range
)

// iterator walks a range.
type iterator struct {
	walk  *pebbledb.Iterator // nil if there is nothing to walk
	pos   position
	value []byte // of the entry it stands on
	err   error  // what ended it early
}

var _ meta.Iterator = (*iterator)(nil)

func (i *iterator) Next() bool {
	switch i.pos {
	case before:
		return i.settle(i.walk.First())
	case on:
		return i.settle(i.walk.Next())
	default:
		return false
	}
}

func (i *iterator) SeekGE(key []byte) bool {
	if i.walk == nil || i.err != nil {
		return false
	}
	if len(key) == 0 {
		return i.settle(i.walk.First())
	}
	return i.settle(i.walk.SeekGE(key)) // the bounds of walk clamp it
}

// settle records and reports whether the iterator stands on an entry. It reads the value at once, so
// that an entry whose value cannot be read is not shown.
func (i *iterator) settle(found bool) bool {
	i.pos, i.value = after, nil
	if !found {
		i.err = i.walk.Error()
		return false
	}
	if i.value, i.err = i.walk.ValueAndErr(); i.err != nil {
		return false
	}
	i.pos = on
	return true
}

func (i *iterator) Key() []byte   { return i.walk.Key() }
func (i *iterator) Value() []byte { return i.value }

func (i *iterator) Close() error {
	if i.walk != nil {
		if err := i.walk.Close(); i.err == nil {
			i.err = err
		}
		i.walk = nil
	}
	i.pos = after
	if i.err != nil {
		return fmt.Errorf("scan: %w", readError(i.err))
	}
	return nil
}
