package keys

// ScrubKind tells the passes apart that verify what is stored.
type ScrubKind byte

// BlobScrub is the pass over the blobs.
const BlobScrub ScrubKind = 'b'

// Scrub is the key of the progress of a pass.
func Scrub(kind ScrubKind) []byte { return []byte{'f', byte(kind)} }
