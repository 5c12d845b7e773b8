package postgres

import (
	"bytes"
	"slices"

	"crossgrant/internal/meta"
)

// own is a write of a transaction, for its iterators.
type own struct {
	key []byte
	write
}

func ownWrite(key string, w write) own { return own{[]byte(key), w} }

// merged is an iterator over what is stored, with the writes of a transaction in its place.
type merged struct {
	stored meta.Iterator
	own    []own // those of the range, by key
	from   []byte

	atStored bool // whether stored is at an entry
	at       int  // the next of own that was not passed
	state    position
	isOwn    bool // whether the current entry is own[at]
}

func (m *merged) Next() bool {
	switch m.state {
	case before:
		return m.SeekGE(m.from)
	case after:
		return false
	}
	m.pass()
	return m.settle()
}

func (m *merged) SeekGE(key []byte) bool {
	m.atStored = m.stored.SeekGE(key)
	m.at, _ = slices.BinarySearchFunc(m.own, key, func(o own, key []byte) int { return bytes.Compare(o.key, key) })
	return m.settle()
}

// pass leaves the lesser of the two entries that the iterator is at, or both if they are of one key.
func (m *merged) pass() {
	order := m.order()
	if order <= 0 {
		m.atStored = m.stored.Next()
	}
	if order >= 0 {
		m.at++
	}
}

// order compares the key of the stored entry with that of the own one; what is not there is greater. There must be one.
func (m *merged) order() int {
	switch {
	case m.at == len(m.own):
		return -1
	case !m.atStored:
		return 1
	}
	return bytes.Compare(m.stored.Key(), m.own[m.at].key)
}

// settle moves on to an entry that is not deleted and reports whether there is one.
func (m *merged) settle() bool {
	for m.atStored || m.at < len(m.own) {
		m.isOwn = m.order() >= 0
		if !m.isOwn || !m.own[m.at].deleted {
			m.state = on
			return true
		}
		m.pass()
	}
	m.state = after
	return false
}

func (m *merged) Key() []byte {
	if m.isOwn {
		return m.own[m.at].key
	}
	return m.stored.Key()
}

func (m *merged) Value() []byte {
	if m.isOwn {
		return m.own[m.at].value
	}
	return m.stored.Value()
}

func (m *merged) Close() error { return m.stored.Close() }
