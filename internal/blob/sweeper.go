package blob

import "context"

// Sweeper is a Store that many servers share, each with an engine of its own. Its Recover removes nothing, because the other servers
// write meanwhile; what servers that ended have left is found by looking through everything.
type Sweeper interface {
	Store
	// SweepOrphans deletes the blobs that named says nothing names and that are so old that nobody can be about to name
	// them, and what is left of blobs that were not committed and are as old. named is asked after a blob was
	// listed. A blob that is to be deleted, in its own time, counts as named. One server at a time calls it; that several do is
	// of no harm. It takes about as many requests as there are thousands of blobs. What was swept is told beside an error, too.
	SweepOrphans(ctx context.Context, named Named) (Swept, error)
}

// Swept is what SweepOrphans found: how many blobs there were, how many of these were orphans and are deleted, with how many
// bytes, and how many unfinished writes were removed.
type Swept struct {
	Blobs, Orphans, Bytes, Uploads int64
}
