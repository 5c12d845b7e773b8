// Package delivery is what trails are for: a reader of the journal of request records that makes log files of the events
// that trails select, and delivers them, with the digest files by which they are verified.
//
//	request record -> journal -> TrailFile in the metadata store -> log file in a bucket -> TrailDelivered -> digest file
//
// The journal is read all the time (Options.Look). At every interval (Options.Interval), and earlier when there is much,
// what was read becomes log files whose names are decided, in one transaction with the note of how far the journal is
// read: so each event comes into one log file of each trail that selects it, and each log file is delivered under one
// name, however often that is tried and whenever the server ends. What the journal has twice, because a server ended
// between a change and its answer, is delivered twice, under one eventID.
//
// Which trails select an event, and where they deliver it, is what they said at the time of the request (Trails.At): what
// stops, changes or deletes a trail is itself delivered as the trail was before. The trails of an organization get the
// events of those who were in it then (Organizations): also that by which a member leaves.
//
// A delivery is an ordinary s3:PutObject of the service principal cloudtrail.amazonaws.com (package archive). What is
// refused is told by the trail's status and tried again at every interval. It waits within bounds: what is older than
// Options.MaxAge, and the oldest beyond Options.Backlog of a trail, is given up and counted.
//
// Of several servers one works (Options.Exclusive). If two did for a moment, one would have read in vain, because the position
// in the journal is advanced once; a log file would be written twice under its name, with the same content; and what is noted of
// it, and chains of digest files, are changed only by who holds the lease, which the transactions themselves check: else a
// digest file might name a log file twice, or two of them might follow the same one.
//
// Sources:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html
package delivery

import (
	"context"
	"log/slog"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/background"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/archive"
	"crossgrant/internal/cloudtrail/signing"
	"crossgrant/internal/ids"
	"crossgrant/internal/journal"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// Trails knows trails; package cloudtrail does.
type Trails interface {
	// Place returns where an account stands in its organization now.
	Place(ctx context.Context, account ids.AccountID) (cloudtrail.Place, error)
	// At returns the trails that logged events of an account, in an organization or not, at a time, as they were.
	At(ctx context.Context, account ids.AccountID, in cloudtrail.Place, at time.Time) ([]*cloudtrail.Trail, error)
	// Refresh makes what the others tell as new as what any server had written when it was called.
	Refresh(ctx context.Context) error
	// LogsData reports whether a trail selects data events.
	LogsData() bool
	// Forget removes what is kept of trails as they were until before.
	Forget(ctx context.Context, before time.Time) error
}

// Archive writes into buckets; package archive does.
type Archive interface {
	Write(ctx context.Context, o *archive.Object) error
}

// Keys returns the key that signs now; package signing does.
type Keys interface {
	Current(ctx context.Context) (*signing.Key, error)
}

// Meter counts what becomes of events; package metrics does.
type Meter interface {
	// TrailDelivered says that a log file of so many events was delivered.
	TrailDelivered(events int)
	// TrailRefused says that the delivery of a log or digest file was refused or failed.
	TrailRefused()
	// TrailDropped says that events are given up.
	TrailDropped(events int)
	// TrailWaiting says how many log files wait, and their bytes as stored.
	TrailWaiting(files, bytes int64)
}

// Options adjusts a Service.
type Options struct {
	// Interval is how often log files are delivered; 0 means five minutes.
	Interval time.Duration
	// DigestInterval is how often digest files are; 0 means an hour.
	DigestInterval time.Duration
	// Look is how often the journal is looked at; 0 means a second.
	Look time.Duration
	// MaxAge is how long what is refused is kept; 0 means 30 days, for which CloudTrail tries.
	//
	// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-troubleshooting.html
	MaxAge time.Duration
	// Backlog is how many bytes of log files, as stored, are kept of one trail; 0 means a gibibyte.
	Backlog int64
	Region  string
	Meter   Meter
	// Exclusive lets one server at a time do the work, of those that share the store; nil: there is one server.
	Exclusive background.Exclusive
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives what is refused and what is given up; nil means slog.Default.
	Log *slog.Logger
}

// Reader is the name of this reader of the journal.
const Reader = "trail"

const (
	defaultInterval = 5 * time.Minute
	defaultDigest   = time.Hour
	defaultLook     = time.Second
	defaultAge      = 30 * 24 * time.Hour
	defaultBacklog  = 1 << 30
	// maxFile is the size of the events of one log file, in bytes, maxPacked that of what they are compressed to, after
	// which none is added: so that what is in the store is within meta.MaxValue, also if it could not be compressed.
	maxFile   = 16 << 20
	maxPacked = 2 << 20
	// maxGathered is how many bytes of events, compressed as far as they are, are gathered before they are delivered
	// before the interval is over; maxPassed is how many bytes of entries, wanted or not.
	maxGathered = 16 << 20
	maxPassed   = 256 << 20
)

// Service reads the journal and delivers. Wants is safe for concurrent use; all else is done by the worker, or by whoever
// calls Deliver without it.
type Service struct {
	store    *meta.Store
	journal  *journal.Journal
	trails   Trails
	archive  Archive
	keys     Keys
	opts     Options
	gathered *gathered // what was read and is not committed; nil: nothing was read since
	sequence keys.Sequence
	zips     compressors
	record   audit.Record // the one that is read

	worker background.Worker
}

// Deps is what a Service works with.
type Deps struct {
	Journal *journal.Journal
	Trails  Trails
	Archive Archive
	Keys    Keys
}

// New returns a Service. Nothing is read or delivered before Start.
func New(store *meta.Store, with Deps, opts Options) *Service {
	or := func(d *time.Duration, normal time.Duration) {
		if *d == 0 {
			*d = normal
		}
	}
	or(&opts.Interval, defaultInterval)
	or(&opts.DigestInterval, defaultDigest)
	or(&opts.Look, defaultLook)
	or(&opts.MaxAge, defaultAge)
	if opts.Backlog == 0 {
		opts.Backlog = defaultBacklog
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Service{store: store, journal: with.Journal, trails: with.Trails, archive: with.Archive, keys: with.Keys, opts: opts}
}

// Start begins to work, until Close. It is called at most once.
func (s *Service) Start() {
	s.worker.Start(func(ctx context.Context) { s.opts.Exclusive.Run(ctx, "trails", s.run) })
}

// Close ends the work. What is not delivered is in the metadata store, and is delivered after the next Start.
func (s *Service) Close() {
	s.worker.Close()
}

// run reads the journal, and delivers at every interval.
func (s *Service) run(ctx context.Context) {
	look, interval, digests := time.NewTicker(s.opts.Look), time.NewTicker(s.opts.Interval), time.NewTicker(max(min(s.opts.DigestInterval/6, time.Minute), time.Second))
	defer look.Stop()
	defer interval.Stop()
	defer digests.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			much, err := s.read(ctx)
			background.Complain(ctx, s.opts.Log, "read the journal for trails", err)
			if !much {
				continue
			}
		case <-digests.C:
			background.Complain(ctx, s.opts.Log, "deliver digest files", s.digests(ctx))
			continue
		case <-interval.C:
		}
		background.Complain(ctx, s.opts.Log, "deliver log files of trails", s.deliver(ctx))
	}
}

// Deliver reads all that the journal has, makes log files of it, and delivers those and all that wait, and the digest files
// that are due. It is not to be called while another call of it is under way, or after Start.
func (s *Service) Deliver(ctx context.Context) error {
	if err := s.deliver(ctx); err != nil {
		return err
	}
	return s.digests(ctx)
}

// deliver is Deliver without digest files.
func (s *Service) deliver(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = s.read(ctx); err == nil {
			err = s.commit(ctx)
		}
		if err != nil {
			return err
		}
	}
	return s.deliverAll(ctx)
}

// drop counts events that are given up, and logs it.
func (s *Service) drop(events int64, reason string, attributes ...any) {
	s.opts.Meter.TrailDropped(int(events))
	s.opts.Log.Error("events of a trail dropped", append([]any{"events", events, "reason", reason}, attributes...)...)
}
