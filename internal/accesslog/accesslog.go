// Package accesslog is S3's server access logging: a reader of request records that writes lines about the
// requests to buckets with logging, and the log delivery service, which writes them as objects into the
// buckets that they are to go to.
//
// A line goes this way:
//
//	request record -> line in memory -> LogLines in the metadata store -> LogObject there -> log object
//
// Lines are kept durably within a second (Options.Flush); what a crash loses is less than that. At every
// interval (Options.Interval), and earlier when there are many, the lines of a bucket become the text of log
// objects whose keys are decided: each is then written once, however often its delivery is tried.
//
// The log delivery service is a caller like any other, the service principal logging.s3.amazonaws.com: the
// bucket that it writes to has to allow it, by its policy or by the LogDelivery group in its ACL. What is
// refused is logged and tried again at the next interval, within bounds: text that is older than
// Options.MaxAge, and the oldest beyond maxObjects of a bucket, is dropped and counted. Deliveries are no
// requests and leave no lines.
//
// Sources:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
package accesslog

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Access knows buckets and decides; package access does.
type Access interface {
	// Bucket returns the facts of a bucket as of the latest commit, or NoSuchBucket.
	Bucket(ctx context.Context, name string) (*access.Bucket, error)
	// ServiceContext returns the condition keys of what a service does for a resource of account.
	ServiceContext(ctx context.Context, service *access.Caller, resource arn.ARN, account ids.AccountID) (policy.Context, error)
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
	// Flush is how often lines are made durable; 0 means a second.
	Flush time.Duration
	// MaxAge is how long text is kept whose delivery is refused; 0 means 24 hours.
	MaxAge time.Duration
	Region string
	Meter  Meter
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives what is refused and what is dropped; nil means slog.Default.
	Log *slog.Logger
}

const (
	defaultInterval = 5 * time.Minute
	defaultFlush    = time.Second
	defaultAge      = 24 * time.Hour
	// maxPending is how many bytes of lines may wait in memory. Lines beyond are dropped: the disk does not
	// keep up.
	maxPending = 16 << 20
	// maxText is the size of one value of lines and of one log object, in bytes, within meta.MaxValue.
	maxText = 1 << 20
	// maxKept is how many bytes of lines are kept before they are delivered before the interval is over.
	maxKept = 16 << 20
	// maxObjects is how many log objects of one bucket may wait for a delivery that is refused.
	maxObjects = 64
)

// Service writes lines and delivers them. It is safe for concurrent use.
type Service struct {
	store   *meta.Store
	access  Access
	objects Objects
	opts    Options
	caller  *access.Caller
	last    uint64 // sequence given out last; the worker's alone

	mu sync.Mutex
	// pending are the lines that are not durable yet; size are their bytes, lost are lines that found no room.
	pending map[pendingKey]*records.LogLines
	size    int
	lost    int

	cancel context.CancelFunc
	worker sync.WaitGroup
}

var _ audit.Reader = (*Service)(nil)

// website is the name of the website endpoint among the services.
const website = "s3-website"

// pendingKey tells lines apart that do not go into one value: those of other states of a bucket, and of other
// days where the key tells the day.
type pendingKey struct {
	bucket *access.Bucket
	day    int64
}

// New returns a Service. Nothing is made durable or delivered before Start.
func New(store *meta.Store, gate Access, storage Objects, opts Options) *Service {
	if opts.Interval == 0 {
		opts.Interval = defaultInterval
	}
	if opts.Flush == 0 {
		opts.Flush = defaultFlush
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
		store: store, access: gate, objects: storage, opts: opts, caller: access.Service(authz.LogDelivery),
		pending: map[pendingKey]*records.LogLines{},
	}
}

// Start begins to work, until Close. It is called at most once.
func (s *Service) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.worker.Go(func() { s.run(ctx) })
}

// Close makes the lines so far durable and ends the work. What is not delivered is delivered after the next
// Start.
func (s *Service) Close() {
	if s.cancel == nil {
		return
	}
	s.cancel()
	s.worker.Wait()
	s.flush(context.Background())
}

// run makes lines durable, and delivers them at every interval.
func (s *Service) run(ctx context.Context) {
	flush, interval := time.NewTicker(s.opts.Flush), time.NewTicker(s.opts.Interval)
	defer flush.Stop()
	defer interval.Stop()
	kept := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-flush.C:
			if kept += s.flush(ctx); kept < maxKept {
				continue
			}
		case <-interval.C:
			s.flush(ctx)
		}
		kept = 0
		if err := s.Deliver(ctx); err != nil && ctx.Err() == nil {
			s.opts.Log.Error("deliver access logs", "fault", err.Error())
		}
	}
}

// Record writes the lines of a request.
func (s *Service) Record(r *audit.Record) {
	if r.Service != "s3" && r.Service != website {
		return
	}
	if b := s.logged(r.Bucket); b != nil {
		from := sourceOf(b)
		l := request(r, from)
		s.add(b, r.Time, l.String())
		for i := range r.Deleted {
			l := deleted(r, from, &r.Deleted[i])
			s.add(b, r.Time, l.String())
		}
	}
	if r.Source != nil {
		if b := s.logged(r.Source.Bucket); b != nil {
			l := copied(r, sourceOf(b))
			s.add(b, r.Time, l.String())
		}
	}
}

// logged returns a bucket whose requests are logged, or nil. That of a request that deleted its bucket is
// lost, as S3's delivery, too, is best effort.
func (s *Service) logged(name string) *access.Bucket {
	if name == "" {
		return nil
	}
	b, err := s.access.Bucket(context.Background(), name)
	if err != nil || b.Record.Logging == nil {
		return nil
	}
	return b
}

func sourceOf(b *access.Bucket) *source {
	return &source{b.Record.Name, b.Owner, b.Canonical, b.Record.Region}
}

// add takes a line about a bucket.
func (s *Service) add(b *access.Bucket, at time.Time, text string) {
	key := pendingKey{bucket: b}
	if l := b.Record.Logging; l.Partitioned && l.DateSource == EventTime {
		key.day = at.UTC().Truncate(24 * time.Hour).UnixNano()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size+len(text) > maxPending {
		s.lost++
		return
	}
	s.size += len(text)
	lines := s.pending[key]
	if lines == nil {
		lines = &records.LogLines{
			Bucket: b.Record.Name, Account: string(b.Owner), CanonicalId: string(b.Canonical), Region: b.Record.Region,
			Logging: b.Record.Logging, Day: key.day,
		}
		s.pending[key] = lines
	}
	lines.Lines = append(lines.Lines, text)
}
