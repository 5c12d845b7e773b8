// Package lease is work that one server at a time does, of those that share a metadata store.
//
// The lease of a name is two records: Lease says which server holds it and how often it was taken (its epoch), and
// LeaseRenewal changes as long as that server is there. A lease is taken if it was never held or was given back, and if for
// the time TTL neither record has changed. That time is measured by the clock of who takes, from when it has seen the
// records, so that the clocks of servers need not agree.
//
//	holder    renews ......... renews ...x (dead, cut off or paused)
//	                            |<- TTL - margin ->| its context has ended
//	another        sees         sees |<-------- TTL -------->| takes, epoch + 1
//
// The holder counts from before it sent the renewal, the other from after that was read: the context of the holder ends at
// least margin before another server can take. That orders the work of servers whose clocks run, and which end work when
// its context ends. A process that is stopped, or a machine that is suspended, may go on in the middle of its work when
// its lease is long another's. So each transaction that is made with the context of the work, and writes, reads the Lease
// as well, and commits only if holder and epoch are still its own (meta.Guarded): in the store nothing is written by who
// does not hold the lease. What work does outside of the store may then happen twice.
//
// A store that is not shared has no leases: work just runs.
package lease

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"crossgrant/internal/meta"
)

// DefaultTTL is how long a server has to be silent before another one takes its lease.
const DefaultTTL = 15 * time.Second

// A TTL is divided: a lease is renewed three times in it, and looked at five times by those who wait for it; a renewal that
// failed is repeated twelve times. The holder stops an eighth of it before another one may take: clocks need not run alike
// to more than that, and work has that long to end.
const (
	renewals = 3
	looks    = 5
	repeats  = 12
	margins  = 8
)

// releaseTime is how long giving a lease back may take. What is not given back runs out.
const releaseTime = time.Second

// ErrLost says that a transaction was made by work whose lease is another server's by now. Nothing was written.
var ErrLost = errors.New("lease: another server does the work")

// Options adjusts Leases.
type Options struct {
	// TTL is how long a server has to be silent before another takes its leases, the same on all servers; 0 means DefaultTTL.
	TTL time.Duration
	// Log receives which work begins and ends; nil means slog.Default.
	Log *slog.Logger
}

// Leases are those of one server. They are safe for concurrent use.
type Leases struct {
	store  *meta.Store
	holder string
	opts   Options

	mu   sync.Mutex // protects held
	held map[string]bool
}

// New returns the leases of the server with an ID that no other process has, nor had.
func New(store *meta.Store, holder string, opts Options) *Leases {
	if opts.TTL == 0 {
		opts.TTL = DefaultTTL
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Leases{store: store, holder: holder, opts: opts, held: map[string]bool{}}
}

// Run runs the work of a name whenever this server holds its lease, until ctx ends or work returns by itself. The context
// of work ends when the lease is lost: work has to return then, and Run waits for it. Updates with that context return
// ErrLost if another server holds the lease by then. A name is given to one Run at a time, of a server.
func (l *Leases) Run(ctx context.Context, name string, work func(ctx context.Context)) {
	if !l.store.Shared() {
		work(ctx)
		return
	}
	at := &place{leases: l, name: name}
	silent := false // it was told already that the store does not answer
	for first := true; ctx.Err() == nil; first = false {
		if !first && !sleep(ctx, l.opts.TTL/looks) {
			return
		}
		h, err := at.take(ctx)
		switch {
		case err != nil:
			if ctx.Err() == nil && !silent {
				l.opts.Log.Warn("a lease cannot be asked for", "lease", name, "fault", err.Error())
			}
			silent = true
			continue
		case h != nil && h.run(ctx, work):
			return
		}
		silent = false
	}
}

// Held returns the names of the leases that this server holds, sorted.
func (l *Leases) Held() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	names := make([]string, 0, len(l.held))
	for name := range l.held {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// note notes whether a lease is held.
func (l *Leases) note(name string, held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if held {
		l.held[name] = true
	} else {
		delete(l.held, name)
	}
}
