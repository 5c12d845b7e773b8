package meta

import (
	"context"
	"slices"
)

// Versioned is a value with its revision.
type Versioned struct {
	Value []byte // nil: the key has no value; an empty value is not nil
	// Revision tells each write of a key from all others of it, a deletion and what follows it included; 0 if the key has no
	// value.
	Revision int64
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
}

// Ahead is what a request has read at its beginning, all of it of one snapshot. It does not change.
type Ahead struct {
	found map[string]Versioned
}

// Get returns what was read of key; ok is false if it was not read.
func (a *Ahead) Get(key []byte) (v Versioned, ok bool) {
	if a == nil {
		return Versioned{}, false
	}
	v, ok = a.found[string(key)]
	return v, ok
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

// Ahead reads keys, of one snapshot in one round trip, for what is done with the context that it returns: Read, and the
// reads of Update, find them there. In a store that is not Shared, where a read costs nothing, it returns ctx and reads
// nothing. A request reads ahead when it begins: what is in the context is as old as that.
func (s *Store) Ahead(ctx context.Context, keys [][]byte) (context.Context, error) {
	if s.remote == nil {
		return ctx, nil
	}
	found, err := s.read(ctx, keys)
	if err != nil {
		return ctx, err
	}
	a := &Ahead{found: make(map[string]Versioned, len(keys))}
	for i, key := range keys {
		a.found[string(key)] = found[i]
	}
	return context.WithValue(ctx, aheadKey{}, a), nil
}

// Read returns the values of keys, in their order, nil where a key has none, all of one snapshot: the one that was read
// ahead if all are in it.
func (s *Store) Read(ctx context.Context, keys [][]byte) (values [][]byte, err error) {
	if a := AheadOf(ctx); a != nil && !slices.ContainsFunc(keys, func(key []byte) bool { _, ok := a.Get(key); return !ok }) {
		values = make([][]byte, len(keys))
		for i, key := range keys {
			v, _ := a.Get(key)
			values[i] = v.Value
		}
		return values, nil
	}
	if s.remote != nil {
		found, err := s.read(ctx, keys)
		values = make([][]byte, len(found))
		for i, v := range found {
			values[i] = v.Value
		}
		return values, err
	}
	err = s.View(ctx, func(r Reader) (err error) {
		values, err = r.GetMany(keys)
		return err
	})
	return values, err
}

// Versions returns the values of keys with their revisions, as they are now. The store must be Shared.
func (s *Store) Versions(ctx context.Context, keys [][]byte) ([]Versioned, error) { return s.read(ctx, keys) }

func (s *Store) read(ctx context.Context, keys [][]byte) ([]Versioned, error) {
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return nil, err
		}
	}
	return s.remote.Read(ctx, keys)
}
