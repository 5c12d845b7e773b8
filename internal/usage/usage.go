// Package usage learns from the stream of request records what access keys, users, roles and accounts are
// really used for: when each made its last request, in which region and to which service, and when it last
// asked for each action. It is what IAM tells as last used and last accessed.
//
// Every authenticated request counts, denied ones too: an attempt is a use. A use goes this way:
//
//	request record -> Usage in memory -> Usage in the metadata store, merged with what is there
//
// No request waits for it. What is in memory is bounded (Options.Pending) and is written in one go at every
// interval (Options.Interval) and at the end; what a crash loses is less than an interval. Who asks is told
// what is in memory as well.
//
// Principals are told apart by unique ID, so that a user or role that takes a name over inherits nothing.
// What belongs to something that was deleted is not written any more, and what was written is removed a
// little at a time, as are uses that are older than the tracking period.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html
package usage

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/background"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

const (
	// Period is the tracking period: older uses are not told.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html#last-accessed_tracking-period
	Period = 400 * 24 * time.Hour

	defaultInterval = 10 * time.Second
	// defaultPending is how many uses may wait in memory: of a key, of a principal, of a service or of an
	// action. It is some ten megabytes.
	defaultPending = 1 << 17
	sweepInterval  = time.Minute
)

// Options adjusts a Service.
type Options struct {
	// Interval is how often uses are written; 0 means ten seconds.
	Interval time.Duration
	// Pending is how many uses may wait in memory until they are written; 0 means 131,072. Of those beyond,
	// none is kept that was not waiting already.
	Pending int
	// Exclusive lets one server at a time sweep, of those that share the store; nil: there is one server. Each writes its own
	// uses: they are merged, and the order does not matter.
	Exclusive background.Exclusive
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives what could not be written; nil means slog.Default.
	Log *slog.Logger
}

// Service keeps uses and tells them. It is safe for concurrent use.
type Service struct {
	store *meta.Store
	opts  Options

	mu sync.Mutex
	// pending are the uses that are not being written yet; size is how many they are, and lost how many found
	// no room. writing are those of the Flush that goes on.
	pending map[subject]*records.Usage
	writing map[subject]*records.Usage
	size    int
	lost    int

	// flushing is held by the Flush that goes on; swept is the key that the sweep has come to.
	flushing sync.Mutex
	swept    []byte

	writer, sweeper background.Worker
}

var _ audit.Reader = (*Service)(nil)

// subject is what has uses: a key, a principal or an account, by its ID.
type subject struct {
	account ids.AccountID
	kind    keys.UsageKind
	id      string // empty for an account
}

// key is where the uses of a subject lie.
func (s subject) key() []byte {
	switch s.kind {
	case keys.KeyUsageKind:
		return keys.KeyUsage(s.account, ids.AccessKeyID(s.id))
	case keys.PrincipalUsageKind:
		return keys.PrincipalUsage(s.account, s.id)
	default:
		return keys.AccountUsage(s.account)
	}
}

// owner is the key that is there as long as the subject is.
func (s subject) owner() []byte {
	switch {
	case s.kind == keys.KeyUsageKind:
		return keys.AccessKey(ids.AccessKeyID(s.id))
	case s.kind == keys.PrincipalUsageKind && s.id != string(s.account):
		return keys.EntityAccount(ids.UniqueID(s.id))
	default:
		return keys.Account(s.account)
	}
}

// New returns a Service. Nothing is written before Start.
func New(store *meta.Store, opts Options) *Service {
	if opts.Interval == 0 {
		opts.Interval = defaultInterval
	}
	if opts.Pending == 0 {
		opts.Pending = defaultPending
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Service{store: store, opts: opts, pending: map[subject]*records.Usage{}}
}

// Start begins to write, until Close. It is called at most once.
func (s *Service) Start() {
	s.writer.Start(s.write)
	s.sweeper.Start(func(ctx context.Context) { s.opts.Exclusive.Run(ctx, "usage", s.sweepAll) })
}

// Close writes the uses so far and ends the work.
func (s *Service) Close() {
	s.sweeper.Close()
	if s.writer.Close() {
		s.flush(context.Background())
	}
}

// write writes the uses at every interval.
func (s *Service) write(ctx context.Context) {
	for background.Sleep(ctx, s.opts.Interval) {
		s.flush(ctx)
	}
}

// sweepAll sweeps again and again.
func (s *Service) sweepAll(ctx context.Context) {
	for background.Sleep(ctx, sweepInterval) {
		background.Complain(ctx, s.opts.Log, "remove old data of real use", s.Sweep(ctx))
	}
}

// flush writes the uses so far. What could not be written waits for the next time.
func (s *Service) flush(ctx context.Context) {
	if err := s.Flush(ctx); err != nil && ctx.Err() == nil {
		s.opts.Log.Error("write data of real use", "fault", err.Error())
	}
	s.mu.Lock()
	lost := s.lost
	s.lost = 0
	s.mu.Unlock()
	if lost > 0 {
		s.opts.Log.Warn("data of real use was dropped: more is used at once than there is room for", "uses", lost)
	}
}
