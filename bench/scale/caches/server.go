package caches

import (
	"math"
	"math/rand/v2"
	"slices"

	"crossgrant/bench/scale/zipf"
)

// order returns which load is the highest and which one is the median.
func order(loads []float64) (highest, median int) {
	at := make([]int, len(loads))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int {
		switch {
		case loads[a] < loads[b]:
			return -1
		case loads[a] > loads[b]:
			return 1
		}
		return 0
	})
	return at[len(at)-1], at[len(at)/2]
}

// server is one of those that share the load.
type server struct {
	w        World
	accounts *zipf.Zipf // of all
	mine     *zipf.Zipf // of those whose requests come here
	callers  *cache
	buckets  *cache
	caller   *zipf.Zipf // which caller of an account sends a request
	bucket   *zipf.Zipf // and for which bucket
	rate     float64    // requests a second
	r        *rand.Rand
}

func newServer(w World, accounts *zipf.Zipf, weights []float64, rate float64, sizes Sizes, r *rand.Rand) *server {
	return &server{
		w: w, accounts: accounts, mine: zipf.Of(weights), rate: rate, r: r,
		callers: newCache(sizes.Callers, r), buckets: newCache(sizes.Buckets, r),
		caller: zipf.New(w.Callers, w.Skew), bucket: zipf.New(w.Buckets, w.Skew),
	}
}

// run serves requests and returns the hits among the second half of them.
func (s *server) run(requests int) (h Hits) {
	for n := range requests {
		now := float64(n) / s.rate // in seconds
		account := s.mine.Draw(s.r)
		changes := s.w.Changes * s.accounts.P(account)
		caller := s.callers.ask(account*s.w.Callers+s.caller.Draw(s.r), now, changes)
		bucket := s.buckets.ask(account*s.w.Buckets+s.bucket.Draw(s.r), now, changes)
		if n < requests/2 {
			continue
		}
		if caller {
			h.Caller++
		}
		if bucket {
			h.Bucket++
		}
	}
	counted := float64(requests - requests/2)
	h.Caller /= counted
	h.Bucket /= counted
	return h
}

// cache holds entries as package access does: when it is full a sixteenth of them goes, whichever they are.
type cache struct {
	max    int
	places map[int]int // of an entry in ids and since
	ids    []int
	since  []float64 // when an entry was read
	r      *rand.Rand
}

func newCache(size int, r *rand.Rand) *cache { return &cache{max: size, places: map[int]int{}, r: r} }

// ask reports whether an entry is there and valid, and has it there from now on. changes is the rate at which it becomes
// invalid, a second: whether it did since it was read is drawn.
func (c *cache) ask(id int, now, changes float64) bool {
	if at, ok := c.places[id]; ok {
		if c.r.Float64() < math.Exp(-changes*(now-c.since[at])) {
			c.since[at] = now // it was valid now: only what comes from here on is still to be drawn
			return true
		}
		c.since[at] = now
		return false
	}
	if len(c.ids) >= c.max {
		for range c.max/16 + 1 {
			c.drop(c.r.IntN(len(c.ids)))
		}
	}
	c.places[id] = len(c.ids)
	c.ids, c.since = append(c.ids, id), append(c.since, now)
	return false
}

// drop removes the entry at a place.
func (c *cache) drop(at int) {
	last := len(c.ids) - 1
	delete(c.places, c.ids[at])
	if at != last {
		c.ids[at], c.since[at] = c.ids[last], c.since[last]
		c.places[c.ids[at]] = at
	}
	c.ids, c.since = c.ids[:last], c.since[:last]
}
