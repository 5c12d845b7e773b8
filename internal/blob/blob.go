// Package blob stores immutable byte strings: written once, read by range, deleted.
//
// Store is what an engine implements (package memory, package files; a networked one later); package
// blobtest is the suite that defines its meaning. The package knows nothing of objects or buckets.
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
	// ErrNoSpace says that the engine has no room for the bytes.
	ErrNoSpace = errors.New("blob: no space left")
	// ErrNoLink says that the bytes of a blob cannot be shared with another one, or not once more.
	ErrNoLink = errors.New("blob: bytes cannot be shared")
)

// ID names a blob: 32 lower-case hexadecimal digits, drawn at random by the caller, so that the
// caller can record its intention to write a blob before the blob exists.
type ID string

// Store keeps blobs. All methods are safe for concurrent use.
type Store interface {
	// Create begins the blob id, which must not exist. Nothing is visible under id before Commit.
	Create(ctx context.Context, id ID) (Writer, error)
	// Open returns a reader of length bytes from offset; the range must lie in the blob. The reader
	// stays good if the blob is deleted while it is open. ErrNotFound if there is no such blob.
	Open(ctx context.Context, id ID, offset, length int64) (io.ReadCloser, error)
	// Delete removes the blob, committed or half written; one that is missing is no error.
	Delete(ctx context.Context, id ID) error
	// Close waits for running calls and releases the store.
	Close() error
}

// Linker is a Store that can make a blob of the bytes of another one without moving them.
type Linker interface {
	Store
	// Link makes the blob to, which must not exist, of the bytes of from. It is durable, its directory
	// entry included, and visible when Link returns nil; if it fails it is not visible. To delete one of
	// the two leaves the other. ErrNotFound if there is no blob from; ErrNoLink if its bytes cannot be
	// shared, so that they have to be copied.
	Link(ctx context.Context, from, to ID) error
}

// Writer receives the bytes of one blob. It is not safe for concurrent use. Exactly one of Commit
// and Abort ends it; Abort after Commit does nothing, so that it can be deferred.
type Writer interface {
	io.Writer
	// Commit makes the blob durable (it survives power loss, its directory entry included) and
	// visible. If it fails the blob is not visible.
	Commit() error
	// Abort removes what was written.
	Abort()
}
