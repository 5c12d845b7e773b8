// Package hotrows computes how often single rows are read and written that many requests or servers have in common: stamps
// of permissions, what is known of real use, and the state of the journal.
package hotrows

import (
	"math"

	"crossgrant/bench/scale/zipf"
)

// Usage returns how many rows all servers together write a second of what access keys, principals and accounts are used for.
// Each server writes a row for each of them that it has seen, once an interval (package usage). accounts is the share of
// each account in rate requests a second, and callers that of each of its access keys in those of the account; each caller
// is a principal of its own. over is how many of the servers see the requests of an account.
func Usage(accounts, callers *zipf.Zipf, rate float64, over int, interval float64) (rows float64) {
	// seen is the probability that one of the servers sees any of so many requests a second within an interval.
	seen := func(rate float64) float64 { return -math.Expm1(-rate / float64(over) * interval) }
	for a := range accounts.Len() {
		of := rate * accounts.P(a)
		rows += seen(of)
		for c := range callers.Len() {
			rows += 2 * seen(of*callers.P(c)) // the key and its principal
		}
	}
	return rows * float64(over) / interval
}

// SharedReads returns how often it is read if the requests of one server share reads: a read serves all that came before
// it began, and one is under way at a time, which takes trip seconds. Requests go over so many servers.
func SharedReads(rate, trip float64, over int) float64 {
	each := rate / float64(over)
	return float64(over) / (trip + math.Exp(-each*trip)/each)
}

// Segments returns how many segments of the journal servers write a second: each server at least one each flush seconds, and
// in all as many as hold bytes a second, if it has anything to write.
func Segments(servers int, flush, bytes, segment float64) float64 {
	return max(float64(servers)/flush, bytes/segment)
}
