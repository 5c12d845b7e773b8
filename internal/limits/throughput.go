package limits

import (
	"context"
	"io"
	"sync"
	"time"
)

// Throughput bounds the bytes per second of all who share it. The zero value bounds nothing.
type Throughput struct {
	Rate int64      // bytes per second; 0: no bound
	mu   sync.Mutex // protects next
	next time.Time  // when what was let pass has taken its time
}

// Wait waits until n bytes may pass.
func (l *Throughput) Wait(ctx context.Context, n int) error {
	if l.Rate <= 0 {
		return ctx.Err()
	}
	l.mu.Lock()
	now := time.Now()
	if l.next.Before(now) {
		l.next = now
	}
	due := l.next
	l.next = l.next.Add(time.Duration(float64(n) / float64(l.Rate) * float64(time.Second)))
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

// Reader returns a reader of r behind the bound, which ends when ctx does. passed, which may be nil, is called with each
// number of bytes that were read.
func (l *Throughput) Reader(ctx context.Context, r io.Reader, passed func(n int)) io.Reader {
	return &bounded{ctx, r, l, passed}
}

type bounded struct {
	ctx    context.Context
	r      io.Reader
	l      *Throughput
	passed func(n int)
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if n > 0 {
		if b.passed != nil {
			b.passed(n)
		}
		if err := b.l.Wait(b.ctx, n); err != nil {
			return n, err
		}
	}
	return n, err
}
