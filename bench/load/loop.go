package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"crossgrant/bench/hist"
	"crossgrant/bench/process"
)

// Measurement is what one endpoint did in one round of one row.
type Measurement struct {
	Operations uint64         // that succeeded
	Errors     uint64         // that did not, or not as they should
	Reopened   uint64         // connections, because the server had closed them or after an error
	Bytes      int64          // of bodies, sent and received
	Elapsed    time.Duration  // until the last answer
	Latency    hist.Histogram `json:"LatencyNanoseconds"`
	OwnCPU     time.Duration  // of the load generator
	ServerCPU  time.Duration  // of the server's process; zero if it is not known
	RSS        int64          // bytes, of the server's process, at the end; zero if not known
	PeakRSS    int64
	FirstError string `json:",omitempty"`
}

// step does one operation; n counts them, over all clients.
type step func(w *worker, n uint64) error

// demand is how operations follow each other.
type demand struct {
	duration time.Duration // no operation starts later
	limit    uint64        // no more operations than that; 0 for no limit
	// rate is how many operations are to start in a second, over all clients: an open loop. Their
	// latencies begin when they were to start, not when a client was free to start them. Zero: each client
	// starts its next operation when the last has ended.
	rate float64
}

// pause is how long a client waits after an error, lest it spin on a server that is gone.
const pause = 10 * time.Millisecond

// run has workers do steps and measures them.
func run(ctx context.Context, e *Endpoint, workers []*worker, d demand, do step) (*Measurement, error) {
	for _, w := range workers {
		if err := w.conn.Open(time.Now()); err != nil {
			return nil, err
		}
		w.reset()
		defer w.conn.Close()
	}
	before, own, err := cost(e)
	if err != nil {
		return nil, err
	}
	var numbers atomic.Uint64
	var group sync.WaitGroup
	start := time.Now()
	for _, w := range workers {
		group.Go(func() { w.loop(ctx, start, d, len(workers), &numbers, do) })
	}
	group.Wait()
	m := &Measurement{Elapsed: time.Since(start)}
	after, ownAfter, err := cost(e)
	m.OwnCPU, m.ServerCPU, m.RSS, m.PeakRSS = ownAfter-own, after.CPU-before.CPU, after.RSS, after.PeakRSS
	for _, w := range workers {
		m.add(w)
	}
	return m, err
}

// cost tells what server and load generator have used so far.
func cost(e *Endpoint) (process.Usage, time.Duration, error) {
	own := process.Own()
	if e.PID == 0 {
		return process.Usage{}, own, nil
	}
	u, err := process.Read(e.PID)
	return u, own, err
}

// add adds what a worker has seen.
func (m *Measurement) add(w *worker) {
	m.Operations += w.latency.Count()
	m.Errors += w.errors
	m.Bytes += w.bytes
	m.Reopened += w.conn.Opened() - w.opened
	m.Latency.Add(&w.latency)
	if m.FirstError == "" && w.first != nil {
		m.FirstError = w.first.Error()
	}
}

// loop does steps until the demand is met.
func (w *worker) loop(ctx context.Context, start time.Time, d demand, clients int, numbers *atomic.Uint64, do step) {
	end := start.Add(d.duration)
	intended := schedule{start: start, rate: d.rate, clients: uint64(clients), next: w.index}
	for now := start; now.Before(end) && ctx.Err() == nil; {
		due := now
		if d.rate > 0 {
			if due = intended.wait(); !due.Before(end) {
				return
			}
			now = time.Now()
		}
		n := numbers.Add(1) - 1
		if d.limit > 0 && n >= d.limit {
			return
		}
		w.start = now
		err := do(w, n)
		now = time.Now()
		w.count(now.Sub(due), err)
		if err != nil {
			time.Sleep(pause)
			now = time.Now()
		}
	}
}

// count counts an operation.
func (w *worker) count(latency time.Duration, err error) {
	if err == nil {
		w.latency.Record(latency)
		return
	}
	if w.errors++; w.first == nil {
		w.first = err
	}
}

// schedule is when the operations of one client are to start: those numbered next, next+clients, …
type schedule struct {
	start         time.Time
	rate          float64
	clients, next uint64
}

// wait returns when the next operation was to start, as soon as that is not in the future.
func (s *schedule) wait() time.Time {
	due := s.start.Add(time.Duration(float64(s.next) / s.rate * float64(time.Second)))
	s.next += s.clients
	time.Sleep(time.Until(due))
	return due
}
