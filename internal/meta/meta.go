// Package meta is the metadata store: an ordered map of byte keys to byte values with serializable
// transactions.
//
// Engine is the narrow interface that an engine implements (package memory, package pebble; a
// networked one later); package metatest is the suite that defines its meaning. Store is what the
// rest of the program uses: it puts limits, retries and commit notifications over any Engine once.
// The package knows nothing of what the keys mean; package keys builds them.
package meta

import (
	"context"
	"errors"
)

// Errors that engines return. Callers use errors.Is.
var (
	// ErrNotFound says that a key has no value.
	ErrNotFound = errors.New("meta: not found")
	// ErrConflict says that a transaction could not be serialized with another one.
	ErrConflict = errors.New("meta: conflict")
	// ErrCorrupt says that stored bytes are not what was written. It is never reported as ErrNotFound.
	ErrCorrupt = errors.New("meta: corrupt")
	// ErrUnavailable says that the engine cannot read or write now, and that it can when the cause, which
	// it is wrapped with, is gone.
	ErrUnavailable error = &fault{text: "meta: unavailable"}
	// ErrNoSpace is ErrUnavailable where the cause is that there is no room.
	ErrNoSpace error = &fault{text: "meta: no space left", full: true}
	// ErrClosed says that the engine was closed.
	ErrClosed = errors.New("meta: closed")
)

// fault is an error that says to the packages above, by its method, that it passes.
type fault struct {
	text string
	full bool
}

func (f *fault) Error() string { return f.text }

// Full reports whether the fault is that there is no room.
func (f *fault) Full() bool { return f.full }

// Limits of keys and values, in bytes. A key holds an object key of 1,024 bytes whose every byte may
// be escaped to two, and what is around it; PostgreSQL's indexes take no key of more than 2,690. A value holds a small object
// with its record, or a large policy.
const (
	MaxKey   = 2600
	MaxValue = 4 << 20
)

// Reader reads one consistent snapshot, or, inside a transaction, the snapshot and the transaction's
// own writes. It is valid until the function that received it returns and is not safe for concurrent
// use.
type Reader interface {
	// Get returns a copy of the value of key, or ErrNotFound.
	Get(key []byte) ([]byte, error)
	// GetMany returns the values of keys, in their order, nil where a key has no value (an empty
	// value is not nil). On a networked engine it is one round trip.
	GetMany(keys [][]byte) ([][]byte, error)
	// Scan returns an iterator over the keys k with from <= k < to, in bytewise order, positioned
	// before the first. A nil to means no upper bound. The caller closes it.
	Scan(from, to []byte) Iterator
}

// Iterator walks a range of keys. Writes of the same transaction after Scan may or may not be seen.
type Iterator interface {
	// Next moves to the next key and reports whether there is one.
	Next() bool
	// SeekGE moves to the first key at or after key within the range and reports whether there is one.
	SeekGE(key []byte) bool
	// Key and Value return the current entry; the bytes are valid until the iterator moves.
	Key() []byte
	Value() []byte
	// Close releases the iterator and returns the error that ended it early, if any.
	Close() error
}

// Tx is a transaction: a Reader whose writes are applied together when it commits.
type Tx interface {
	Reader
	// Put sets the value of key. The bytes may be reused after it returns.
	Put(key, value []byte) error
	// Delete removes key; a missing key is no error.
	Delete(key []byte) error
}

// Engine is an ordered map of byte keys (1 to MaxKey bytes) to byte values (0 to MaxValue bytes).
// Keys sort bytewise. All methods are safe for concurrent use.
type Engine interface {
	// View runs fn on one consistent snapshot, which includes every Update that returned before
	// View was called. It is taken at the latest when fn first reads.
	View(ctx context.Context, fn func(Reader) error) error
	// Update runs fn and commits its writes atomically, serializable, durable (they survive power
	// loss) when Update returns nil. If fn returns an error nothing is written and Update returns
	// that error. ErrConflict means that nothing was written and the caller may run fn again.
	// Any other error means that the writes may or may not be applied, unless fn returned it.
	Update(ctx context.Context, fn func(tx Tx) error) error
	// Close waits for running calls and releases the engine; later calls return ErrClosed.
	Close() error
}

// Unsettled is an Engine whose state may change after an Update has returned: one that returned an error
// because its outcome was unknown.
type Unsettled interface {
	Engine
	// OnUnsettled registers observe to be called after each such change is visible. It must be called
	// before the engine is used.
	OnUnsettled(observe func())
}

// freeing is the key of what Freeing puts into a context.
type freeing struct{}

// Freeing returns a context for Updates that give space back, such as those that delete. An engine that
// refuses others because little space is left carries them out as long as it can.
func Freeing(ctx context.Context) context.Context { return context.WithValue(ctx, freeing{}, true) }

// IsFreeing reports whether ctx is one of Freeing.
func IsFreeing(ctx context.Context) bool { return ctx.Value(freeing{}) != nil }
