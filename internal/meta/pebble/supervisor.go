package pebble

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	pebbledb "github.com/cockroachdb/pebble/v2"

	"crossgrant/internal/meta"
)

// Pauses before a folder is opened again. Each instance whose memory could not be given back makes the
// first one longer.
const (
	firstReopen   = 20 * time.Millisecond
	lastReopen    = 5 * time.Second
	lostMakes     = time.Second
	lastLostMakes = time.Minute
)

// Engine is a meta.Engine in a folder. An Update that is called from within an Update waits for itself
// until its context ends; a View may be called from anywhere.
type Engine struct {
	dir   string
	opts  Options
	lock  *pebbledb.Lock
	cache *pebbledb.Cache
	space *reserve

	// current is the instance that calls which begin now go to.
	current atomic.Pointer[instance]
	// observe is what OnUnsettled was given.
	observe   atomic.Pointer[func()]
	reopened  atomic.Int64
	lost      atomic.Int64
	stop      chan struct{}  // closed by Close
	watched   chan struct{}  // closed when nothing watches current any more
	releases  sync.WaitGroup // of instances that failed
	closeOnce sync.Once
}

var (
	_ meta.Unsettled = (*Engine)(nil)
	_ meta.Monitored = (*Engine)(nil)
)

// Open opens the engine in the folder dir, making it (mode 0700) if there is none. What was committed
// before is durable when Open returns. The errors are ready for an operator: another process uses
// the folder, meta.ErrCorrupt, or what the file system said.
func Open(dir string, opts Options) (_ *Engine, err error) {
	opts = opts.withDefaults()
	if err := makeDir(opts.FS, dir); err != nil {
		return nil, fmt.Errorf("make metadata folder: %w", err)
	}
	e := &Engine{dir: dir, opts: opts, stop: make(chan struct{}), watched: make(chan struct{})}
	if e.lock, err = lockDir(opts.FS, dir); err != nil {
		return nil, err
	}
	e.cache = pebbledb.NewCache(opts.CacheBytes)
	e.space = newReserve(opts.FS, dir, opts.reserve())
	first, err := openInstance(dir, opts, e.cache, false, nil)
	if err != nil {
		e.cache.Unref()
		_ = e.lock.Close()
		return nil, err
	}
	e.use(first)
	go e.watch()
	return e, nil
}

// use makes in what calls go to.
func (e *Engine) use(in *instance) {
	in.space, in.unsettled = e.space, e.unsettled
	e.current.Store(in)
}

// View runs fn on the newest durable state.
func (e *Engine) View(ctx context.Context, fn func(meta.Reader) error) error {
	for {
		err := e.current.Load().View(ctx, fn)
		if err != errRetired {
			return err
		}
	}
}

// Update runs fn and commits its writes. It never returns meta.ErrConflict. The end of ctx stops the
// wait for the turn, not the wait for the disk; while the disk fails nothing waits for long.
func (e *Engine) Update(ctx context.Context, fn func(tx meta.Tx) error) error {
	for {
		err := e.current.Load().Update(ctx, fn)
		if err != errRetired {
			return err
		}
	}
}

// with calls fn with the current instance, which is not closed meanwhile.
func (e *Engine) with(fn func(in *instance) error) error {
	for {
		in := e.current.Load()
		err := in.enter()
		if err == errRetired {
			continue
		}
		if err != nil {
			return err
		}
		defer in.running.Done()
		return fn(in)
	}
}

// OnUnsettled registers observe as meta.Unsettled says.
func (e *Engine) OnUnsettled(observe func()) { e.observe.Store(&observe) }

func (e *Engine) unsettled() {
	if observe := e.observe.Load(); observe != nil {
		(*observe)()
	}
}

// Condition implements meta.Monitored. The engine begins anew by opening the folder again.
func (e *Engine) Condition() (reopened int64, err error) {
	if err = e.current.Load().health.now.Load().refusal(); err == nil {
		err = e.space.check()
	}
	return e.reopened.Load(), err
}

// Close waits for running calls, syncs the log and releases the folder.
func (e *Engine) Close() error {
	closed := true
	e.closeOnce.Do(func() { closed = false })
	if closed {
		return meta.ErrClosed
	}
	close(e.stop)
	<-e.watched
	in := e.current.Load()
	in.retire(meta.ErrClosed, func() {})
	ended, err := in.shutDown()
	e.releases.Wait()
	if ended && err == nil {
		// Without them, or with half of them, the folder is verified as after a crash.
		_ = writeSums(e.opts.FS, e.dir)
	}
	e.cache.Unref()
	if lockErr := e.lock.Close(); err == nil {
		err = lockErr
	}
	if err != nil {
		return fmt.Errorf("close metadata: %w", translate(err))
	}
	return nil
}

// watch puts another instance in the place of each that fails, until Close.
func (e *Engine) watch() {
	defer close(e.watched)
	for {
		failed := e.current.Load()
		select {
		case <-e.stop:
			return
		case <-failed.health.dead:
		}
		e.opts.Log.Error("metadata: no write is accepted until the folder is opened again", slog.Any("error", failed.health.failure()))
		failed.fence.Shut()
		next := e.reopen()
		if next == nil {
			return
		}
		e.reopened.Add(1)
		failed.retire(errRetired, func() { e.use(next) })
		e.unsettled()
		e.releases.Go(func() { e.release(failed) })
		e.opts.Log.Info("metadata: the folder was opened again")
	}
}

// reopen opens another instance, as soon as the disk lets it. It returns nil if the engine is closed first.
func (e *Engine) reopen() *instance {
	first := min(firstReopen+time.Duration(e.lost.Load())*lostMakes, lastLostMakes)
	said := ""
	for pause := first; ; pause = min(2*pause, max(first, lastReopen)) {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-e.stop:
			timer.Stop()
			return nil
		}
		err := probe(e.opts.FS, e.dir)
		if err == nil {
			var next *instance
			if next, err = openInstance(e.dir, e.opts, e.cache, true, e.stop); err == nil {
				return next
			}
			if errors.Is(err, errRetired) {
				return nil
			}
		}
		if err.Error() != said {
			said = err.Error()
			e.opts.Log.Error("metadata: the folder cannot be opened again yet", slog.Any("error", err))
		}
	}
}

// release gives back what a failed instance uses, when the calls that run on it have ended.
func (e *Engine) release(failed *instance) {
	if ended, _ := failed.shutDown(); !ended {
		e.lost.Add(1)
		e.opts.Log.Warn("metadata: the memory of the opening that failed cannot be given back", slog.Int64("lost", e.lost.Load()))
	}
}
