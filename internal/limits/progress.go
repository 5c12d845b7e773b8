package limits

import (
	"sync"
	"time"
)

// Pace is how fast a peer has to move: at least Least bytes in each Stall of the time that is spent waiting for it.
// The time in which nobody waits for it does not count. At least one byte has to move, also where Least is 0.
type Pace struct {
	Stall time.Duration
	Least int64
}

// Progress is how a peer moves, measured by its Pace. It is for one goroutine.
type Progress struct {
	Pace
	waited time.Duration
	moved  int64
}

// Moved counts bytes that moved while they were waited for this long.
func (p *Progress) Moved(n int64, took time.Duration) {
	p.moved += n
	p.waited += took
	if p.moved >= max(p.Least, 1) {
		p.waited, p.moved = 0, 0
	}
}

// Left returns how much longer the peer may be waited for; 0 or less: it is too slow.
func (p *Progress) Left() time.Duration { return p.Stall - p.waited }

// Pulse says how often something is worth a line in a log. All methods are safe for concurrent use.
type Pulse struct {
	Every time.Duration

	mu    sync.Mutex
	last  time.Time
	since int
}

// Beat counts one event, and reports whether it is to be told now, with how many since the last that was told.
func (p *Pulse) Beat(now time.Time) (events int, tell bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since++
	if !p.last.IsZero() && now.Sub(p.last) < p.Every {
		return 0, false
	}
	events, p.since, p.last = p.since, 0, now
	return events, true
}
