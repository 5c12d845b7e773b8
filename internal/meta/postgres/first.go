package postgres

import (
	"bytes"

	"crossgrant/internal/meta"
)

// firstUsed is a range of which a transaction used the first entry as it was read ahead, or that there was none.
type firstUsed struct {
	from, to []byte
	first    *meta.Entry
}

// check is the call that makes sure that the range begins as it did.
func (f *firstUsed) check() call {
	to := f.to
	if to == nil {
		to = beyond
	}
	expected, there := meta.Entry{Key: []byte{}}, int64(0)
	if f.first != nil {
		expected, there = *f.first, 1
	}
	return call{statement: checkFirst, params: []param{blob(f.from), blob(to), blob(expected.Key), number(expected.Revision), number(there)}}
}

// firstAhead returns an iterator over a range that begins with what was read ahead of it; nil if that is of no use here: one entry
// is all that is asked for, and nothing was read in the database yet.
func (t *tx) firstAhead(from, to []byte, plan meta.Plan) meta.Iterator {
	if t.s != nil || plan.Limit != 1 || plan.Cut > 0 {
		return nil
	}
	first, ok := t.ahead.First(from, to)
	if !ok || first != nil && first.Revision == 0 {
		return nil
	}
	f := firstUsed{bytes.Clone(from), bytes.Clone(to), first}
	t.firsts = append(t.firsts, f)
	return &firstIterator{tx: t, used: f}
}

// firstIterator is at the first entry of a range, as it was read ahead, or has gone on to walk the rest in the database.
type firstIterator struct {
	tx   *tx
	used firstUsed
	at   bool          // at the first entry
	rest meta.Iterator // nil before it goes on
}

func (i *firstIterator) Next() bool {
	switch {
	case i.rest != nil:
		return i.rest.Next()
	case i.used.first == nil:
		return false
	case !i.at:
		i.at = true
		return true
	}
	return i.SeekGE(append(bytes.Clone(i.used.first.Key), 0))
}

func (i *firstIterator) SeekGE(key []byte) bool {
	switch {
	case i.rest != nil:
		return i.rest.SeekGE(key)
	case i.used.first == nil:
		return false
	case bytes.Compare(key, i.used.first.Key) <= 0:
		i.at = true
		return true
	}
	i.rest = i.tx.reader.ScanPlan(i.used.from, i.used.to, meta.Plan{})
	return i.rest.SeekGE(key)
}

func (i *firstIterator) Key() []byte {
	if i.rest != nil {
		return i.rest.Key()
	}
	return i.used.first.Key
}

func (i *firstIterator) Value() []byte {
	if i.rest != nil {
		return i.rest.Value()
	}
	return i.used.first.Value
}

func (i *firstIterator) Close() error {
	if i.rest != nil {
		return i.rest.Close()
	}
	return nil
}
