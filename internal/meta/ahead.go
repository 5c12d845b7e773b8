package meta

import (
	"bytes"
	"context"
	"errors"
)

// Versioned is a value with its revision.
type Versioned struct {
	Value []byte // nil: the key has no value; an empty value is not nil
	// Revision tells each write of a key from all others of it, a deletion and what follows it included; 0 if the key has no
	// value.
	Revision int64
}

// Entry is a key with its value.
type Entry struct {
	Key, Value []byte
	// Revision is that of the key, in a range whose Plan has neither Cut nor Delimiter; elsewhere it may be 0.
	Revision int64
}

// Range is the keys k with From <= k < To, of which what Plan says will be read. A nil To means no upper bound.
type Range struct {
	From, To []byte
	Plan     Plan
}

// Remote is an Engine that several processes share, and that each read of costs a round trip to.
//
// What was read ahead (Store.Ahead) is in the context of an Update: Ahead.Get. An Update may use it instead of reading if it
// makes sure, when it commits, that the keys have the same revisions still; otherwise it returns ErrConflict.
type Remote interface {
	Engine
	// Read returns keys' values and revisions, in their order, of one snapshot, which includes every Update that returned,
	// in any process, before Read was called. It is one round trip.
	Read(ctx context.Context, keys [][]byte) ([]Versioned, error)
	// ReadRange is Read, and of the same snapshot and in the same round trip the first entries of a range: as many as its
	// Plan says. whole says that there are no more.
	ReadRange(ctx context.Context, keys [][]byte, of Range) (found []Versioned, entries []Entry, whole bool, err error)
}

// Ahead is what a request has read at its beginning, all of it of one snapshot. It does not change.
type Ahead struct {
	found   map[string]Versioned
	of      *Range // nil: none
	entries []Entry
	whole   bool
}

// Get returns what was read of key; ok is false if it was not read.
func (a *Ahead) Get(key []byte) (v Versioned, ok bool) {
	if a == nil {
		return Versioned{}, false
	}
	v, ok = a.found[string(key)]
	return v, ok
}

// First returns the first entry of a range, nil if it has none; ok is false if that was not read.
func (a *Ahead) First(from, to []byte) (first *Entry, ok bool) {
	if a == nil || a.of == nil || a.of.Plan.Cut > 0 || !bytes.Equal(a.of.From, from) || !bytes.Equal(a.of.To, to) || (a.of.To == nil) != (to == nil) {
		return nil, false
	}
	if len(a.entries) == 0 {
		return nil, a.whole
	}
	return &a.entries[0], true
}

// aheadKey is the key of the *Ahead of a context.
type aheadKey struct{}

// AheadOf returns what was read ahead in ctx, or nil.
func AheadOf(ctx context.Context) *Ahead {
	a, _ := ctx.Value(aheadKey{}).(*Ahead)
	return a
}

// WithoutAhead returns ctx without what was read ahead: for what comes after the moment that ctx belongs to.
func WithoutAhead(ctx context.Context) context.Context {
	if AheadOf(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, aheadKey{}, (*Ahead)(nil))
}

// Shared reports whether other processes may write to the store, so that what is known of it has to be asked for anew by
// each request.
func (s *Store) Shared() bool { return s.remote != nil }

// Ahead reads keys, of one snapshot in one round trip, for what is done with the context that it returns: ViewAhead, and the
// reads of Update, find them there. In a store that is not Shared, where a read costs nothing, it returns ctx and reads
// nothing. A request reads ahead when it begins: what is in the context is as old as that.
func (s *Store) Ahead(ctx context.Context, keys [][]byte) (context.Context, error) {
	return s.AheadRange(ctx, keys, nil)
}

// AheadRange is Ahead that reads the beginning of a range as well; nil: of none.
func (s *Store) AheadRange(ctx context.Context, keys [][]byte, of *Range) (context.Context, error) {
	if s.remote == nil {
		return ctx, nil
	}
	for _, f := range s.follows {
		keys = append(keys, f.key)
	}
	if err := checkKeys(keys); err != nil {
		return ctx, err
	}
	a := &Ahead{found: make(map[string]Versioned, len(keys)), of: of}
	var found []Versioned
	var err error
	if of == nil {
		found, err = s.remote.Read(ctx, keys)
	} else {
		found, a.entries, a.whole, err = s.remote.ReadRange(ctx, keys, *of)
	}
	if err != nil {
		return ctx, err
	}
	for i, key := range keys {
		a.found[string(key)] = found[i]
	}
	for i, f := range s.follows {
		f.note(found[len(keys)-len(s.follows)+i].Revision)
	}
	return context.WithValue(ctx, aheadKey{}, a), nil
}

// Versions returns the values of keys with their revisions, as they are now, of one snapshot. The store must be Shared.
func (s *Store) Versions(ctx context.Context, keys [][]byte) ([]Versioned, error) {
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	return s.remote.Read(ctx, keys)
}

// Read returns the values of keys, in their order, nil where a key has none, all of one snapshot as it is now: in a store that is
// Shared in one round trip.
func (s *Store) Read(ctx context.Context, keys [][]byte) (values [][]byte, err error) {
	if s.remote == nil {
		err = s.View(ctx, func(r Reader) (err error) {
			values, err = r.GetMany(keys)
			return err
		})
		return values, err
	}
	found, err := s.Versions(ctx, keys)
	values = make([][]byte, len(found))
	for i, v := range found {
		values[i] = v.Value
	}
	return values, err
}

// ViewAhead is View that may see the store as it was when ctx read ahead: it does if all that fn reads was read then.
// Otherwise fn runs once more, so that it must have no effect but what its last run has.
func (s *Store) ViewAhead(ctx context.Context, fn func(Reader) error) error {
	if a := AheadOf(ctx); a != nil {
		r := &aheadReader{ahead: a}
		err := fn(limitedReader{r})
		if !r.beyond {
			return err
		}
	}
	return s.View(ctx, fn)
}

// errBeyond is what an aheadReader returns for what was not read ahead.
var errBeyond = errors.New("meta: not read ahead")

// aheadReader reads what was read ahead, and notes whether that was enough.
type aheadReader struct {
	ahead  *Ahead
	beyond bool
}

var _ Planner = (*aheadReader)(nil)

// Get implements Reader.
func (r *aheadReader) Get(key []byte) ([]byte, error) {
	values, err := r.GetMany([][]byte{key})
	if err != nil {
		return nil, err
	}
	if values[0] == nil {
		return nil, ErrNotFound
	}
	return values[0], nil
}

// GetMany implements Reader.
func (r *aheadReader) GetMany(keys [][]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		v, ok := r.ahead.Get(key)
		if !ok {
			r.beyond = true
			return nil, errBeyond
		}
		values[i] = bytes.Clone(v.Value)
	}
	return values, nil
}

// Scan implements Reader.
func (r *aheadReader) Scan(from, to []byte) Iterator { return r.ScanPlan(from, to, Plan{}) }

// ScanPlan implements Planner.
func (r *aheadReader) ScanPlan(from, to []byte, plan Plan) Iterator {
	of := r.ahead.of
	if of == nil || !bytes.Equal(of.From, from) || !bytes.Equal(of.To, to) || (of.To == nil) != (to == nil) || !of.Plan.covers(plan) {
		r.beyond = true
		return &aheadIterator{reader: r}
	}
	return &aheadIterator{reader: r, entries: r.ahead.entries, at: -1, whole: r.ahead.whole}
}

// covers reports whether what p says is read is enough for who reads what q says.
func (p Plan) covers(q Plan) bool {
	return (p.Cut == 0 || q.Cut > 0 && q.Cut <= p.Cut) &&
		(len(p.Delimiter) == 0 || p.Under == q.Under && bytes.Equal(p.Delimiter, q.Delimiter))
}

// aheadIterator walks entries that were read ahead.
type aheadIterator struct {
	reader  *aheadReader
	entries []Entry
	at      int
	whole   bool // there are no more entries in the range
}

// Next implements Iterator.
func (it *aheadIterator) Next() bool { return it.move(it.at + 1) }

// SeekGE implements Iterator.
func (it *aheadIterator) SeekGE(key []byte) bool {
	at := max(it.at, 0)
	for at < len(it.entries) && bytes.Compare(it.entries[at].Key, key) < 0 {
		at++
	}
	return it.move(at)
}

func (it *aheadIterator) move(to int) bool {
	it.at = min(to, len(it.entries))
	if it.at < len(it.entries) {
		return true
	}
	it.reader.beyond = it.reader.beyond || !it.whole
	return false
}

// Key implements Iterator.
func (it *aheadIterator) Key() []byte { return it.entries[it.at].Key }

// Value implements Iterator.
func (it *aheadIterator) Value() []byte { return it.entries[it.at].Value }

// Close implements Iterator.
func (it *aheadIterator) Close() error {
	if it.reader.beyond {
		return errBeyond
	}
	return nil
}
