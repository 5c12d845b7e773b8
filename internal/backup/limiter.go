package backup

import (
	"context"
	"io"
	"sync"
	"time"
)

// limiter bounds the bytes per second of all who share it.
type limiter struct {
	rate int64 // bytes per second; 0: no bound
	mu   sync.Mutex
	// next is when what was let pass has taken its time; protected by mu.
	next time.Time
}

// wait waits until n bytes may pass.
func (l *limiter) wait(ctx context.Context, n int) error {
	if l.rate <= 0 {
		return ctx.Err()
	}
	l.mu.Lock()
	now := time.Now()
	if l.next.Before(now) {
		l.next = now
	}
	due := l.next
	l.next = l.next.Add(time.Duration(float64(n) / float64(l.rate) * float64(time.Second)))
	l.mu.Unlock()
	timer := time.NewTimer(due.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// limited is a reader behind a limiter.
type limited struct {
	ctx context.Context
	r   io.Reader
	l   *limiter
	// passed is called with the number of bytes that were read.
	passed func(n int)
}

func (r *limited) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if n > 0 {
		r.passed(n)
		if err := r.l.wait(r.ctx, n); err != nil {
			return n, err
		}
	}
	return n, err
}
