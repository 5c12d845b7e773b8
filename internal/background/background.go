// Package background is work that a service does on its own between its start and its end.
package background

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Worker is one goroutine of a service. The zero value does nothing yet.
type Worker struct {
	cancel context.CancelFunc // nil: it was not started
	done   sync.WaitGroup
}

// Start runs work, whose context ends with Close. It is called at most once.
func (w *Worker) Start(work func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	w.done.Go(func() { work(ctx) })
}

// Close ends the work, and reports whether there was any. It waits until the work has returned.
func (w *Worker) Close() bool {
	if w.cancel == nil {
		return false
	}
	w.cancel()
	w.done.Wait()
	return true
}

// Complain logs what failed in a worker, but for what failed because the work ends.
func Complain(ctx context.Context, log *slog.Logger, what string, err error) {
	if err != nil && ctx.Err() == nil {
		log.Error(what, "fault", err.Error())
	}
}

// Sleep waits for a while, and reports whether it did so to the end: false if ctx ended before.
func Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Exclusive runs work that one server at a time may do, of those that share a store. The context of work ends when another
// server may begin, and with ctx; Exclusive waits until work has returned, and runs it again when it is this server's turn
// again. It returns when ctx ends, or when work has returned before its context ended. lease.Leases.Run is one; nil means
// that there is one server.
type Exclusive func(ctx context.Context, name string, work func(ctx context.Context))

// Run runs the work of a name.
func (e Exclusive) Run(ctx context.Context, name string, work func(ctx context.Context)) {
	if e == nil {
		work(ctx)
		return
	}
	e(ctx, name, work)
}
