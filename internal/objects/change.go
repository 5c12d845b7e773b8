package objects

import (
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Origin is what a change goes back to: the request that asked for it, or a job of the server's own. The
// service does not look at it; it hands it to Options.Changed.
type Origin struct {
	// Event names the change as S3's notifications do, without "s3:", such as "ObjectCreated:Put". Where what
	// happens is known only inside the transaction (a delete may remove a version or make a delete marker),
	// the service fills in the part after the colon.
	Event string
	// PrincipalID is the aws:userid of who asked; empty for an anonymous caller.
	PrincipalID string
	SourceIP    string
	RequestID   string
	HostID      string
}

// Change is one change of an object or version, inside the transaction that commits it.
type Change struct {
	Origin
	Bucket *records.Bucket
	Key    string
	// Object is what was written, or the version that was removed.
	Object *records.Object
	// VersionID is that of Object as clients see it; empty in a bucket that never had versioning.
	VersionID string
}

// Observer is called in the transaction of each change, after its writes. What it writes commits with the
// change. It may be called several times, and must have no other effect. Its error refuses the change.
type Observer func(tx meta.Tx, c *Change) error
