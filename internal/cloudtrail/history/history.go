// Package history is CloudTrail's event history: the management events of every account of the last 90 days, and the
// query LookupEvents over them. It is there without a trail, and no account can turn it off.
//
// It is a reader of the journal of request records:
//
//	request record -> journal -> TrailEvents of each account that gets a copy -> LookupEvents
//
// Package decisions keeps in the journal each record that is wanted here (Wants). What the journal has is read all the
// time (Options.Look), and committed with the note of how far it is read: so each event comes into the history of an
// account once, whenever a server ends. What is kept is the request record, without the decisions of which it tells; it
// becomes the JSON of an event when it is looked up.
//
// An account's events are in the order of the journal, which is that in which requests ended, and within one record of
// the store by the time at which they began. Histories have bounds: what is older than 90 days goes, and the oldest of
// what is more than Options.Size, which is counted. What is an hour old is merged into larger records (merge.go).
//
// Of several servers one works (Options.Exclusive). If two did for a moment, one would have read in vain: the position in
// the journal is advanced once, and values are merged and removed in transactions that look whether they are there.
//
// Sources:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
package history

import (
	"context"
	"log/slog"
	"time"

	"github.com/klauspost/compress/zstd"

	"crossgrant/internal/background"
	"crossgrant/internal/journal"
	"crossgrant/internal/meta"
	"crossgrant/internal/seal"
)

// Meter counts what becomes of events; package metrics does.
type Meter interface {
	// HistoryKept says that so many events were added to histories.
	HistoryKept(events int)
	// HistoryDropped says that events are given up, or removed before they are 90 days old.
	HistoryDropped(events int)
}

// Options adjusts a Service.
type Options struct {
	// Look is how often the journal is looked at; 0 means a second.
	Look time.Duration
	// Size is how many bytes of events, as stored, are kept for each account; 0 means 256 MiB.
	Size int64
	// Region is the one that events tell.
	Region string
	Meter  Meter
	// Exclusive lets one server at a time do the work, of those that share the store; nil: there is one server.
	Exclusive background.Exclusive
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives what fails and what is lost; nil means slog.Default.
	Log *slog.Logger
}

// Reader is the name of this reader of the journal.
const Reader = "event-history"

// Age is how long events are kept.
const Age = 90 * 24 * time.Hour

const (
	defaultLook = time.Second
	defaultSize = 256 << 20
	// trimInterval is how often old events are looked for, and events to be merged.
	trimInterval = 10 * time.Minute
)

// Service reads the journal and answers LookupEvents. Wants, Lookup, AccountContents and EraseAccount are safe for
// concurrent use; all else is done by the worker.
type Service struct {
	store   *meta.Store
	journal *journal.Journal
	box     *seal.Box
	opts    Options
	encoder *zstd.Encoder
	decoder *zstd.Decoder
	most    int // how many bytes of entries are committed at once: maxGathered, but in tests
	work    int // how much one Lookup reads: maxWork, but in tests
	// gathered is what was read and is not committed; nil: nothing was read since. It is the worker's alone.
	gathered *gathered

	worker background.Worker
}

// New returns a Service that reads j. The tokens of Lookup are sealed by box. Nothing is read before Start.
func New(store *meta.Store, j *journal.Journal, box *seal.Box, opts Options) *Service {
	if opts.Look == 0 {
		opts.Look = defaultLook
	}
	if opts.Size == 0 {
		opts.Size = defaultSize
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	s := &Service{store: store, journal: j, box: box, opts: opts, most: maxGathered, work: maxWork}
	s.encoder, s.decoder = coders()
	return s
}

// Start begins to work, until Close. It is called at most once.
func (s *Service) Start() {
	s.worker.Start(func(ctx context.Context) { s.opts.Exclusive.Run(ctx, "event-history", s.run) })
}

// Close ends the work. What is not read is in the journal, and is read after the next Start.
func (s *Service) Close() {
	s.worker.Close()
}

// run reads the journal, and removes what is old.
func (s *Service) run(ctx context.Context) {
	look, trim := time.NewTicker(s.opts.Look), time.NewTicker(trimInterval)
	defer look.Stop()
	defer trim.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			background.Complain(ctx, s.opts.Log, "read the journal for the event history", s.Read(ctx))
		case <-trim.C:
			background.Complain(ctx, s.opts.Log, "remove old events from the event history", s.Trim(ctx))
			background.Complain(ctx, s.opts.Log, "merge events of the event history", s.Merge(ctx))
		}
	}
}

// drop counts events that are given up, and logs it.
func (s *Service) drop(events int, reason string, attributes ...any) {
	s.opts.Meter.HistoryDropped(events)
	s.opts.Log.Error("events of the event history dropped", append([]any{"events", events, "reason", reason}, attributes...)...)
}
