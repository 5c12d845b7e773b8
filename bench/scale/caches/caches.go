// Package caches is a model of the caches of permissions of many servers over one store: how often a request finds the
// caller and the bucket that it needs, if servers hold so many, requests are spread so, and permissions change so often.
// A change writes the stamp of its account, and what is cached of an account is good for one stamp only.
package caches

import (
	"math/rand/v2"

	"crossgrant/bench/scale/zipf"
)

// World is who sends requests.
type World struct {
	Accounts int
	// Skew is the exponent of Zipf's law over accounts, and, in each account, over its callers and its buckets.
	Skew float64
	// Callers and Buckets are how many of them an account has.
	Callers, Buckets int
	// Rate is how many requests there are a second, at all servers together.
	Rate float64
	// Changes is how many changes of permissions there are a second, in accounts in proportion to their requests.
	Changes float64
}

// Spread is how a load balancer spreads requests over servers.
type Spread struct {
	Name string
	// Servers is over how many servers the requests of one account go; 0 means over all.
	Servers int
}

// Sizes is how many entries a server holds.
type Sizes struct{ Callers, Buckets int }

// Hits is the share of requests whose caller, and whose bucket, was cached and valid.
type Hits struct {
	Caller, Bucket float64
	// Busiest is how many times the mean load the busiest server has.
	Busiest float64
}

// Run sends requests to a server until its caches are as full as they get, and returns the hits of as many more. Where
// servers are not alike it is the one whose load is the median. requests is how many the server gets in all.
func Run(w World, s Spread, servers int, sizes Sizes, requests int, seed uint64) Hits {
	p := place(w, s, servers)
	h := newServer(w, p.accounts, p.weights, p.rate, sizes, rand.New(rand.NewPCG(seed, uint64(servers)))).run(requests)
	h.Busiest = p.busiest
	return h
}

// placed is what one of the servers, the median one, gets.
type placed struct {
	accounts *zipf.Zipf // of all servers
	weights  []float64  // of the accounts whose requests come here; 0 for others
	rate     float64    // requests a second
	busiest  float64    // how many times the mean load the busiest server has
}

func place(w World, s Spread, servers int) placed {
	accounts := zipf.New(w.Accounts, w.Skew)
	over := s.Servers
	if over == 0 || over > servers {
		over = servers
	}
	loads := make([]float64, servers)
	if over == servers {
		for k := range loads {
			loads[k] = 1 / float64(servers)
		}
	} else {
		for a := range w.Accounts {
			for i := range over {
				loads[(home(a, servers)+i)%servers] += accounts.P(a) / float64(over)
			}
		}
	}
	busiest, median := order(loads)
	weights := make([]float64, w.Accounts)
	for a := range weights {
		if (median-home(a, servers)+servers)%servers < over {
			weights[a] = accounts.P(a)
		}
	}
	return placed{accounts: accounts, weights: weights, rate: w.Rate * loads[median], busiest: loads[busiest] * float64(servers)}
}

// home is the first server of an account.
func home(account, servers int) int {
	x := (uint64(account) + 1) * 0x9e3779b97f4a7c15
	x ^= x >> 32
	return int(x % uint64(servers))
}
