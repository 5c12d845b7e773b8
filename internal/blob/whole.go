package blob

import (
	"context"
	"io"
)

// Sized is a Store that opens a blob for who does not know how long it is.
type Sized interface {
	Store
	// OpenWhole returns a reader of all bytes of the blob, and their number. It is like that of Open.
	OpenWhole(ctx context.Context, id ID) (r io.ReadCloser, size int64, err error)
}
