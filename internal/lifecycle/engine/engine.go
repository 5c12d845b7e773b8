// Package engine carries out the lifecycles of buckets, in the background.
//
// # Passes
//
// Once an interval, a pass goes over each bucket that has a lifecycle with a rule that is enabled, and over no other:
// such buckets are in an index (keys.LifecycleBuckets). A pass is one walk in the order of keys over the versions that
// some rule is about, current and noncurrent ones together, without their content; each version is judged by all rules
// at once. Then come the uploads in progress. Ranges of keys that no prefix of a rule covers are jumped over.
//
// The walk reads a page at a time, each in a transaction of its own, and stops after some pages to let the next bucket
// have its turn: a large bucket does not hold up small ones, and what the engine keeps in memory does not depend on
// the number of buckets or of versions. How far it came is stored (records.LifecycleProgress), so that a server that
// ends goes on where it was.
//
// # Removal
//
// What the walk finds due is only a candidate. It is judged anew in the transaction that removes or moves it
// (objects.ApplyLifecycle): what was written, locked or tagged anew in between is spared, and so is everything once the
// lifecycle was replaced. Candidates go in batches, several at a time.
//
// # Several servers
//
// One of them works (Options.Exclusive). If two did for a moment, what one has removed is no candidate any more for the
// other, because it is judged anew, and progress that went back makes a part of the walk twice.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/keys"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
)

// Objects is what the engine works on; package objects is.
type Objects interface {
	ListVersions(ctx context.Context, q objects.VersionQuery) (objects.VersionPage, error)
	Uploads(ctx context.Context, q objects.UploadQuery) (objects.UploadPage, error)
	ApplyLifecycle(ctx context.Context, b *objects.LifecycleBatch) ([]lifecycle.Action, error)
	AbortUpload(ctx context.Context, b keys.BucketID, key, upload string) error
}

// Options adjusts an Engine; the zero value is for service.
type Options struct {
	// Interval is how often a pass over each bucket begins; 0 means a day. Passes begin when the time is a multiple of
	// it, counted from midnight UTC: that is when what is counted in days is due.
	Interval time.Duration
	Calendar lifecycle.Calendar
	// Pace is the shortest time from one page to the next; 0 means 10 milliseconds, for 100,000 versions a second.
	Pace time.Duration
	// Page is the number of versions of a page, 1 to 1000; 0 means 1000. Turn is the number of pages after which the next
	// bucket has its turn; 0 means 10.
	Page, Turn int
	// Batch is the number of versions of a transaction, and Workers that of transactions at a time; 0 means 50 and 8.
	Batch, Workers int
	// Count is told what was done, by its name (see the constants); nil means that nobody is told. It is called from
	// several goroutines.
	Count func(what string, n int)
	// Exclusive lets one server at a time do the work, of those that share the store; nil: there is one server.
	Exclusive background.Exclusive
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives failures; nil means slog.Default.
	Log *slog.Logger
}

// What is counted.
const (
	Examined     = "examined"     // versions and uploads
	Removed      = "removed"      // versions, for good
	Marked       = "marked"       // delete markers made
	Transitioned = "transitioned" // versions
	Aborted      = "aborted"      // uploads
	Failed       = "failed"       // what could not be done, and is tried again by the next pass
	Passes       = "passes"       // over a bucket, that came to their end
)

// Engine carries out lifecycles. It is made by New.
type Engine struct {
	store   *meta.Store
	objects Objects
	opts    Options
	last    time.Time // when the last page was read

	stop context.CancelFunc
	done sync.WaitGroup
}

// New returns an Engine over store and objects, which does nothing before Start.
func New(store *meta.Store, objects Objects, opts Options) *Engine {
	or := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	or(&opts.Page, 1000)
	or(&opts.Turn, 10)
	or(&opts.Batch, 50)
	or(&opts.Workers, 8)
	if opts.Interval == 0 {
		opts.Interval = lifecycle.Day
	}
	if opts.Pace == 0 {
		opts.Pace = 10 * time.Millisecond
	}
	if opts.Count == nil {
		opts.Count = func(string, int) {}
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Engine{store: store, objects: objects, opts: opts}
}

// Start begins to work in the background, until Close. It is called at most once.
func (e *Engine) Start() {
	ctx, stop := context.WithCancel(meta.Freeing(context.Background()))
	e.stop = stop
	e.done.Go(func() { e.opts.Exclusive.Run(ctx, "lifecycles", e.run) })
}

// Close ends the work that Start began, and waits for it. What is left is done after the next start.
func (e *Engine) Close() {
	if e.stop != nil {
		e.stop()
	}
	e.done.Wait()
}

// longestWait is how long a bucket may have to wait for a pass that is due, beside what others take.
const longestWait = time.Minute

// run goes from bucket to bucket while there is something to do.
func (e *Engine) run(ctx context.Context) {
	for ctx.Err() == nil {
		more, err := e.round(ctx)
		if err != nil && ctx.Err() == nil {
			e.opts.Log.Error("reading which buckets have a lifecycle", "error", err)
		}
		if more && err == nil {
			continue
		}
		background.Sleep(ctx, min(e.opts.Interval, longestWait))
	}
}

// indexPage is the number of buckets whose names are read at a time.
const indexPage = 100

// round gives each bucket whose pass is due or under way one turn, and reports whether any has not come to its end. A
// bucket that fails is logged, and left to the next round.
func (e *Engine) round(ctx context.Context) (more bool, err error) {
	from, to := keys.LifecycleBuckets()
	for ctx.Err() == nil {
		names, err := e.names(ctx, from, to)
		if err != nil || len(names) == 0 {
			return more, err
		}
		for _, name := range names {
			unfinished, err := e.turn(ctx, name)
			switch {
			case ctx.Err() != nil:
				return more, ctx.Err()
			case err != nil:
				e.opts.Log.Error("carrying out a lifecycle", "bucket", name, "error", err)
			}
			more = more || unfinished && err == nil
		}
		from = append(keys.LifecycleBucket(names[len(names)-1]), 0)
	}
	return more, ctx.Err()
}

// names returns the first names of a range of the index.
func (e *Engine) names(ctx context.Context, from, to []byte) (names []string, err error) {
	err = e.store.View(ctx, func(r meta.Reader) error {
		names = nil
		it := r.Scan(from, to)
		for len(names) < indexPage && it.Next() {
			name, err := keys.ParseLifecycleBucket(it.Key())
			if err != nil {
				return errors.Join(err, it.Close())
			}
			names = append(names, name)
		}
		return it.Close()
	})
	return names, err
}
