package main

import (
	"fmt"

	"crossgrant/bench/scale/caches"
	"crossgrant/bench/scale/chart"
	"crossgrant/internal/access"
)

// world is who sends requests: assumed. Two million access keys are more than one server holds.
var world = caches.World{Accounts: 200_000, Skew: 1, Callers: 10, Buckets: 5, Rate: rate, Changes: 10}

// Round trips that a request takes beside its own if its caller, or its bucket, has to be read: for the access key, the
// account, its place in organizations, the user and one managed policy; for bucket and settings, account and place.
// TestMisses holds them.
const (
	callerTrips = 5
	bucketTrips = 4
)

// sizes are those of the program.
func sizes() caches.Sizes {
	c := access.Capacities()
	return caches.Sizes{Callers: c.Callers, Buckets: c.Buckets}
}

var spreads = []caches.Spread{{Name: "at random", Servers: 0}, {Name: "account over 8", Servers: 8}, {Name: "account to 1", Servers: 1}}

// hit is the hits of one setting.
type hit struct {
	Spread  string
	Servers int
	Changes float64 // a second
	caches.Hits
	// Extra is how many round trips are added to the mean request.
	Extra float64
}

func measure(w caches.World, s caches.Spread, servers int, of caches.Sizes) hit {
	h := hit{Spread: s.Name, Servers: servers, Changes: w.Changes, Hits: caches.Expect(w, s, servers, of)}
	h.Extra = (1-h.Caller)*callerTrips + (1-h.Bucket)*bucketTrips
	return h
}

// hitsByServers returns the hits of each spread over more and more servers.
func hitsByServers() (all []hit) {
	for _, s := range spreads {
		for _, servers := range []int{3, 10, 30, 100, 300} {
			all = append(all, measure(world, s, servers, sizes()))
		}
	}
	return all
}

// hitsByChanges returns the hits of each spread with more and more changes, over 100 servers.
func hitsByChanges() (all []hit) {
	for _, s := range spreads {
		for _, changes := range []float64{1, 10, 100, 1000, 10_000} {
			w := world
			w.Changes = changes
			all = append(all, measure(w, s, 100, sizes()))
		}
	}
	return all
}

func drawHits(all []hit) string {
	l := &chart.Lines{
		Title: "How often a server knows the caller, and the bucket",
		Caption: fmt.Sprintf("%s access keys and %s buckets in %s accounts (Zipf %g), %g changes of permissions a second;\n"+
			"caches of %s callers and %s buckets a server. Lines: callers; dashed: buckets.",
			chart.Short(float64(world.Accounts*world.Callers)), chart.Short(float64(world.Accounts*world.Buckets)),
			chart.Short(float64(world.Accounts)), world.Skew, world.Changes, chart.Short(float64(sizes().Callers)), chart.Short(float64(sizes().Buckets))),
		X: chart.Axis{Label: "servers", Log: true, Min: 3, Max: 300, Ticks: []float64{3, 10, 30, 100, 300}},
		Y: chart.Axis{Label: "share of requests that hit", Max: 1, Text: chart.Percent},
	}
	for i, s := range spreads {
		caller := chart.Series{Name: s.Name, Colour: i}
		bucket := chart.Series{Name: s.Name + ", buckets", Colour: i, Dashed: true}
		for _, h := range all {
			if h.Spread == s.Name {
				caller.X, caller.Y = append(caller.X, float64(h.Servers)), append(caller.Y, h.Caller)
				bucket.X, bucket.Y = append(bucket.X, float64(h.Servers)), append(bucket.Y, h.Bucket)
			}
		}
		l.Series = append(l.Series, caller, bucket)
	}
	return l.SVG()
}

func drawChanges(all []hit) string {
	l := &chart.Lines{
		Title:   "What changes of permissions cost",
		Caption: "Round trips that the mean request takes beside its own, over 100 servers. A change makes an account's entries stale on all servers.",
		X:       chart.Axis{Label: "changes of permissions a second", Log: true, Min: 1, Max: 10_000},
		Y:       chart.Axis{Label: "round trips more, mean request", Max: 8, Ticks: []float64{0, 2, 4, 6, 8}},
	}
	for i, s := range spreads {
		line := chart.Series{Name: s.Name, Colour: i, Dashed: i == 1}
		for _, h := range all {
			if h.Spread == s.Name {
				line.X, line.Y = append(line.X, h.Changes), append(line.Y, h.Extra)
			}
		}
		l.Series = append(l.Series, line)
	}
	return l.SVG()
}

// hitsBySize returns the hits over 100 servers, at random, with caches that are so many times as large as they are.
func hitsBySize() (all []hit) {
	for _, times := range []int{1, 2, 4, 8, 16, 32, 64} {
		of := sizes()
		of.Callers, of.Buckets = of.Callers*times, of.Buckets*times
		all = append(all, measure(world, spreads[0], servers, of))
	}
	return all
}

// drawSizes draws hits by the size of caches.
func drawSizes(all []hit) string {
	l := &chart.Lines{
		Title: "What larger caches are worth",
		Caption: fmt.Sprintf("Requests spread at random over %d servers. A cached user with a policy of two statements takes 7.8 KB"+
			" (docs/PERFORMANCE.md):\nall %s access keys would take 16 GB of each server.", servers, chart.Short(float64(world.Accounts*world.Callers))),
		X: chart.Axis{
			Label: "callers that a server holds (and a quarter as many buckets)", Log: true, Min: float64(sizes().Callers), Max: float64(64 * sizes().Callers),
			Text: func(v float64) string { return grouped(v/1024) + " Ki" },
		},
		Y: chart.Axis{Label: "share of requests that hit", Max: 1, Text: chart.Percent},
	}
	caller, bucket := chart.Series{Name: "callers", Colour: 0}, chart.Series{Name: "buckets", Colour: 1, Dashed: true}
	for i, h := range all {
		x := float64(sizes().Callers << i)
		l.X.Ticks = append(l.X.Ticks, x)
		caller.X, caller.Y = append(caller.X, x), append(caller.Y, h.Caller)
		bucket.X, bucket.Y = append(bucket.X, x), append(bucket.Y, h.Bucket)
	}
	l.Series = []chart.Series{caller, bucket}
	return l.SVG()
}
