// Package blob stores immutable byte strings: written once, read by range, deleted.
//
// Store is what an engine implements (packages memory, files and packs; s3blob, which many servers share); package
// blobtest is the suite that defines its meaning. The package knows nothing of objects or buckets.
//
// # What a crash leaves
//
// A blob is worth keeping only if something outside the store names it, and that is recorded after the blob is
// durable. The store therefore counts a committed blob as unsettled until it is told, by Settle, that the record
// which names it is durable too, or the blob is deleted. After a crash Recover asks about those, and about no others:
// it costs what was under way, not what is stored.
//
// Where many servers share a store (Sweeper), one of them cannot tell what another has left from what it is about to have
// named. There Recover removes nothing, and SweepOrphans looks for what is old and not named.
package blob

import (
	"context"
	"errors"
	"io"
)

// Errors that stores return. Callers use errors.Is.
var (
	// ErrNotFound says that there is no committed blob of that ID.
	ErrNotFound = errors.New("blob: not found")
	// ErrCorrupt says that stored bytes are not what was written. It is never reported as ErrNotFound.
	ErrCorrupt = errors.New("blob: corrupt")
	// ErrUnavailable says that the engine cannot read or write now, and that it can when the cause, which it is wrapped
	// with, is gone.
	ErrUnavailable error = &fault{text: "blob: unavailable"}
	// ErrNoSpace says that the engine has no room for the bytes.
	ErrNoSpace error = &fault{text: "blob: no space left", full: true}
	// ErrNoLink says that the bytes of a blob cannot be shared with another one, or not once more.
	ErrNoLink = errors.New("blob: bytes cannot be shared")
)

// fault is an error that says to the packages above, by its method, that it passes.
type fault struct {
	text string
	full bool
}

func (f *fault) Error() string { return f.text }

// Full reports whether the fault is that there is no room.
func (f *fault) Full() bool { return f.full }

// ID names a blob: 32 lower-case hexadecimal digits. No two blobs ever have the same, also if one was deleted, unless the
// caller of Create makes it so.
type ID string

// Named tells which of ids a durable record names. It may be called several times.
type Named func(ctx context.Context, ids []ID) ([]bool, error)

// Store keeps blobs. All methods are safe for concurrent use.
type Store interface {
	// Recover keeps of the blobs that were not settled when the store was used last those that named says are
	// named, settled, and removes the others, committed or half written. It is called once, before any method but
	// Close, and must not be called while another process uses the store. If it fails the store must not be used;
	// it can be opened and recovered again. Called later it changes nothing. That of a Sweeper removes nothing, and may be
	// called while other processes use the store; it keeps named, to ask whether a blob that another process wrote is settled.
	Recover(ctx context.Context, named Named) error
	// New begins a blob and draws its ID, which may say where the blob lies. size is how many bytes will be written, and
	// no other number can be committed; -1 says that it is not known.
	New(ctx context.Context, size int64) (Writer, error)
	// Create begins the blob id, which must not exist: the copy of a blob that another store made, or one of an ID that
	// the caller draws with NewID. Nothing is visible under id before Commit.
	Create(ctx context.Context, id ID) (Writer, error)
	// Settle says that durable records name the blobs, which were committed. It does not wait for any I/O. Of a
	// blob that is not there, or was settled before, it does nothing.
	Settle(ids ...ID)
	// Open returns a reader of length bytes from offset; the range must lie in the blob. The reader
	// stays good if the blob is deleted while it is open; where another process deletes it, only as far as the engine
	// says, and what fails is an error that wraps ErrNotFound. ErrNotFound if there is no such blob.
	Open(ctx context.Context, id ID, offset, length int64) (io.ReadCloser, error)
	// OpenWhole returns a reader of all bytes of a blob, for who does not know how long it is, and their number. It is
	// like that of Open.
	OpenWhole(ctx context.Context, id ID) (r io.ReadCloser, size int64, err error)
	// Delete removes blobs, committed or half written, durably; one that is missing is no error. After an error
	// some of them may be there, and those that are not may come back after a crash.
	Delete(ctx context.Context, ids ...ID) error
	// Walk calls fn with each settled blob and its size in bytes, in no order, until fn returns an error, which
	// Walk returns. A blob that is settled or deleted meanwhile may be left out. Of blobs that other processes wrote, those are
	// settled that are named, and those that are so old that nobody can be about to name them.
	Walk(ctx context.Context, fn func(id ID, size int64) error) error
	// Close waits for running calls and releases the store.
	Close() error
}

// Linker is a Store that can make a blob of the bytes of another one without moving them.
type Linker interface {
	Store
	// Link makes the blob to, which must not exist, of the bytes of from. It is durable and visible when Link
	// returns nil, and not settled; if it fails it is not visible. To delete one of the two leaves the other.
	// ErrNotFound if there is no blob from; ErrNoLink if its bytes cannot be shared, so that they have to be copied.
	Link(ctx context.Context, from, to ID) error
}

// Writer receives the bytes of one blob. It is not safe for concurrent use. Exactly one of Commit
// and Abort ends it; Abort after Commit does nothing, so that it can be deferred.
type Writer interface {
	io.Writer
	// ID is that of the blob.
	ID() ID
	// Commit makes the blob durable (it survives power loss, its directory entry included) and
	// visible. If it fails the blob is not visible.
	Commit() error
	// Abort removes what was written.
	Abort()
}
