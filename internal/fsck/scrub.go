package fsck

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// The scrub verifies everything again and again, slowly: the files and records of the metadata first, then all
// blobs. It repairs nothing. How far it is with the blobs is kept, so that a start does not begin the pass anew. Of several
// servers one scrubs; another goes on from there. If two did for a moment, some would be read, and told, twice.

const (
	// keptEvery is how often the progress of a pass is kept.
	keptEvery = 30 * time.Second
	// startPause is how long after a start a pass begins, or goes on, that is due: what a start reads comes first.
	startPause = time.Minute
	// scrubRetry is the pause after a pass that could not be finished.
	scrubRetry = 10 * time.Minute
	// longestWait is how long it waits at most for a busy server before it reads some more: the scrub comes to its end all the same.
	longestWait = 200 * time.Millisecond
	busyPause   = 10 * time.Millisecond
	// mostOwed is how many bytes are read before they are waited for, if that is less than a tenth of a second at the
	// rate: a timer for each record takes longer than what it waits for.
	mostOwed = 1 << 20
)

// Meter counts what a scrub does.
type Meter interface {
	// Scrubbed counts bytes that were verified.
	Scrubbed(bytes int)
	// Corruption counts something that was found wrong, by its kind.
	Corruption(kind string)
}

// ScrubOptions say how a Scrubber works.
type ScrubOptions struct {
	// Options say what is verified. Repair, Found, Progress and Pace are not used.
	Options
	// Interval is the time between the beginnings of two passes.
	Interval time.Duration
	// Rate bounds the bytes that are read per second; 0: nothing does.
	Rate int64
	// Busy tells whether the server has better things to do; nil: it never has.
	Busy func() bool
	// Meter is told; nil: nobody is.
	Meter Meter
	// Exclusive lets one server at a time do the work, of those that share the store; nil: there is one server.
	Exclusive background.Exclusive
	// Log receives a line for each finding and each pass.
	Log *slog.Logger
}

// Scrubber verifies what is stored in the background.
type Scrubber struct {
	opts ScrubOptions
	stop context.CancelFunc
	done sync.WaitGroup
}

// NewScrubber returns a Scrubber, which Start starts.
func NewScrubber(opts ScrubOptions) *Scrubber {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Scrubber{opts: opts}
}

// Start begins to scrub, until Close. It is called at most once.
func (s *Scrubber) Start() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.done.Go(func() { s.opts.Exclusive.Run(ctx, "scrub", s.run) })
}

// Close ends the scrub and waits for it.
func (s *Scrubber) Close() {
	if s.stop != nil {
		s.stop()
	}
	s.done.Wait()
}

// run makes passes when they are due.
func (s *Scrubber) run(ctx context.Context) {
	for pause := min(startPause, s.opts.Interval); ; pause = 0 {
		wait, err := s.due(ctx)
		wait = max(wait, pause)
		if err == nil && wait <= 0 {
			err = s.Pass(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.opts.Log.Error("scrub was not finished", "error", err)
			wait = scrubRetry
		}
		timer := time.NewTimer(max(wait, 0))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// due returns how long it is until the next pass begins, or goes on: not more than 0 if that is now. The first pass
// of a folder begins an interval after its first start.
func (s *Scrubber) due(ctx context.Context) (time.Duration, error) {
	p, err := s.progress(ctx)
	if err != nil {
		return 0, err
	}
	now := s.opts.Now()
	if p.Started == 0 {
		p.Started, p.Finished = now.UnixNano(), now.UnixNano()
		return s.opts.Interval, s.keep(ctx, p)
	}
	if p.Finished < p.Started {
		return 0, nil
	}
	return time.Unix(0, p.Started).Add(s.opts.Interval).Sub(now), nil
}

// progress returns how far the scrub is.
func (s *Scrubber) progress(ctx context.Context) (*records.ScrubProgress, error) {
	p := new(records.ScrubProgress)
	err := s.opts.Store.View(ctx, func(r meta.Reader) error { return records.Get(r, keys.Scrub(keys.BlobScrub), p) })
	if errors.Is(err, meta.ErrNotFound) {
		err = nil
	}
	return p, err
}

// keep keeps how far the scrub is, also when it is being ended: else it would tell again what it has told.
func (s *Scrubber) keep(ctx context.Context, p *records.ScrubProgress) error {
	return s.opts.Store.Update(context.WithoutCancel(ctx), func(tx meta.Tx) error { return records.Put(tx, keys.Scrub(keys.BlobScrub), p) })
}

// Pass makes a pass, or goes on with the one that was begun.
func (s *Scrubber) Pass(ctx context.Context) error {
	p, err := s.progress(ctx)
	if err != nil {
		return err
	}
	if p.Finished >= p.Started {
		*p = records.ScrubProgress{Started: s.opts.Now().UnixNano(), Finished: p.Finished}
		if p.Started <= p.Finished {
			p.Finished = p.Started - 1 // the clock went back
		}
		if err := s.keep(ctx, p); err != nil {
			return err
		}
	}
	r := newRun(s.options(p))
	if err := s.verify(ctx, r, p); err != nil {
		return err
	}
	p.Finished, p.After = s.opts.Now().UnixNano(), nil
	s.opts.Log.Info("scrub is finished", "blob_bytes", p.Bytes, "findings", p.Findings, "took", time.Duration(p.Finished-p.Started))
	return s.keep(ctx, p)
}

// options are those of the run of a pass.
func (s *Scrubber) options(p *records.ScrubProgress) Options {
	o := s.opts.Options
	o.Repair, o.Progress = false, nil
	o.Pace = s.pacer()
	o.Found = func(f Finding) {
		p.Findings++
		s.opts.Log.Error("corruption found by the scrub", "kind", f.Kind, "bucket", f.Bucket, "key", f.Key, "version", f.VersionID, "at", f.At, "what", f.What)
		if s.opts.Meter != nil {
			s.opts.Meter.Corruption(f.Kind)
		}
	}
	return o
}

// verify verifies what is left of a pass. What was found is kept with how far it is, so that it is not told again when
// the pass goes on.
func (s *Scrubber) verify(ctx context.Context, r *run, p *records.ScrubProgress) error {
	r.summary.Bytes = p.Bytes
	kept, told := s.opts.Now(), p.Findings
	err := r.all(ctx, p.After, func(after []byte) error {
		now := s.opts.Now()
		if len(p.After) > 0 && now.Sub(kept) < keptEvery && p.Findings == told {
			return nil
		}
		kept, told = now, p.Findings
		p.After, p.Bytes = after, r.summary.Bytes
		return s.keep(ctx, p)
	})
	p.Bytes = r.summary.Bytes
	return err
}

// pacer returns what slows reads down: to the rate, and while the server is busy.
func (s *Scrubber) pacer() func(ctx context.Context, n int) error {
	began, read, owed := time.Now(), int64(0), int64(0)
	owes := int64(mostOwed)
	if s.opts.Rate > 0 {
		owes = min(owes, s.opts.Rate/10)
	}
	return func(ctx context.Context, n int) error {
		if s.opts.Meter != nil {
			s.opts.Meter.Scrubbed(n)
		}
		read += int64(n)
		if owed += int64(n); owed < owes {
			return ctx.Err()
		}
		owed = 0
		if s.opts.Rate > 0 {
			ahead := time.Duration(float64(read)/float64(s.opts.Rate)*float64(time.Second)) - time.Since(began)
			if ahead < -time.Second {
				began, read = time.Now(), 0 // what was not read before is not made up for
			}
			if !background.Sleep(ctx, ahead) {
				return ctx.Err()
			}
		}
		for waited := time.Duration(0); s.opts.Busy != nil && waited < longestWait && s.opts.Busy(); waited += busyPause {
			if !background.Sleep(ctx, busyPause) {
				return ctx.Err()
			}
		}
		return ctx.Err()
	}
}
