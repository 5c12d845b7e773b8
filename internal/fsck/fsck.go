// Package fsck verifies everything that is stored: every record and what it refers to, every file of the metadata
// engine and every blob; it says what is wrong, and repairs what can be repaired without inventing anything.
//
// It is not what guards ordinary reads: those find damage by themselves (packages sse, blob and meta), and give an
// error in place of bytes that are not what was written. fsck finds what nobody reads.
//
// # What is verified
//
//   - the files of the metadata engine, in full, if the engine can do that (meta.Verifier);
//   - every key of the metadata store: it has one of keys.Shapes, its value is the record that the table of this
//     package (rows) names for the shape, with no field that this program does not know, and what it says agrees
//     with the other records: indexes with what they index, both ways, and counts with what is counted;
//   - the names of blobs: each blob is named by one record, or is about to be written or deleted, and each blob that
//     is named is there, in its size;
//   - every blob: its bytes have the checksum that their segment keeps, and they authenticate under the key of the
//     object. Where that key is a customer's (SSE-C), or a KMS key that is disabled, the checksum is all there is.
//
// # While a server writes
//
// Records and names of blobs are read from one snapshot, and so agree with each other. Blobs are read later: what
// is found wrong with one is reported only if its record still names it. What a repair does is decided again in the
// transaction that does it.
//
// # Repair
//
// Entries of an index that lead nowhere are removed, entries that are missing are made from the record that needs
// them, counts are corrected, blobs that nothing names are removed. An object whose blob is lost or damaged stays:
// its segment is marked, so that a read says what is wrong before the first byte, and it can be deleted or written
// again by its owner. Records that cannot be read, or contradict each other in another way, are left as they are, and
// with them all that no other record names: it may be theirs.
//
// Where files of the metadata engine are damaged nothing is repaired in the records: what seems to be missing may lie
// there, and the folder is to be restored from a backup.
package fsck

import (
	"context"
	"fmt"
	"strings"
	"time"

	"crossgrant/internal/blob"
	"crossgrant/internal/meta"
	"crossgrant/internal/sse"
)

// The kinds of finding.
const (
	// File is a file of the metadata engine that is not what was written.
	File = "file"
	// Record is a key or a value that cannot be read, or contradicts itself.
	Record = "record"
	// Reference is a record that does not agree with another one.
	Reference = "reference"
	// Count is a number that is not that of what it counts.
	Count = "count"
	// Blob is content that is lost or not what was written.
	Blob = "blob"
	// Orphan is a blob that nothing names.
	Orphan = "orphan"
)

// Finding is something that is wrong.
type Finding struct {
	Kind string
	// Bucket, Key and VersionID tell whose content it is; empty where it belongs to no object. Of damage in the
	// files of the metadata Key is the first key that may be affected.
	Bucket    string `json:",omitempty"`
	Key       string `json:",omitempty"`
	VersionID string `json:"VersionId,omitempty"`
	// KeyEnd is the last key that may be affected; empty if Key is the only one.
	KeyEnd string `json:",omitempty"`
	// At is the place: a key of the metadata store, quoted, a file or the ID of a blob.
	At string
	// What is wrong.
	What string
	// Repair is what a repair does about it; empty if nothing.
	Repair string `json:",omitempty"`
	// Repaired says that it was done.
	Repaired bool `json:",omitempty"`
}

// String returns the finding as one line.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.Kind)
	if f.Bucket != "" {
		fmt.Fprintf(&b, " bucket %s", f.Bucket)
	}
	if f.Key != "" {
		fmt.Fprintf(&b, " key %q", f.Key)
	}
	if f.KeyEnd != "" {
		fmt.Fprintf(&b, " to %q", f.KeyEnd)
	}
	if f.VersionID != "" {
		fmt.Fprintf(&b, " version %s", f.VersionID)
	}
	fmt.Fprintf(&b, ": %s (%s)", f.What, f.At)
	switch {
	case f.Repaired:
		fmt.Fprintf(&b, "; repaired: %s", f.Repair)
	case f.Repair != "":
		fmt.Fprintf(&b, "; a repair would %s", f.Repair)
	}
	return b.String()
}

// Progress is how far a run has come.
type Progress struct {
	Stage string // files, records, blobs
	Done  int64  // records, or bytes
	Total int64  // 0: not known
}

// Summary is what a run has seen.
type Summary struct {
	Records  int64
	Blobs    int64
	Bytes    int64 // of blobs
	Findings int64
	Repaired int64
}

// Left returns the number of findings that were not repaired.
func (s Summary) Left() int64 { return s.Findings - s.Repaired }

// Options say what to verify and how.
type Options struct {
	Store *meta.Store
	// Blobs is nil if only the metadata is verified. It was recovered.
	Blobs blob.Store
	// Keys open the keys of content and, by their master key, what else is sealed.
	Keys *sse.Keyring
	// Repair says that what can be repaired is.
	Repair bool
	// Found is called with each finding, after its repair.
	Found func(Finding)
	// Progress is called when a stage begins, and then at most each second; nil: never.
	Progress func(Progress)
	// Pace is called when n bytes of blobs, or of files of the metadata, were read; it may wait. Its error ends the
	// run. nil: it goes as fast as it can.
	Pace func(ctx context.Context, n int) error
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Run verifies everything and returns what it has seen. An error means that it could not be finished.
func Run(ctx context.Context, opts Options) (Summary, error) {
	r := newRun(opts)
	err := r.all(ctx, nil, func([]byte) error { return nil })
	return r.summary, err
}

// found reports a finding.
func (r *run) found(f Finding) {
	if !f.Repaired && r.opts.Repair {
		if r.told[f] {
			return
		}
		r.told[f] = true
	}
	r.summary.Findings++
	if f.Repaired {
		r.summary.Repaired++
	}
	r.opts.Found(f)
}
