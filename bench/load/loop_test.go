package load

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// loopAll has clients do steps for a while, without connections, and returns what they saw together.
func loopAll(clients int, d demand, do step) *Measurement {
	m, start := &Measurement{}, time.Now()
	var numbers atomic.Uint64
	var workers []*worker
	done := make(chan struct{})
	for i := range clients {
		w := newWorker(&Endpoint{}, i, false)
		workers = append(workers, w)
		go func() { w.loop(context.Background(), start, d, clients, &numbers, do); done <- struct{}{} }()
	}
	for range clients {
		<-done
	}
	for _, w := range workers {
		m.add(w)
	}
	return m
}

// TestClosedLoop holds that a client waits for its answer: clients times time by latency.
func TestClosedLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := loopAll(4, demand{duration: time.Second}, func(*worker, uint64) error { time.Sleep(10 * time.Millisecond); return nil })
		if m.Operations != 400 || m.Latency.Max() != 10*time.Millisecond {
			t.Errorf("%d operations of at most %v, want 400 of 10ms", m.Operations, m.Latency.Max())
		}
	})
}

// TestOpenLoop holds that a server that stands still for a while is seen by all requests that should have been
// made meanwhile, not only by those that were: the latencies are those of coordinated omission made good.
func TestOpenLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stands := time.Now().Add(100 * time.Millisecond)
		m := loopAll(2, demand{duration: time.Second, rate: 1000}, func(*worker, uint64) error {
			if now := time.Now(); now.After(stands) && now.Before(stands.Add(500*time.Millisecond)) {
				time.Sleep(stands.Add(500 * time.Millisecond).Sub(now))
			}
			return nil
		})
		if m.Operations != 1000 {
			t.Errorf("%d operations, want 1000", m.Operations)
		}
		// Half of the requests fell into the pause and waited for 250 ms on average.
		if p, mean := m.Latency.Quantile(0.51), m.Latency.Mean(); p < time.Millisecond || mean < 120*time.Millisecond || mean > 130*time.Millisecond {
			t.Errorf("quantile 0.51 is %v and the mean %v, want more than 1ms and about 125ms", p, mean)
		}
	})
}

// TestLimit holds that no more steps are done than are asked for, and that errors are counted apart.
func TestLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad")
		m := loopAll(3, demand{duration: time.Hour, limit: 100}, func(_ *worker, n uint64) error {
			if n%10 == 7 {
				return bad
			}
			return nil
		})
		if m.Operations != 90 || m.Errors != 10 || m.FirstError != "bad" {
			t.Errorf("%d operations and %d errors, %q", m.Operations, m.Errors, m.FirstError)
		}
	})
}
