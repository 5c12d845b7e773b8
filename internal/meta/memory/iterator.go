package memory

import (
	"bytes"

	"github.com/tidwall/btree"

	"crossgrant/internal/meta"
)

// position says where an iterator stands.
type position int

const (
	before position = iota // the first entry of the range
	on                     // an entry
	after                  // the last entry of the range
)

// iterator walks the entries of [from, to) in a tree that nobody changes.
type iterator struct {
	tree     *tree
	from, to []byte // to is nil where there is no upper bound
	walk     btree.IterG[entry]
	pos      position
}

var _ meta.Iterator = (*iterator)(nil)

func (i *iterator) Next() bool {
	switch i.pos {
	case before:
		return i.SeekGE(i.from)
	case on:
		return i.settle(i.walk.Next())
	default:
		return false
	}
}

func (i *iterator) SeekGE(key []byte) bool {
	if bytes.Compare(key, i.from) < 0 {
		key = i.from
	}
	// A new walk each time: one that has reached its end does not seek any more.
	i.walk = i.tree.Iter()
	return i.settle(i.walk.Seek(entry{key: key}))
}

// settle records and reports whether the walk, which found an entry if found, stands within the range.
func (i *iterator) settle(found bool) bool {
	i.pos = after
	if found && (i.to == nil || bytes.Compare(i.walk.Item().key, i.to) < 0) {
		i.pos = on
	}
	return i.pos == on
}

func (i *iterator) Key() []byte   { return i.walk.Item().key }
func (i *iterator) Value() []byte { return i.walk.Item().value }

func (i *iterator) Close() error { return nil }
