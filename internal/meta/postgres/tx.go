package postgres

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"crossgrant/internal/meta"
)

// write is what a transaction makes of a key.
type write struct {
	value   []byte // never nil, unless deleted
	deleted bool
}

// tx is a transaction: what it writes is kept here until it commits.
//
// It reads from what was read ahead as long as that has everything; used has the revisions of what it read there. With the
// first read of something else a transaction of the database begins, whose first exchange makes sure that what is used is as
// it was; from then on everything is read there, since the database keeps watch over what its transactions read.
type tx struct {
	reader
	ahead  *meta.Ahead
	used   map[string]int64
	firsts []firstUsed
	writes map[string]write
}

var (
	_ meta.Tx      = (*tx)(nil)
	_ meta.Planner = (*tx)(nil)
)

func newTx(e *Engine, ctx context.Context) *tx {
	t := &tx{reader: reader{engine: e, ctx: ctx, begin: beginWrite}, ahead: meta.AheadOf(ctx), used: map[string]int64{}, writes: map[string]write{}}
	t.opening = t.confirm
	return t
}

// confirm is the call that compares what was used with what is.
func (t *tx) confirm() []call {
	calls := t.firstChecks()
	if len(t.used) == 0 {
		return calls
	}
	keys := make([][]byte, 0, len(t.used))
	for key := range t.used {
		keys = append(keys, []byte(key))
	}
	slices.SortFunc(keys, bytes.Compare)
	return append(calls, call{statement: checkReads, params: t.reads(keys)})
}

// firstChecks are the calls that compare the beginnings of ranges that were used with what is.
func (t *tx) firstChecks() (calls []call) {
	for i := range t.firsts {
		calls = append(calls, t.firsts[i].check())
	}
	return calls
}

// reads are the parameters of checkReads about keys that were used.
func (t *tx) reads(keys [][]byte) []param {
	var present, absent [][]byte
	var revisions []int64
	for _, key := range keys {
		if r := t.used[string(key)]; r != 0 {
			present, revisions = append(present, key), append(revisions, r)
		} else {
			absent = append(absent, key)
		}
	}
	return []param{blobs(present), numbers(revisions), blobs(absent), number(int64(len(present)))}
}

func (t *tx) Get(key []byte) ([]byte, error) {
	found, err := t.GetMany([][]byte{key})
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, meta.ErrNotFound
	}
	return found[0], nil
}

func (t *tx) GetMany(keys [][]byte) ([][]byte, error) {
	if t.err != nil {
		return nil, t.err
	}
	values := make([][]byte, len(keys))
	var missing [][]byte
	var places []int
	for i, key := range keys {
		if w, ok := t.writes[string(key)]; ok {
			if !w.deleted {
				values[i] = copyOf(w.value)
			}
			continue
		}
		missing, places = append(missing, key), append(places, i)
	}
	found, err := t.read(missing)
	if err != nil {
		return nil, err
	}
	for i, place := range places {
		values[place] = found[i]
	}
	return values, nil
}

// read returns the values of keys without the writes of the transaction.
func (t *tx) read(keys [][]byte) ([][]byte, error) {
	all := t.s == nil
	for _, key := range keys {
		if _, ok := t.ahead.Get(key); !ok {
			all = false
		}
	}
	if !all {
		return t.reader.GetMany(keys)
	}
	values := make([][]byte, len(keys))
	for i, key := range keys {
		v, _ := t.ahead.Get(key)
		t.used[string(key)] = v.Revision
		if v.Value != nil {
			values[i] = copyOf(v.Value)
		}
	}
	return values, nil
}

func (t *tx) Put(key, value []byte) error {
	t.writes[string(key)] = write{value: copyOf(value)}
	return nil
}

func (t *tx) Delete(key []byte) error {
	t.writes[string(key)] = write{deleted: true}
	return nil
}

func (t *tx) Scan(from, to []byte) meta.Iterator { return t.ScanPlan(from, to, meta.Plan{}) }

// ScanPlan implements meta.Planner. It sees the writes that were made before it.
func (t *tx) ScanPlan(from, to []byte, plan meta.Plan) meta.Iterator {
	var own []own
	for _, key := range slices.Sorted(maps.Keys(t.writes)) {
		if key >= string(from) && (to == nil || key < string(to)) {
			own = append(own, ownWrite(key, t.writes[key]))
		}
	}
	if len(own) == 0 {
		if it := t.firstAhead(from, to, plan); it != nil {
			return it
		}
		return t.reader.ScanPlan(from, to, plan)
	}
	stored := t.reader.ScanPlan(from, to, plan)
	return &merged{stored: stored, own: own, from: bytes.Clone(from)}
}
