package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// heapFloor is the size of the heap, in bytes, below which nothing is collected while the server is busy. What is
	// live is a few MiB: the garbage collector would otherwise run after every hundred requests or so.
	heapFloor = 32 << 20
	// normalPercent is how much the heap grows, in percent of what is live, before it is collected: Go's default.
	normalPercent = 100
	// idleAfter is how long nothing is collected before the server counts as idle. It is less than the two minutes
	// after which the runtime collects without need.
	idleAfter = time.Minute
)

// heapTuner sets, after a collection, how far the heap may grow until the next. It awaits one collection at a time,
// so that one goroutine at a time uses it.
type heapTuner struct {
	percent int
	last    time.Time // of the last collection
	live    []metrics.Sample
}

// tuneHeap keeps the heap from being collected below heapFloor, from now on, unless the operator has set GOGC.
func tuneHeap() {
	if os.Getenv("GOGC") != "" {
		return
	}
	t := &heapTuner{percent: normalPercent, last: time.Now(), live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
	t.awaitCollection()
}

// awaitCollection has adjust called after the next collection, which finds that nothing refers to the mark.
func (t *heapTuner) awaitCollection() {
	type mark struct{ _ [32]byte } // not so small that it shares its memory with others
	runtime.AddCleanup(new(mark), (*heapTuner).adjust, t)
}

// adjust lets the heap grow to heapFloor, or to twice what is live if that is more. The heap of an idle server
// grows by what is live, so that its memory goes back to the system.
func (t *heapTuner) adjust() {
	defer t.awaitCollection()
	metrics.Read(t.live)
	now := time.Now()
	percent := percentFor(t.live[0].Value.Uint64(), now.Sub(t.last))
	t.last = now
	if percent != t.percent {
		t.percent = percent
		debug.SetGCPercent(percent)
	}
}

// percentFor returns how much a heap may grow, in percent of what is live, whose last collection before this one
// was so long ago. It returns steps of 50, because to change the value stops the program for a moment.
func percentFor(live uint64, since time.Duration) int {
	if since > idleAfter || live == 0 {
		return normalPercent
	}
	percent := int(heapFloor*100/live) - 100
	return max(percent/50*50, normalPercent)
}
