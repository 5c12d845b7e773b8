package caches

import "crossgrant/bench/scale/zipf"

// item is entries that are asked for alike.
type item struct {
	rate    float64 // requests a second for one of them
	changes float64 // a second, each of which makes it invalid
	n       float64 // how many they are
}

// Expect returns the hits that Run comes near to, without sending requests: by the approximation that an entry is dropped
// at one and the same rate whichever it is, which is that at which the cache is just full. It is for caches that drop
// entries at random.
//
// Source: Martina, Garetto, Leonardi, A unified approach to the performance analysis of caching systems, INFOCOM 2014,
// https://arxiv.org/abs/1307.6702
func Expect(w World, s Spread, servers int, sizes Sizes) Hits {
	p := place(w, s, servers)
	return Hits{
		Caller:  hitShare(p.items(w, w.Callers), sizes.Callers),
		Bucket:  hitShare(p.items(w, w.Buckets), sizes.Buckets),
		Busiest: p.busiest,
	}
}

// exact is how many accounts are taken one by one; those after them, which are much alike, a hundred at most at a time.
const (
	exact = 2000
	group = 100
)

// items returns what a server is asked for: each parts things of every account.
func (p *placed) items(w World, parts int) (all []item) {
	of, total := zipf.New(parts, w.Skew), 0.0
	for _, weight := range p.weights {
		total += weight
	}
	var weight, n float64
	add := func() {
		for part := range parts {
			all = append(all, item{rate: p.rate * weight / n / total * of.P(part), changes: w.Changes * weight / n, n: n})
		}
		weight, n = 0, 0
	}
	for _, one := range p.weights {
		if one == 0 {
			continue
		}
		weight, n = weight+one, n+1
		if len(all) < exact*parts || n == group {
			add()
		}
	}
	if n > 0 {
		add()
	}
	return all
}

// hitShare returns the share of requests that hit a cache of so many entries.
func hitShare(all []item, size int) float64 {
	// A sixteenth is empty after a drop, and fills: on average a thirty-second part is.
	room := float64(size) * (1 - 1.0/32)
	held := func(drops float64) (entries, hits float64) {
		total := 0.0
		for _, i := range all {
			entries += i.n * i.rate / (i.rate + drops)
			// A hit, if neither a drop nor a change came since it was asked for last.
			hits += i.n * i.rate * i.rate / (i.rate + drops + i.changes)
			total += i.n * i.rate
		}
		return entries, hits / total
	}
	low, high := 0.0, 1.0
	for n, _ := held(high); n > room; n, _ = held(high) {
		high *= 2
	}
	if n, hits := held(0); n <= room {
		return hits
	}
	for range 60 {
		middle := (low + high) / 2
		if n, _ := held(middle); n > room {
			low = middle
		} else {
			high = middle
		}
	}
	_, hits := held(high)
	return hits
}
