// Package objects is the domain service of S3: buckets, objects and multipart uploads, over a metadata
// store and a blob store.
//
// It is not the protocol and not authorization: its methods are typed, know no HTTP and no XML, and do
// what they are asked. Conditions that must hold at the moment of a change are given as a Guard, which
// runs inside the transaction. Errors are *apierr.Error in S3's terms where S3 has one (NoSuchBucket,
// BadDigest, EntityTooSmall, …); any other error is an internal one.
//
// # Where bytes are
//
// A body of at most Options.InlineLimit bytes lies in the metadata store: in the record that describes it, or
// beside it if it has at least Options.ApartFrom bytes (content.go). A larger one lies in a blob. The content of an
// object is the bytes of its segments, in order, then its inline bytes: only the last part of a multipart upload
// may be small enough to be inline, so completing an upload moves no bytes.
//
// # Encryption
//
// All content is encrypted, under a key of its own for each object or upload (package sse), unless it was
// written before that was so. Whether a caller may use a KMS key is not asked here.
//
// # What a crash leaves
//
// A blob that a record names has a key of its own (keys.Blob), which is written in the transaction that commits the
// record, after the blob is durable; and which is removed in the one that removes the record, where the blob becomes
// garbage (keys.Garbage). A blob without either is one whose record was not committed. So
//
//   - the blob store asks at the next start which of the blobs that it was not told to be settled are named
//     (Recover). It lists those itself, and there are as many as writes were under way, or had just ended;
//   - the sweeper deletes garbage, blob first and key second, so that what a crash interrupts is found again.
//
// No blob is left that nobody would find, and nobody has to look at those that are where they belong.
//
// # Several servers
//
// In a store that servers share a start cleans nothing up: what it would find may be what another one is about to name. One
// server at a time deletes garbage, a while after it has found it (Options.Grace), because it does not know what the others
// are reading; and looks for blobs of writes that came to nothing, a day after (shared.go).
package objects

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/blob"
	"crossgrant/internal/md5lanes"
	"crossgrant/internal/meta"
	"crossgrant/internal/sse"
)

// Limits and defaults of Options.
const (
	// MaxInline is the largest InlineLimit, in bytes: it leaves room for the record in meta.MaxValue.
	MaxInline = 1 << 20

	defaultInline     = 64 << 10
	defaultApart      = 512
	defaultMaxObject  = 5 << 30
	defaultMinPart    = 5 << 20
	defaultMaxBuckets = 10_000
)

// Options adjusts a Service; the zero value gives AWS's limits.
type Options struct {
	// InlineLimit is the size in bytes up to which a body is held in the metadata store; 0 means 64 KiB.
	// InlineLimit <= MaxInline, and InlineLimit < MinPart.
	InlineLimit int64
	// ApartFrom is the size in bytes from which inline content lies beside its record; 0 means 512.
	ApartFrom int64
	// MaxObject is the largest body of one PutObject or UploadPart, and the largest source of one
	// CopyObject, in bytes; 0 means 5 GiB. A multipart object has no other limit than 10,000 parts of
	// MaxObject, which is AWS's limit too.
	MaxObject int64
	// MinPart is the smallest part that is not the last one, in bytes; 0 means 5 MiB.
	MinPart int64
	// MaxBuckets is the number of buckets that an account may have where the operator did not set its quota; 0
	// means 10,000.
	MaxBuckets int
	// Keys seal and open the keys of the objects' content. It must be set.
	Keys *sse.Keyring
	// Changed is called in the transaction of each change; nil means that nobody is told.
	Changed Observer
	// Exclusive lets one server at a time delete garbage, of those that share the stores; nil: there is one server.
	Exclusive background.Exclusive
	// Grace is how long garbage is left to the readers of other servers, in stores that are shared; 0 means an hour.
	Grace time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is the source of IDs, safe for concurrent use; nil means crypto/rand.
	Rand io.Reader
	// Log receives failures of background work; nil means slog.Default.
	Log *slog.Logger
}

// Service stores buckets, objects and uploads. Its methods are safe for concurrent use; each change is
// one serializable transaction, durable when the method returns nil.
type Service struct {
	store *meta.Store
	blobs blob.Store
	opts  Options

	chunks  sync.Pool // *chunkPair
	md5     md5lanes.Pool
	small   smallChunks
	sweeper sweeper
}

// New returns a Service over store and blobs, which stay the caller's to close, after Close. Recover
// must be called before the first write, and Start for deleted bytes to be freed. New panics if
// opts.InlineLimit is not within its bounds or opts.Keys is not set.
func New(store *meta.Store, blobs blob.Store, opts Options) *Service {
	opts = opts.withDefaults()
	if opts.InlineLimit < 0 || opts.InlineLimit > MaxInline || opts.InlineLimit >= opts.MinPart {
		panic(fmt.Sprintf("objects: inline limit of %d bytes is not within 0 to %d and less than the smallest part (%d)",
			opts.InlineLimit, MaxInline, opts.MinPart))
	}
	if opts.Keys == nil {
		panic("objects: nothing keeps the keys of the content")
	}
	s := &Service{store: store, blobs: blobs, opts: opts}
	s.chunks.New = func() any { return newChunkPair(opts.InlineLimit) }
	s.sweeper.init()
	return s
}

func (o Options) withDefaults() Options {
	if o.InlineLimit == 0 {
		o.InlineLimit = defaultInline
	}
	if o.ApartFrom == 0 {
		o.ApartFrom = defaultApart
	}
	if o.MaxObject == 0 {
		o.MaxObject = defaultMaxObject
	}
	if o.MinPart == 0 {
		o.MinPart = defaultMinPart
	}
	if o.MaxBuckets == 0 {
		o.MaxBuckets = defaultMaxBuckets
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Start begins to delete garbage in the background, until Close. It is called at most once.
func (s *Service) Start() { s.sweeper.start(s) }

// Close ends the background work that Start began and waits for it. What is left is done after the
// next Start. Readers that Open returned stay good.
func (s *Service) Close() { s.sweeper.close() }

// draw fills b with random bytes.
func (s *Service) draw(b []byte) error {
	if _, err := io.ReadFull(s.opts.Rand, b); err != nil {
		return fmt.Errorf("draw id: %w", err)
	}
	return nil
}
