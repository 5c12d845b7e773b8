package postgres

import (
	"bytes"
	"math"
	"slices"

	"crossgrant/internal/meta"
)

// Bounds of what one exchange of an iterator brings whose plan does not say how much will be read.
const (
	firstBatch = 32
	mostRows   = 4096
	mostBytes  = 8 << 20
)

// beyond is greater than every key.
var beyond = bytes.Repeat([]byte{0xff}, meta.MaxKey+1)

// entry is a key with its value. next is the least key that is known, beside those that were brought, not to be between
// the entry and the one that was brought after it.
type entry struct {
	key, value, next []byte
	revision         int64 // 0 if it was not read
}

// iterator walks a range by what it brings in batches. A batch has the entries from start on, but for those that are in a
// group of the plan with one before them.
type iterator struct {
	r        *reader
	from, to []byte // to is nil where there is no upper bound
	plan     meta.Plan
	left     int         // how many entries of plan.Limit were not brought yet
	beside   func() call // a call that is made along with the first batch; nil: none

	start []byte // nil before the first batch
	batch []entry
	last  bool // no entry follows those of batch
	at    int  // the current one of batch, if on
	size  int  // of the next batch
	state position
	err   error
}

// position says where an iterator stands.
type position int

const (
	before position = iota
	on
	after
)

func newIterator(r *reader, from, to []byte, plan meta.Plan) *iterator {
	if meta.After(plan.Delimiter) == nil {
		plan.Delimiter = nil // none, or one that nothing follows
	}
	if from == nil {
		from = []byte{}
	}
	return &iterator{r: r, from: from, to: to, plan: plan, left: plan.Limit, size: firstBatch}
}

func (i *iterator) Next() bool {
	switch {
	case i.state == before:
		return i.SeekGE(i.from)
	case i.state == after:
		return false
	case i.at+1 < len(i.batch) && i.plan.Group(i.Key()) == nil:
		i.at++
		return true
	}
	return i.SeekGE(append(bytes.Clone(i.Key()), 0))
}

func (i *iterator) SeekGE(key []byte) bool {
	if bytes.Compare(key, i.from) < 0 {
		key = i.from
	}
	i.state = after
	if i.err != nil || i.to != nil && bytes.Compare(key, i.to) >= 0 {
		return false
	}
	at, known := i.find(key)
	if !known {
		if i.err = i.fetch(bytes.Clone(key)); i.err != nil {
			return false
		}
		at = 0
	}
	i.at = at
	if at < len(i.batch) {
		i.state = on
	}
	return i.state == on
}

// find returns the place in the batch of the first entry at or after key, its length if there is none in the range; known is
// false if the batch does not tell.
func (i *iterator) find(key []byte) (at int, known bool) {
	if i.start == nil || bytes.Compare(key, i.start) < 0 {
		return 0, false
	}
	at, _ = slices.BinarySearchFunc(i.batch, key, func(e entry, key []byte) int { return bytes.Compare(e.key, key) })
	if at > 0 && bytes.Compare(key, i.batch[at-1].next) < 0 {
		i.plan.Delimiter = nil // a key is sought that the plan said would be skipped
		return 0, false
	}
	return at, at < len(i.batch) || i.last
}

// fetch brings a batch from key on.
func (i *iterator) fetch(key []byte) error {
	rows := i.rows()
	var size int
	err := i.r.ask(func() []call {
		i.batch, size = nil, 0
		var calls []call
		if i.beside != nil {
			calls = append(calls, i.beside())
		}
		return append(calls, i.call(key, rows, func(row [][]byte) (err error) {
			e := entry{key: copyOf(row[0]), value: copyOf(row[1])}
			if len(row) > 2 {
				e.revision, err = revisionOf(row[2])
			}
			e.next = i.follows(e.key)
			i.batch = append(i.batch, e)
			size += len(e.key) + len(e.value)
			return err
		}))
	})
	if err != nil {
		return err
	}
	i.start, i.last = key, len(i.batch) < rows
	i.left = max(0, i.left-len(i.batch))
	i.size = min(4*i.size, mostRows)
	if size > 0 {
		i.size = max(1, min(i.size, mostBytes/(size/len(i.batch)+1)))
	}
	return nil
}

// rows is how many entries the next batch has at most.
func (i *iterator) rows() int {
	if i.left > 0 {
		return min(i.left, mostRows)
	}
	return i.size
}

// call is the statement that brings up to rows entries from key on.
func (i *iterator) call(key []byte, rows int, row func([][]byte) error) call {
	to := i.to
	if to == nil {
		to = beyond
	}
	params := []param{blob(key), blob(to), number(int64(rows))}
	if i.plan.Cut == 0 && len(i.plan.Delimiter) == 0 {
		return call{scanRange, params, row}
	}
	cut := i.plan.Cut
	if cut <= 0 {
		cut = math.MaxInt32
	}
	params = append(params, number(int64(cut)))
	if len(i.plan.Delimiter) == 0 {
		return call{scanCut, params, row}
	}
	params = append(params, number(int64(i.plan.Under)), blob(i.plan.Delimiter), blob(meta.After(i.plan.Delimiter)), blob([]byte{0}))
	return call{scanGroups, params, row}
}

// follows is entry.next of key.
func (i *iterator) follows(key []byte) []byte {
	if group := i.plan.Group(key); group != nil {
		return meta.After(group)
	}
	return append(bytes.Clone(key), 0)
}

func (i *iterator) Key() []byte   { return i.batch[i.at].key }
func (i *iterator) Value() []byte { return i.batch[i.at].value }

func (i *iterator) Close() error { return i.err }
