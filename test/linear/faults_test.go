package linear_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

const (
	// length is how long clients work in a history, beside what it takes to mend what is broken at the end.
	length = 2500 * time.Millisecond
	// A fault begins at a time up to faultStart after the history, and lasts between faultLeast and faultMost.
	faultStart = 800 * time.Millisecond
	faultLeast = 200 * time.Millisecond
	faultMost  = 900 * time.Millisecond
)

// fault is something that goes wrong with one server, or with what all of them need, and is mended later.
type fault struct {
	name   string
	absent func(w *world) string // why it cannot be tried; empty: it can
	strike func(w *world, t *testing.T, n int)
	mend   func(w *world, t *testing.T, n int)
}

// faults are those of the histories. One in as many histories as there are faults, and one more, has none.
var faults = []fault{
	{"a server is killed", always, (*world).kill, (*world).revive},
	{"a server is paused", always, (*world).pause, (*world).proceed},
	{"a server is cut off from all others", (*world).noNetwork, (*world).unplug, (*world).plug},
	{"a server is cut off from PostgreSQL", (*world).noBackend, (*world).cutMeta, (*world).mendMeta},
	{"a server hears nothing from PostgreSQL", (*world).noBackend, (*world).holdMeta, (*world).mendMeta},
	{"a server is cut off from the blob store", (*world).noBackend, (*world).cutBlobs, (*world).mendBlobs},
	{"PostgreSQL is restarted, fast", (*world).noBackend, (*world).stopFast, (*world).startPostgres},
	{"PostgreSQL is restarted, immediately", (*world).noBackend, (*world).stopImmediately, (*world).startPostgres},
}

func always(*world) string { return "" }

// possible returns the faults that can be tried. What cannot is said, with the reason.
func (w *world) possible(t *testing.T) []fault {
	t.Helper()
	var can []fault
	for _, f := range faults {
		if why := f.absent(w); why != "" {
			t.Logf("NOT RUN: %s: %s", f.name, why)
			continue
		}
		can = append(can, f)
	}
	return can
}

// during has clients work, until the channel that they are given is closed, while one or two faults come and go. When it
// returns everything is mended.
func (w *world) during(t *testing.T, seed uint64, work func(until <-chan struct{})) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	until, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		work(until)
	}()
	end := time.After(length)
	for range 1 + rng.IntN(2) {
		w.one(t, rng, seed)
	}
	<-end
	close(until)
	<-done
	w.awaitReady(t)
}

// one has a fault come and go.
func (w *world) one(t *testing.T, rng *rand.Rand, seed uint64) {
	t.Helper()
	n := rng.IntN(len(w.members))
	wait := time.Duration(rng.Int64N(int64(faultStart)))
	lasts := faultLeast + time.Duration(rng.Int64N(int64(faultMost-faultLeast)))
	which := rng.IntN(len(w.faults) + 1)
	if which == len(w.faults) {
		return
	}
	f := w.faults[which]
	time.Sleep(wait)
	f.strike(w, t, n)
	time.Sleep(lasts)
	f.mend(w, t, n)
	w.struck[f.name]++
	if testing.Verbose() {
		fmt.Printf("seed %d: %s (server %d, after %s, for %s)\n", seed, f.name, n+1, wait.Round(time.Millisecond), lasts.Round(time.Millisecond))
	}
}

func (w *world) kill(t *testing.T, n int) { check(t, w.members[n].Kill()) }

func (w *world) revive(t *testing.T, n int) { check(t, w.members[n].Start()) }

func (w *world) pause(t *testing.T, n int) {
	check(t, syscall.Kill(w.members[n].PID(), syscall.SIGSTOP))
}

func (w *world) proceed(t *testing.T, n int) {
	check(t, syscall.Kill(w.members[n].PID(), syscall.SIGCONT))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
