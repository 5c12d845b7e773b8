// Package accesslog is S3's server access logging: a reader of the journal of request records that writes lines
// about the requests to buckets with logging, and the log delivery service, which writes them as objects into the
// buckets that they are to go to.
//
// A line goes this way:
//
//	request record -> journal -> LogObject in the metadata store -> log object
//
// Package decisions keeps in the journal each record that is wanted here (Wants), durably within a second; what a
// crash loses is less than that. The journal is read all the time (Options.Look). At every interval
// (Options.Interval), and earlier when there is much, what was read becomes the text of log objects whose keys are
// decided, in one transaction with the note of how far the journal is read: so each line comes into one log object,
// and each log object is written once, however often its delivery is tried and whenever the server ends.
//
// Whether a bucket's requests are logged, and where to, is what its setting says when the record is read: a moment
// after the request, or later after a start and when reading is behind. "Changes to the logging status of a bucket take
// time to actually affect the delivery of log files" on S3, too, where it may be an hour.
//
// The log delivery service is a caller like any other, the service principal logging.s3.amazonaws.com: the
// bucket that it writes to has to allow it, by its policy or by the LogDelivery group in its ACL. What is
// refused is logged and tried again at the next interval, within bounds: text that is older than
// Options.MaxAge, and the oldest beyond maxObjects of a bucket, is dropped and counted. Deliveries are no
// requests and leave no lines.
//
// Of several servers one works (Options.Exclusive). If two did for a moment, one of them would have read in vain, because
// the position in the journal is advanced once, and a log object that both deliver is there when the second writes it: it
// has one key, and is written where there is none.
//
// Sources:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html#BucketLoggingStatusChanges
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
package accesslog

import (
	"context"
	"io"
	"log/slog"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/background"
	"crossgrant/internal/ids"
	"crossgrant/internal/journal"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Access knows buckets and decides; package access does.
type Access interface {
	// Bucket returns the facts of a bucket as of the latest commit, or NoSuchBucket.
	Bucket(ctx context.Context, name string) (*access.Bucket, error)
	// ServiceContext returns the condition keys of what a service does now, in a region, for a resource of account.
	ServiceContext(ctx context.Context, service *access.Caller, resource arn.ARN, account ids.AccountID, now time.Time, region string) (policy.Context, error)
	// Authorize answers one check.
	Authorize(ctx context.Context, caller *access.Caller, check *access.Check, request *policy.Context) (authz.Explanation, error)
}

// Objects stores objects; package objects does.
type Objects interface {
	Put(ctx context.Context, n objects.NewObject, body io.Reader) (*records.Object, error)
}

// Meter counts what becomes of log lines; package metrics does.
type Meter interface {
	// LogDelivered says that a log object of so many lines was written.
	LogDelivered(lines int)
	// LogRefused says that a delivery was refused or failed.
	LogRefused()
	// LogDropped says that lines are given up.
	LogDropped(lines int)
}

// Options adjusts a Service.
type Options struct {
	// Interval is how often lines are delivered; 0 means five minutes.
	Interval time.Duration
	// Look is how often the journal is looked at; 0 means a second.
	Look time.Duration
	// MaxAge is how long text is kept whose delivery is refused; 0 means 24 hours.
	MaxAge time.Duration
	Region string
	Meter  Meter
	// Exclusive lets one server at a time do the work, of those that share the store; nil: there is one server.
	Exclusive background.Exclusive
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives what is refused and what is dropped; nil means slog.Default.
	Log *slog.Logger
}

// Reader is the name of this reader of the journal.
const Reader = "access-log"

const (
	defaultInterval = 5 * time.Minute
	defaultLook     = time.Second
	defaultAge      = 24 * time.Hour
	// maxText is the size of the lines of one log object, in bytes, within meta.MaxValue.
	maxText = 1 << 20
	// maxGathered is how many bytes of lines are gathered before they are delivered before the interval is over;
	// maxPassed is how many bytes of entries, wanted or not.
	maxGathered = 16 << 20
	maxPassed   = 64 << 20
	// maxSegment is how many bytes of lines one segment of the journal may become: DeleteObjects has a line for each
	// key. Lines beyond are dropped.
	maxSegment = 16 << 20
	// maxObjects is how many log objects of one bucket may wait for a delivery that is refused.
	maxObjects = 64
)

// Service reads the journal and delivers logs. Wants is safe for concurrent use; all else is done by the worker, or
// by whoever calls Deliver without it.
type Service struct {
	store    *meta.Store
	journal  *journal.Journal
	access   Access
	objects  Objects
	opts     Options
	caller   *access.Caller
	most     int // how many bytes of lines are gathered at most: maxGathered, but in tests
	sequence keys.Sequence

	// What follows is the worker's alone.

	// rolled says that the lines that a server of format 5 left were dealt with.
	rolled bool
	// gathered is what was read and is not committed; nil: nothing was read since.
	gathered *gathered

	worker background.Worker
}

// website is the name of the website endpoint among the services.
const website = "s3-website"

// New returns a Service that reads j. Nothing is read or delivered before Start.
func New(store *meta.Store, j *journal.Journal, gate Access, storage Objects, opts Options) *Service {
	if opts.Interval == 0 {
		opts.Interval = defaultInterval
	}
	if opts.Look == 0 {
		opts.Look = defaultLook
	}
	if opts.MaxAge == 0 {
		opts.MaxAge = defaultAge
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Service{
		store: store, journal: j, access: gate, objects: storage, opts: opts, caller: access.Service(authz.LogDelivery), most: maxGathered,
	}
}

// Start begins to work, until Close. It is called at most once.
func (s *Service) Start() {
	s.worker.Start(func(ctx context.Context) { s.opts.Exclusive.Run(ctx, "access-logs", s.run) })
}

// Close ends the work. What is not delivered is in the journal, and is delivered after the next Start.
func (s *Service) Close() {
	s.worker.Close()
}

// run reads the journal, and delivers at every interval.
func (s *Service) run(ctx context.Context) {
	look, interval := time.NewTicker(s.opts.Look), time.NewTicker(s.opts.Interval)
	defer look.Stop()
	defer interval.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			much, err := s.read(ctx)
			background.Complain(ctx, s.opts.Log, "read the journal for access logs", err)
			if !much {
				continue
			}
		case <-interval.C:
		}
		background.Complain(ctx, s.opts.Log, "deliver access logs", s.Deliver(ctx))
	}
}

// drop counts lines that are given up, and logs it.
func (s *Service) drop(lines int, reason string, attributes ...any) {
	s.opts.Meter.LogDropped(lines)
	s.opts.Log.Error("lines of the access log dropped", append([]any{"lines", lines, "reason", reason}, attributes...)...)
}
